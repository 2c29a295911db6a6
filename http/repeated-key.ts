// Whether a JSON text names a member of an object twice: parsers differ in which one they take, so nobody can tell what was meant.

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:]|[^"{}[\]:]+/gsy;

/** For a text that JSON.parse accepts. Names are compared as parsed: `"\u0069ss"` is `"iss"`. */
export function hasRepeatedKey(text: string): boolean {
  const open: Set<string>[] = [];
  let latest = '';
  for (const [piece] of text.matchAll(token)) {
    if (piece === '{' || piece === '[') open.push(new Set());
    else if (piece === '}' || piece === ']') open.pop();
    else if (piece === ':') {
      const names = open.at(-1);
      if (names === undefined || names.has(latest)) return true;
      names.add(latest);
    } else if (piece.startsWith('"')) latest = JSON.parse(piece) as string;
  }
  return false;
}
