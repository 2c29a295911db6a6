// Whether a SELECT starts here, behind any number of parentheses.
import type { Cursor } from './cursor.ts';

export function isSelectStart(cursor: Cursor): boolean {
  if (cursor.isKeyword('SELECT')) return true;
  let ahead = 0;
  while (cursor.isSymbol('(', ahead)) ahead += 1;
  return ahead > 0 && cursor.isKeyword('SELECT', ahead) && closesSelect(cursor, ahead);
}

// `((SELECT ...), 1)` is a tuple, `((SELECT ...) UNION ALL ...)` is a select.
function closesSelect(cursor: Cursor, start: number): boolean {
  let depth = 1;
  let ahead = start;
  for (; depth > 0 && cursor.peek(ahead).kind !== 'end'; ahead += 1) depth += Number(
    cursor.isSymbol('(', ahead),
  ) - Number(cursor.isSymbol(')', ahead));
  return cursor.isSymbol(')', ahead) || cursor.isKeyword('UNION', ahead);
}
