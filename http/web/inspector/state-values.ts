// XState's value of a snapshot against the ids of the states that it means.

export type StateValue = string | { readonly [key: string]: StateValue | undefined };

/** Every active state, outer ones first: `application`, `application.collecting`, `application.collecting.city`... */
export function activeStates(machine: string, value: StateValue): string[] {
  return [machine, ...below(machine, value)];
}

function below(parent: string, value: StateValue): string[] {
  if (typeof value === 'string') return [`${parent}.${value}`];
  return Object.entries(value).flatMap(([key, inner]) => [`${parent}.${key}`, ...(inner === undefined ? [] : below(`${parent}.${key}`, inner))]);
}

/** `written`; `city: known, car: asking, phone: asking`. */
export function valueText(value: StateValue): string {
  if (typeof value === 'string') return value;
  const parts = Object.entries(value).map(([key, inner]) => {
    if (inner === undefined || (typeof inner === 'object' && Object.keys(inner).length === 0)) return key;
    return typeof inner === 'string' ? `${key}: ${inner}` : `${key} (${valueText(inner)})`;
  });
  return parts.join(', ');
}

interface Arrow {
  readonly id: string;
  readonly source: string;
  readonly target: string;
}

/** The arrows that lead from the one set of states to the other: from one that was left to one that was entered. */
export function arrowsTaken(edges: readonly Arrow[], before: readonly string[], after: readonly string[]): string[] {
  const [was, is] = [new Set(before), new Set(after)];
  const direct = edges.filter(({ source, target }) => was.has(source) && !is.has(source) && is.has(target) && !was.has(target));
  if (direct.length > 0) return direct.map(({ id }) => id);
  // A state passed through at once, such as one that only decides, is in neither set.
  const entered = after.filter((state) => !was.has(state));
  return edges
    .filter(({ target }) => entered.includes(target))
    .flatMap((last) => edges.filter(({ source, target }) => target === last.source && was.has(source) && !is.has(source)).flatMap((first) => [first.id, last.id]));
}
