// Whether a JSON text names a member of an object twice: parsers differ in which one they take, so nobody can tell what was meant.

const quote = 0x22;
const backslash = 0x5c;

/** For a text that JSON.parse accepts. Names are compared as parsed: `"\u0069ss"` is `"iss"`. */
export function hasRepeatedKey(text: string): boolean {
  const open: Set<string>[] = [];
  let latest = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = endOfString(text, at);
      latest = text.slice(at, end + 1);
      at = end;
    } else if (character === '{' || character === '[') open.push(new Set());
    else if (character === '}' || character === ']') open.pop();
    else if (character === ':' && !addName(open.at(-1), latest)) return true;
  }
  return false;
}

/** `name` stands between its quotes. False when it is there already. */
function addName(names: Set<string> | undefined, name: string): boolean {
  const plain = name.includes('\\') ? (JSON.parse(name) as string) : name.slice(1, -1);
  if (names === undefined || names.has(plain)) return false;
  names.add(plain);
  return true;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at += 1;
  }
  return text.length;
}
