// Commands that change the tree: create, set, remove.
import { z } from 'zod';
import { flag, flagByDefault, pathOf, parameters, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import { commandError, resolveError } from '../errors.ts';
import { acquireLock } from '../locks.ts';
import { NodeType, setAttribute, unlinkChild } from '../node.ts';
import { placeNode, type Placing } from '../placing.ts';
import type { Path } from '../paths.ts';
import { setNode, setNodeAttribute } from '../set-value.ts';

export const create: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runCreate };
export const set: Command = { input: 'structured', output: 'structured', volatile: true, heavy: false, run: runSet };
export const multisetAttributes: Command = { ...set, run: runSetAttributes };
export const remove: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runRemove };

const creating = z.object({
  type: z.string(),
  attributes: z.record(z.string(), z.unknown()).nullish(),
  recursive: flag,
  ignore_existing: flag,
  force: flag,
});
const settingNodes = z.object({ recursive: flag, force: flag });
const removing = z.object({ recursive: flagByDefault(true), force: flag });

function runCreate(call: CommandCall): CommandResult {
  const options = parameters(creating, call);
  const type = NodeType[options.type as NodeType];
  if (type === undefined || type === NodeType.link) throw commandError(1, `Unknown object type "${options.type}"`);
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
  const setting = { path, value, ...parameters(settingNodes, call), transaction: transactionOf(call) };
  if (path.attribute === null) setNode(call.cluster, setting);
  else setNodeAttribute(call.cluster, setting);
  return valueResult({});
}

/** A map of attributes at `/@`, set one after another. */
async function runSetAttributes(call: CommandCall): Promise<CommandResult> {
  const path = pathOf(call);
  const values = z.record(z.string(), z.unknown()).safeParse(await call.value());
  if (path.attribute === null || !values.success) throw commandError(1, 'Attributes are a map, set at a path that ends with "/@"');
  const transaction = transactionOf(call);
  for (const [name, value] of Object.entries(values.data)) {
    setNodeAttribute(call.cluster, { path: { ...path, attribute: [...path.attribute, name] }, value, recursive: false, force: false, transaction });
  }
  return valueResult({});
}

function runRemove(call: CommandCall): CommandResult {
  const path = pathOf(call);
  const { force } = parameters(removing, call);
  const place = call.cluster.cypress.find(doomed(path), transactionOf(call));
  if (place === null && force) return valueResult({});
  if (path.attribute === null) removeNode(call, path);
  else removeAttribute(call, path);
  return valueResult({});
}

/** Removing a link leaves alone what it stands for; removing an attribute goes through it. */
function doomed(path: Path): Path {
  return path.attribute === null ? { ...path, itself: true } : path;
}

function removeNode(call: CommandCall, path: Path): void {
  const { cypress } = call.cluster;
  const transaction = transactionOf(call);
  const { node, parentId, name } = cypress.resolve(doomed(path), transaction);
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
