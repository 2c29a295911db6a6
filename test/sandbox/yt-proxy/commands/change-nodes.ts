// Commands that change the tree: create, set, remove, lock.
import { z } from 'zod';
import { isComputed } from '../attributes.ts';
import { pathOf, parameters, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import { commandError, noSuchTransaction, resolveError } from '../errors.ts';
import { acquireLock } from '../locks.ts';
import { checkValue, NodeType, setAttribute, setValue, typeForValue, unlinkChild } from '../node.ts';
import { placeNode, type Placing } from '../placing.ts';
import type { Path } from '../paths.ts';

export const create: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runCreate };
export const set: Command = { input: 'structured', output: 'structured', volatile: true, heavy: false, run: runSet };
export const remove: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runRemove };
export const lock: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runLock };

const creating = z.object({
  type: z.string(),
  attributes: z.record(z.string(), z.unknown()).nullish(),
  recursive: z.boolean().default(false),
  ignore_existing: z.boolean().default(false),
  force: z.boolean().default(false),
});
const setting = z.object({ recursive: z.boolean().default(false), force: z.boolean().default(false) });
const removing = z.object({ recursive: z.boolean().default(true), force: z.boolean().default(false) });
const locking = z.object({
  mode: z.enum(['snapshot', 'shared', 'exclusive']).default('exclusive'),
  child_key: z.string().nullish(),
  attribute_key: z.string().nullish(),
});

function runCreate(call: CommandCall): CommandResult {
  const options = parameters(creating, call);
  const type = NodeType[options.type as NodeType];
  if (type === undefined) throw commandError(1, `Unknown object type "${options.type}"`);
  const path = pathOf(call);
  const transaction = transactionOf(call);
  const existing = call.cluster.cypress.find(path, transaction);
  if (existing !== null && !options.force) {
    if (options.ignore_existing && existing.node.type === type) return valueResult({ node_id: existing.node.id });
    throw commandError(501, `Node ${path.text} already exists`, { path: path.text });
  }
  const placing: Placing = { path, type, attributes: options.attributes ?? {}, recursive: options.recursive, transaction };
  return valueResult({ node_id: placeNode(call.cluster, placing) });
}

async function runSet(call: CommandCall): Promise<CommandResult> {
  const value = await call.value();
  const path = pathOf(call);
  if (path.attribute === null) setNode(call, path, value);
  else setNodeAttribute(call, path, value);
  return valueResult({});
}

function setNode(call: CommandCall, path: Path, value: unknown): void {
  const { cypress } = call.cluster;
  const transaction = transactionOf(call);
  let place = cypress.find(path, transaction);
  if (place === null) {
    placeNode(call.cluster, { path, type: typeForValue(value), attributes: {}, recursive: parameters(setting, call).recursive, transaction });
    place = cypress.resolve(path, transaction);
  }
  checkValue(place.node.type, value);
  acquireLock(cypress, place.node, { mode: 'exclusive' }, transaction);
  cypress.change(place.node.id, transaction, setValue(value, cypress.stamp()));
}

function setNodeAttribute(call: CommandCall, path: Path, value: unknown): void {
  const { cypress } = call.cluster;
  const transaction = transactionOf(call);
  const [name, ...inner] = path.attribute ?? [];
  if (name === undefined || inner.length > 0) throw commandError(1, 'Only whole attributes can be set');
  const { node } = cypress.resolve(path, transaction);
  if (isComputed(node, name)) throw commandError(1, `Builtin attribute "${name}" cannot be set`);
  acquireLock(cypress, node, { mode: 'shared', key: `attribute:${name}` }, transaction);
  cypress.change(node.id, transaction, setAttribute(name, value, cypress.stamp()));
}

function runRemove(call: CommandCall): CommandResult {
  const path = pathOf(call);
  const { force } = parameters(removing, call);
  const place = call.cluster.cypress.find(path, transactionOf(call));
  if (place === null && force) return valueResult({});
  if (path.attribute === null) removeNode(call, path);
  else removeAttribute(call, path);
  return valueResult({});
}

function removeNode(call: CommandCall, path: Path): void {
  const { cypress } = call.cluster;
  const transaction = transactionOf(call);
  const { node, parentId, name } = cypress.resolve(path, transaction);
  const parent = parentId === null ? undefined : cypress.view(parentId, transaction);
  if (parent === undefined || name === null) throw commandError(1, `Node ${path.text} cannot be removed`);
  if (Object.keys(node.children).length > 0 && !parameters(removing, call).recursive) {
    throw commandError(506, 'Cannot remove non-empty composite node');
  }
  acquireLock(cypress, node, { mode: 'exclusive' }, transaction);
  acquireLock(cypress, parent, { mode: 'shared', key: `child:${name}` }, transaction);
  cypress.change(parent.id, transaction, unlinkChild(name, cypress.stamp()));
}

function removeAttribute(call: CommandCall, path: Path): void {
  const { cypress } = call.cluster;
  const transaction = transactionOf(call);
  const { node } = cypress.resolve(path, transaction);
  const name = path.attribute?.[0] ?? '';
  if (!Object.hasOwn(node.attributes, name)) throw resolveError(path.text);
  acquireLock(cypress, node, { mode: 'shared', key: `attribute:${name}` }, transaction);
  cypress.change(node.id, transaction, setAttribute(name, undefined, cypress.stamp()));
}

function runLock(call: CommandCall): CommandResult {
  const options = parameters(locking, call);
  const transaction = transactionOf(call);
  if (transaction === null) throw noSuchTransaction('0-0-0-0');
  const { node } = call.cluster.cypress.resolve(pathOf(call), transaction);
  const key = typeof options.child_key === 'string' ? `child:${options.child_key}` : null;
  const attributeKey = typeof options.attribute_key === 'string' ? `attribute:${options.attribute_key}` : null;
  const taken = acquireLock(call.cluster.cypress, node, { mode: options.mode, key: key ?? attributeKey }, transaction);
  return valueResult({ lock_id: taken.id, node_id: node.id, revision: node.revision });
}
