// The tree: nodes, attributes and locks, one function for each command.
import { callForField, callLight, type Calls } from './calls.ts';
import { YtError } from './errors.ts';
import { stringifyJson } from './json.ts';
import { wait } from './retry.ts';

export interface NodeOptions {
  readonly transactionId?: string;
}

export interface GetOptions extends NodeOptions {
  readonly attributes?: readonly string[];
}

export interface CreateOptions extends NodeOptions {
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Makes the missing map nodes above it. */
  readonly recursive?: boolean;
  /** Leaves a node of the same type as it is, instead of failing. */
  readonly ignoreExisting?: boolean;
}

export interface SetOptions extends NodeOptions {
  readonly recursive?: boolean;
  /** Lets a map take the place of a map node with all below it. */
  readonly force?: boolean;
}

export interface RemoveOptions extends NodeOptions {
  readonly recursive?: boolean;
  /** An absent node is no error. */
  readonly force?: boolean;
}

export interface CopyOptions extends NodeOptions {
  readonly recursive?: boolean;
  /** Takes the place of what is there. */
  readonly force?: boolean;
}

export interface LockOptions {
  readonly mode: 'snapshot' | 'shared' | 'exclusive';
  readonly transactionId: string;
  /** Waits in the cluster's queue for so long; otherwise a lock that somebody else holds is an error at once. */
  readonly waitMs?: number;
}

export interface ListedNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const listLimit = 100_000;
const lockPollMs = 100;

export async function getNode(calls: Calls, path: string, options: GetOptions, signal?: AbortSignal): Promise<unknown> {
  const attributes = options.attributes === undefined ? {} : { attributes: options.attributes };
  return callForField(calls, { command: 'get', parameters: { path, ...attributes, ...transactionOf(options) }, field: 'value' }, signal);
}

export async function nodeExists(calls: Calls, path: string, options: NodeOptions, signal?: AbortSignal): Promise<boolean> {
  return (await callForField(calls, { command: 'exists', parameters: { path, ...transactionOf(options) }, field: 'value' }, signal)) === true;
}

export async function listNodes(calls: Calls, path: string, options: GetOptions, signal?: AbortSignal): Promise<ListedNode[]> {
  const parameters = { path, attributes: options.attributes ?? [], max_size: listLimit, ...transactionOf(options) };
  return listedNodes(await callForField(calls, { command: 'list', parameters, field: 'value' }, signal));
}

export interface Creation extends CreateOptions {
  readonly type: string;
  readonly path: string;
}

export async function createNode(calls: Calls, creation: Creation, signal?: AbortSignal): Promise<string> {
  const { type, path, attributes, recursive, ignoreExisting } = creation;
  const flags = { recursive: recursive === true, ignore_existing: ignoreExisting === true };
  const parameters = { type, path, attributes: attributes ?? {}, ...flags, ...transactionOf(creation) };
  return String(await callForField(calls, { command: 'create', parameters, field: 'node_id' }, signal));
}

export interface Setting extends SetOptions {
  readonly path: string;
  readonly value: unknown;
}

export async function setNode(calls: Calls, setting: Setting, signal?: AbortSignal): Promise<void> {
  const { path, value } = setting;
  await callLight(calls, { command: 'set', parameters: { path, ...flagsOf(setting) }, body: stringifyJson(value) }, signal);
}

export async function removeNode(calls: Calls, path: string, options: RemoveOptions, signal?: AbortSignal): Promise<void> {
  await callLight(calls, { command: 'remove', parameters: { path, ...flagsOf(options) } }, signal);
}

export interface Copying extends CopyOptions {
  readonly command: 'copy' | 'move';
  readonly from: string;
  readonly to: string;
}

export async function copyNode(calls: Calls, copying: Copying, signal?: AbortSignal): Promise<string> {
  const parameters = { source_path: copying.from, destination_path: copying.to, ...flagsOf(copying) };
  return String(await callForField(calls, { command: copying.command, parameters, field: 'node_id' }, signal));
}

/** A lock that is not granted in time stays in the queue until its transaction ends. */
export async function lockNode(calls: Calls, path: string, options: LockOptions, signal?: AbortSignal): Promise<string> {
  const { mode, waitMs } = options;
  const parameters = { path, mode, waitable: waitMs !== undefined, ...transactionOf(options) };
  const reply = await callLight(calls, { command: 'lock', parameters }, signal);
  const { lock_id: lockId, node_id: nodeId } = (reply ?? {}) as { lock_id?: unknown; node_id?: unknown };
  if (typeof lockId !== 'string' || typeof nodeId !== 'string') throw new YtError('lock: the reply has no ids', { class: 'fatal' });
  if (waitMs !== undefined) await lockGranted(calls, { lockId, path, waitMs }, signal);
  return nodeId;
}

export async function unlockNode(calls: Calls, path: string, options: NodeOptions, signal?: AbortSignal): Promise<void> {
  await callLight(calls, { command: 'unlock', parameters: { path, ...transactionOf(options) } }, signal);
}

interface Waiting {
  readonly lockId: string;
  readonly path: string;
  readonly waitMs: number;
}

/** The queue knows no deadlines and may hold a deadlock: this one is ours. */
async function lockGranted(calls: Calls, { lockId, path, waitMs }: Waiting, signal?: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    const state = await getNode(calls, `#${lockId}/@state`, {}, signal);
    if (state === 'acquired') return;
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw new YtError(`lock: somebody else still holds ${path}`, { class: 'conflict' });
    await wait(Math.min(lockPollMs, leftMs), signal);
  }
}

function flagsOf(options: RemoveOptions): Record<string, unknown> {
  return { recursive: options.recursive === true, force: options.force === true, ...transactionOf(options) };
}

function transactionOf(options: NodeOptions): { transaction_id?: string } {
  return options.transactionId === undefined ? {} : { transaction_id: options.transactionId };
}

function listedNodes(value: unknown): ListedNode[] {
  const { plain, attributes } = unwrap(value);
  if (!Array.isArray(plain)) throw new YtError('list: the reply is not a list', { class: 'fatal' });
  if (attributes['incomplete'] === true) throw new YtError(`list: more than ${listLimit} children`, { class: 'fatal' });
  return plain.map((child) => {
    const node = unwrap(child);
    return { name: String(node.plain), attributes: node.attributes };
  });
}

/** A value and its attributes; a value without any stands bare. */
function unwrap(value: unknown): { plain: unknown; attributes: Readonly<Record<string, unknown>> } {
  if (typeof value !== 'object' || value === null || !('$attributes' in value)) return { plain: value, attributes: {} };
  const wrapped = value as { $value?: unknown; $attributes: Record<string, unknown> };
  return { plain: wrapped.$value, attributes: wrapped.$attributes };
}
