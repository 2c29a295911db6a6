// Putting a new node into the tree, with the map nodes above it where they are missing.
import type { Cluster } from './cluster.ts';
import { newId, type Transaction } from './cypress.ts';
import { commandError, resolveError } from './errors.ts';
import { acquireLock } from './locks.ts';
import { linkChild, newNode, NodeType, type Node } from './node.ts';
import type { Path } from './paths.ts';
import { keyColumns, parseSchema, weakSchema, type Schema } from './schema.ts';

export interface Placing {
  readonly path: Path;
  readonly type: NodeType;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Makes the missing map nodes above it. */
  readonly recursive: boolean;
  readonly transaction: Transaction | null;
}

/** Takes the place of whatever is there; returns the id of the new node. */
export function placeNode(cluster: Cluster, placing: Placing): string {
  const node = newNode(newId(), placing.type, cluster.cypress.stamp());
  return placeVersion(cluster, placing, withTraits(node, placing.attributes));
}

/** As {@link placeNode}, with a node made already. */
export function placeVersion(cluster: Cluster, placing: Omit<Placing, 'type' | 'attributes'>, node: Node): string {
  const { path, transaction } = placing;
  const name = path.keys.at(-1);
  if (name === undefined || path.attribute !== null) throw commandError(1, `Node ${path.text} cannot be created`);
  const parent = parentOf(cluster, placing);
  // Whatever has the name, be it a link: what a link stands for has another one.
  const replaced = cluster.cypress.find({ ...path, itself: true }, transaction);
  if (replaced !== null) acquireLock(cluster.cypress, replaced.node, { mode: 'exclusive' }, transaction);
  acquireLock(cluster.cypress, parent, { mode: 'shared', key: `child:${name}` }, transaction);
  cluster.cypress.add(node, transaction);
  cluster.cypress.change(parent.id, transaction, linkChild(name, node.id, cluster.cypress.stamp()));
  acquireLock(cluster.cypress, node, { mode: 'exclusive' }, transaction);
  return node.id;
}

function parentOf(cluster: Cluster, { path, recursive, transaction }: Omit<Placing, 'type' | 'attributes'>): Node {
  const above: Path = { ...path, itself: false, keys: path.keys.slice(0, -1), text: path.text.replace(/\/[^/]*$/, '') };
  const place = cluster.cypress.find(above, transaction);
  if (place === null && !recursive && !isHome(above)) throw resolveError(path.text);
  if (place === null) placeNode(cluster, { path: above, type: NodeType.map_node, attributes: {}, recursive, transaction });
  const { node } = cluster.cypress.resolve(above, transaction);
  if (node.type !== NodeType.map_node) throw commandError(1, `${above.text} cannot have children`);
  return node;
}

/** Every real cluster has `//home`, so nobody makes it; here it appears with its first child. */
function isHome({ objectId, keys }: Path): boolean {
  return objectId === null && keys.length === 1 && keys[0] === 'home';
}

function withTraits(node: Node, attributes: Readonly<Record<string, unknown>>): Node {
  if (node.type !== NodeType.table) return { ...node, attributes };
  const { schema: given, dynamic: isDynamic, ...others } = attributes;
  const schema = given === undefined || given === null ? weakSchema : parseSchema(given);
  const dynamic = isDynamic === true || isDynamic === 'true';
  if (dynamic) checkDynamic(schema);
  return { ...node, schema, dynamic, attributes: others };
}

export function checkDynamic(schema: Schema): void {
  if (keyColumns(schema).length === 0 || !schema.uniqueKeys) throw commandError(1, 'A dynamic table must have a sorted schema with unique keys');
}
