// Commands that look at the tree: get, list, exists.
import { z } from 'zod';
import { attributeOf, attributesOf, valueAt, withAttributes } from '../attributes.ts';
import { flag, pathOf, parameters, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import type { Transaction } from '../cypress.ts';
import { commandError, resolveError } from '../errors.ts';
import { wrap } from '../formats.ts';
import { NodeType, type Node } from '../node.ts';
import { objectAttributes } from '../objects.ts';
import type { Path } from '../paths.ts';

/** A list, or the newer form of a filter. */
const attributeNames = z.union([z.array(z.string()), z.object({ keys: z.array(z.string()) }).transform(({ keys }) => keys)]).nullish();
const reading = z.object({
  attributes: attributeNames,
  max_size: z.int().positive().nullish(),
  return_only_value: flag,
});

export const get: Command = { input: 'null', output: 'structured', volatile: false, heavy: false, run: runGet };
export const list: Command = { input: 'null', output: 'structured', volatile: false, heavy: false, run: runList };
export const exists: Command = { input: 'null', output: 'structured', volatile: false, heavy: false, run: runExists };

function runGet(call: CommandCall): CommandResult {
  const path = pathOf(call);
  const { attributes } = parameters(reading, call);
  const transaction = transactionOf(call);
  const object = objectOf(call, path);
  if (object !== null) return reply(call, objectValue(path, object, attributes ?? null));
  const { node } = call.cluster.cypress.resolve(path, transaction);
  if (path.attribute === null) return reply(call, nodeValue(call, node, transaction));
  if (path.attribute.length === 0) return reply(call, attributesOf(call.cluster, node, attributes ?? null));
  const value = attributeValue(call, node, path.attribute);
  if (value === undefined) throw resolveError(path.text);
  return reply(call, value);
}

function runList(call: CommandCall): CommandResult {
  const path = pathOf(call);
  const { attributes, max_size: maxSize } = parameters(reading, call);
  const transaction = transactionOf(call);
  const { node } = call.cluster.cypress.resolve(path, transaction);
  if (path.attribute !== null) return reply(call, Object.keys(attributesOf(call.cluster, node, null)));
  if (node.type !== NodeType.map_node) throw commandError(1, `"List" method is not supported for nodes of type "${node.type}"`);
  const names = Object.keys(node.children);
  const shown = names.slice(0, maxSize ?? 1000).map((name) => listed(call, node, name, attributes ?? []));
  return reply(call, shown.length < names.length ? wrap(shown, { incomplete: true }) : shown);
}

function runExists(call: CommandCall): CommandResult {
  const path = pathOf(call);
  const object = objectOf(call, path);
  if (object !== null) return reply(call, path.attribute === null || valueAt(object, path.attribute) !== undefined);
  const place = call.cluster.cypress.find(path, transactionOf(call));
  const named = path.attribute !== null && path.attribute.length > 0;
  return reply(call, place !== null && (!named || attributeValue(call, place.node, path.attribute) !== undefined));
}

function reply(call: CommandCall, value: unknown): CommandResult {
  return valueResult(parameters(reading, call).return_only_value ? value : { value });
}

function listed(call: CommandCall, parent: Node, name: string, attributes: readonly string[]): unknown {
  const child = call.cluster.cypress.view(parent.children[name] ?? '', transactionOf(call));
  return child === undefined ? name : withAttributes(call.cluster, child, name, attributes);
}

/** A map node with all below it; a table shows as null. */
function nodeValue(call: CommandCall, node: Node, transaction: Transaction | null): unknown {
  const attributes = parameters(reading, call).attributes ?? [];
  return withAttributes(call.cluster, node, plainValue(call, node, transaction), attributes);
}

function plainValue(call: CommandCall, node: Node, transaction: Transaction | null): unknown {
  if (node.type === NodeType.link) return null;
  if (node.type !== NodeType.map_node) return node.value;
  const children = Object.entries(node.children).map(([name, id]) => {
    const child = call.cluster.cypress.view(id, transaction);
    return [name, child === undefined ? null : nodeValue(call, child, transaction)] as const;
  });
  return Object.fromEntries(children);
}

function attributeValue(call: CommandCall, node: Node, keys: readonly string[]): unknown {
  const [name = '', ...inner] = keys;
  return valueAt(attributeOf(call.cluster, node, name), inner);
}

/** The attributes of a transaction or lock, where the path is of one: `#<id>`, `//sys/transactions/<id>`. */
function objectOf(call: CommandCall, { objectId, keys }: Path): Readonly<Record<string, unknown>> | null {
  const [sys, transactions, id, ...below] = objectId === null ? keys : ['sys', 'transactions', objectId, ...keys];
  const named = sys === 'sys' && transactions === 'transactions' && id !== undefined && below.length === 0;
  return named ? objectAttributes(call.cluster.cypress, id) : null;
}

function objectValue(path: Path, object: Readonly<Record<string, unknown>>, names: readonly string[] | null): unknown {
  if (path.attribute === null) return null;
  const value = valueAt(object, path.attribute);
  if (value === undefined) throw resolveError(path.text);
  return path.attribute.length > 0 || names === null ? value : Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)));
}
