// The commands of the HTTP API v4 in use: their HTTP method follows from what they take, not from taste.

interface CommandTraits {
  /** Input stream: PUT; else changes anything: POST; else GET. */
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Heavy commands move rows: they have no `mutation_id`, and take long. */
  readonly heavy: boolean;
  /** Takes `mutation_id`, under which the master remembers its answer for at least five minutes. */
  readonly mutating: boolean;
}

export const commands = {
  get: { method: 'GET', heavy: false, mutating: false },
  list: { method: 'GET', heavy: false, mutating: false },
  exists: { method: 'GET', heavy: false, mutating: false },
  create: { method: 'POST', heavy: false, mutating: true },
  set: { method: 'PUT', heavy: false, mutating: true },
  remove: { method: 'POST', heavy: false, mutating: true },
  lock: { method: 'POST', heavy: false, mutating: true },
  start_transaction: { method: 'POST', heavy: false, mutating: true },
  ping_transaction: { method: 'POST', heavy: false, mutating: false },
  commit_transaction: { method: 'POST', heavy: false, mutating: true },
  abort_transaction: { method: 'POST', heavy: false, mutating: true },
  read_table: { method: 'GET', heavy: true, mutating: false },
  write_table: { method: 'PUT', heavy: true, mutating: false },
  insert_rows: { method: 'PUT', heavy: true, mutating: false },
  lookup_rows: { method: 'PUT', heavy: true, mutating: false },
} as const satisfies Record<string, CommandTraits>;

export type Command = keyof typeof commands;
