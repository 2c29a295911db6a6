// The commands of the HTTP API v4 in use: their HTTP method follows from what they take, not from taste.

interface CommandTraits {
  /** Input stream: PUT; else changes anything: POST; else GET. */
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Heavy commands move rows: they have no `mutation_id`, and take long. */
  readonly heavy: boolean;
  /** Takes `mutation_id`, under which the master remembers its answer for at least five minutes. */
  readonly mutating: boolean;
  /** Its parameters travel in the body. */
  readonly inBody: boolean;
}

const look: CommandTraits = { method: 'GET', heavy: false, mutating: false, inBody: false };
const change: CommandTraits = { method: 'POST', heavy: false, mutating: true, inBody: false };

export const commands = {
  get: look,
  list: look,
  exists: look,
  create: change,
  set: { ...change, method: 'PUT' },
  remove: change,
  copy: change,
  move: change,
  lock: change,
  unlock: change,
  start_transaction: change,
  ping_transaction: { ...change, mutating: false },
  commit_transaction: change,
  abort_transaction: change,
  mount_table: change,
  unmount_table: change,
  // Its parts are mutations of their own, under ids that follow from that of the batch.
  execute_batch: { ...change, inBody: true },
  read_table: { ...look, heavy: true },
  select_rows: { ...look, heavy: true },
  lookup_rows: { ...look, method: 'PUT', heavy: true },
  write_table: { ...change, method: 'PUT', heavy: true, mutating: false },
  insert_rows: { ...change, method: 'PUT', heavy: true, mutating: false },
  delete_rows: { ...change, method: 'PUT', heavy: true, mutating: false },
} as const satisfies Record<string, CommandTraits>;

export type Command = keyof typeof commands;
