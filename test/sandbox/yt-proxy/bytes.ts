// Strings of the cluster are bytes, ours are text: bytes that are no UTF-8 become lone surrogates U+DC80..U+DCFF and back.
import { isUtf8 } from 'node:buffer';

export function textOfBytes(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : escapedText(bytes);
}

export function bytesOfText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  return Buffer.concat(Array.from(text, bytesOfChar));
}

/** Each byte as the character of the same code, which is how JSON with `encode_utf8` spells strings. */
export function bytesAsChars(text: string): string {
  return bytesOfText(text).toString('latin1');
}

function bytesOfChar(char: string): Buffer {
  const code = char.codePointAt(0) ?? 0;
  return code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(char);
}

function escapedText(bytes: Buffer): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = charLength(bytes, at);
    pieces.push(length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length));
    at += Math.max(length, 1);
  }
  return pieces.join('');
}

/** Of the UTF-8 character that begins here; 0 when none does. */
function charLength(bytes: Buffer, at: number): number {
  return [1, 2, 3, 4].find((length) => at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length))) ?? 0;
}
