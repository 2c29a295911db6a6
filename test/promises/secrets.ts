// What is personal in a world, in every form in which it might be written down, and a search for it.
import { profileKey } from '../../machines/ids.ts';
import type { WorldPerson } from '../sandbox/upstreams/world.ts';

export interface Secret {
  /** Whose and what, for the report of a leak. */
  readonly of: string;
  /** Bytes, read as latin1 like the places that are searched. */
  readonly forms: readonly string[];
}

/** Written as text, in JSON, in a URL. */
function spellings(text: string): string[] {
  const escaped = text.replaceAll(/[\u0080-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [text, escaped, encodeURIComponent(text), Buffer.from(text, 'utf16le').toString('latin1')].map((form) => Buffer.from(form).toString('latin1'));
}

/** With and without its prefixes, and as the number that a database would pack. */
function phoneForms(phone: string): string[] {
  const digits = phone.replace(/\D/g, '');
  const packed = Buffer.alloc(8);
  packed.writeBigInt64BE(BigInt(digits));
  return [...spellings(phone), digits, digits.slice(1), packed.subarray(2).toString('latin1'), packedDouble(Number(digits))];
}

function packedDouble(value: number): string {
  const packed = Buffer.alloc(8);
  packed.writeDoubleBE(value);
  return packed.toString('latin1');
}

/** As text, rounded to about ten metres, and as the double that a database would pack. */
function coordinateForms(value: number): string[] {
  return [String(value), value.toFixed(4), packedDouble(value)];
}

export function secretsOf({ profiles, fullName, phone, position, ip }: WorldPerson): Secret[] {
  const [first] = profiles;
  const whose = first === undefined ? 'nobody' : profileKey(first as Parameters<typeof profileKey>[0]);
  const secret = (what: string, forms: readonly string[]): Secret => ({ of: `${what} of ${whose}`, forms: [...new Set(forms)] });
  const names = Object.entries(fullName).flatMap(([part, text]) => (text === null ? [] : [secret(`${part} name`, spellings(text))]));
  return [
    ...names,
    secret('phone', phoneForms(phone)),
    ...(position === null ? [] : [secret('latitude', coordinateForms(position.lat)), secret('longitude', coordinateForms(position.lon))]),
    ...(ip === null ? [] : [secret('address', spellings(ip))]),
  ];
}

export type Places = Readonly<Record<string, string>>;

/** `<place>: <what> of <whom>` for each secret found. */
export function leaksIn(places: Places, secrets: readonly Secret[]): string[] {
  return Object.entries(places).flatMap(([place, bytes]) =>
    secrets.filter(({ forms }) => forms.some((form) => bytes.includes(form))).map(({ of }) => `${place}: ${of}`));
}

/** Made up anew, in place: nothing of it can be in code, data or fixtures by chance. The address stays, for YT has it. */
export function randomize(person: WorldPerson, random: () => number): void {
  const between = (from: number, to: number): number => from + Math.floor(random() * (to - from));
  const letters = (length: number): string => Array.from({ length }, () => String.fromCharCode(between(0x430, 0x450))).join('');
  const name = (length: number): string => letters(length).replace(/^./, (letter) => letter.toUpperCase());
  person.fullName = { last: name(9), first: name(8), middle: name(10) };
  person.phone = `+79${between(100_000_000, 1_000_000_000)}`;
  if (person.position !== null) person.position = { ...person.position, lat: 55 + random(), lon: 37 + random() };
}
