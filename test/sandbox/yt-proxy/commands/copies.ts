// Commands that put a node, with all below it, in another place: copy, move, link. The copy is a new node with a new id.
import { z } from 'zod';
import type { Cluster } from '../cluster.ts';
import { flag, parameters, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import { newId, type Place, type Transaction } from '../cypress.ts';
import { commandError } from '../errors.ts';
import { acquireLock } from '../locks.ts';
import { newNode, NodeType, unlinkChild, type Node } from '../node.ts';
import { parsePath } from '../paths.ts';
import { placeVersion } from '../placing.ts';

const traits = { input: 'null', output: 'structured', volatile: true, heavy: false } as const;

export const copy: Command = { ...traits, run: (call) => valueResult({ node_id: copyNode(call, sourceOf(call)) }) };
export const link: Command = { ...traits, run: runLink };
export const move: Command = { ...traits, run: runMove };

const copying = z.object({ source_path: z.unknown(), destination_path: z.unknown(), recursive: flag, force: flag, ignore_existing: flag });

const linking = z.object({
  target_path: z.string(), link_path: z.unknown(), recursive: flag, force: flag, ignore_existing: flag, attributes: z.record(z.string(), z.unknown()).nullish(),
});

function runLink(call: CommandCall): CommandResult {
  const { cypress } = call.cluster;
  const options = parameters(linking, call);
  const path = { ...parsePath(options.link_path), itself: true };
  const transaction = transactionOf(call);
  const existing = cypress.find(path, transaction);
  if (existing !== null && !options.force) {
    if (options.ignore_existing && existing.node.type === NodeType.link) return valueResult({ node_id: existing.node.id });
    throw commandError(501, `Node ${path.text} already exists`, { path: path.text });
  }
  const target = parsePath(options.target_path);
  cypress.resolve(target, transaction);
  const node = { ...newNode(newId(), NodeType.link, cypress.stamp()), attributes: options.attributes ?? {}, value: target.text };
  return valueResult({ node_id: placeVersion(call.cluster, { path, recursive: options.recursive, transaction }, node) });
}

function runMove(call: CommandCall): CommandResult {
  const { cypress } = call.cluster;
  const transaction = transactionOf(call);
  const source = sourceOf(call);
  if (source.parentId === null || source.name === null) throw commandError(1, 'A node can be moved from its place in the tree only');
  const parent = cypress.view(source.parentId, transaction);
  acquireLock(cypress, source.node, { mode: 'exclusive' }, transaction);
  if (parent !== undefined) acquireLock(cypress, parent, { mode: 'shared', key: `child:${source.name}` }, transaction);
  const id = copyNode(call, source);
  cypress.change(source.parentId, transaction, unlinkChild(source.name, cypress.stamp()));
  return valueResult({ node_id: id });
}

function sourceOf(call: CommandCall): Place {
  return call.cluster.cypress.resolve(parsePath(parameters(copying, call).source_path), transactionOf(call));
}

function copyNode(call: CommandCall, { node }: Place): string {
  const options = parameters(copying, call);
  const { cluster } = call;
  const transaction = transactionOf(call);
  const path = parsePath(options.destination_path);
  const existing = cluster.cypress.find(path, transaction);
  if (existing !== null && !options.force) {
    if (options.ignore_existing) return existing.node.id;
    throw commandError(501, `Node ${path.text} already exists`, { path: path.text });
  }
  return placeVersion(cluster, { path, recursive: options.recursive, transaction }, versionOf(cluster, node, transaction));
}

/** A new node like this one, its children copied already. */
function versionOf(cluster: Cluster, node: Node, transaction: Transaction | null): Node {
  if (node.dynamic && node.tabletState === 'mounted') throw commandError(1, `Table ${node.id} is mounted: unmount or freeze it first`);
  const id = newId();
  const { revision, at } = cluster.cypress.stamp();
  if (node.dynamic) cluster.dynamicTables.copy(node, id);
  const children = Object.entries(node.children).map(([name, childId]) => [name, copyChild(cluster, childId, transaction)] as const);
  return {
    ...node,
    id,
    heldRows: null,
    tabletState: 'unmounted',
    children: Object.fromEntries(children),
    revision,
    attributeRevision: revision,
    contentRevision: revision,
    createdAt: at,
    modifiedAt: at,
  };
}

function copyChild(cluster: Cluster, id: string, transaction: Transaction | null): string {
  const node = cluster.cypress.view(id, transaction);
  if (node === undefined) throw commandError(1, `Node ${id} is lost`);
  const copied = versionOf(cluster, node, transaction);
  cluster.cypress.add(copied, transaction);
  return copied.id;
}
