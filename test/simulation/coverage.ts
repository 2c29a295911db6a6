// What the seeds of a run went through, counted: a simulation in which nothing happens finds nothing.

export type Coverage = Map<string, number>;

export function count(coverage: Coverage, what: string, more = 1): void {
  coverage.set(what, (coverage.get(what) ?? 0) + more);
}

export function addAll(into: Coverage, from: Iterable<readonly [string, number]>): void {
  for (const [what, more] of from) count(into, what, more);
}

/** One line a subject: `fault  kill 12, pause 30`. Names are `<subject>: <what>`. */
export function coverageLines(coverage: Coverage): string[] {
  const subjects = Map.groupBy([...coverage].sort(([a], [b]) => (a < b ? -1 : 1)), ([name]) => name.split(': ')[0] ?? '');
  return [...subjects].map(([subject, counts]) =>
    `${subject.padEnd(10)} ${counts.map(([name, times]) => `${name.slice(subject.length + 2)} ${times}`).join(', ')}`);
}
