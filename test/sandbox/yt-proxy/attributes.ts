// Attributes of nodes: those the cluster computes and those users set.
import type { Cluster } from './cluster.ts';
import { unwrap, wrap } from './formats.ts';
import { locksOn } from './locks.ts';
import { lockAttributes } from './objects.ts';
import { NodeType, rowCount, type Node } from './node.ts';
import { parsePath } from './paths.ts';
import { keyColumns, schemaValue } from './schema.ts';

type Source = (cluster: Cluster, node: Node) => unknown;

const ofAnyNode: Readonly<Record<string, Source>> = {
  id: (_, node) => node.id,
  type: (_, node) => node.type,
  revision: (_, node) => node.revision,
  attribute_revision: (_, node) => node.attributeRevision,
  content_revision: (_, node) => node.contentRevision,
  creation_time: (_, node) => node.createdAt,
  modification_time: (_, node) => node.modifiedAt,
  access_time: (_, node) => node.modifiedAt,
  lock_count: ({ cypress }, node) => locksOn(cypress, node.id).length,
  locks: ({ cypress }, node) => locksOn(cypress, node.id).map(lockAttributes),
};

const ofTables: Readonly<Record<string, Source>> = {
  row_count: (cluster, node) => (node.dynamic ? cluster.dynamicTables.count(node) : rowCount(node)),
  chunk_count: (_, node) => node.chunks.length,
  data_weight: (_, node) => byteCount(node),
  uncompressed_data_size: (_, node) => byteCount(node),
  compressed_data_size: (_, node) => byteCount(node),
  dynamic: (_, node) => node.dynamic,
  schema: (_, node) => schemaValue(node.schema),
  schema_mode: (_, node) => (node.schema.columns.length > 0 ? 'strong' : 'weak'),
  sorted: (_, node) => keyColumns(node.schema).length > 0,
  sorted_by: (_, node) => keyNames(node),
  key_columns: (_, node) => keyNames(node),
};

/** What a table has until somebody sets it otherwise. */
const defaultsOfTables: Readonly<Record<string, unknown>> = {
  replication_factor: 1,
  optimize_for: 'lookup',
  compression_codec: 'lz4',
  erasure_codec: 'none',
  in_memory_mode: 'none',
  primary_medium: 'default',
};

/** The same, of any node. */
const defaults: Readonly<Record<string, unknown>> = { account: 'tmp', owner: 'root', acl: [], inherit_acl: true, opaque: false };

const ofDynamicTables: Readonly<Record<string, Source>> = {
  tablet_state: (_, node) => node.tabletState,
  expected_tablet_state: (_, node) => node.tabletState,
  tablet_count: () => 1,
  tablets: (_, node) => [{ index: 0, tablet_id: node.id, state: node.tabletState, pivot_key: [] }],
};
const ofLinks: Readonly<Record<string, Source>> = {
  target_path: (_, node) => node.value,
  broken: ({ cypress }, node) => cypress.find(parsePath(node.value), null) === null,
};
const ofMapNodes: Readonly<Record<string, Source>> = { count: (_, node) => Object.keys(node.children).length };

/** Undefined when the node has no such attribute. */
export function attributeOf(cluster: Cluster, node: Node, name: string): unknown {
  const source = computed(node)[name];
  if (source !== undefined) return source(cluster, node);
  return Object.hasOwn(node.attributes, name) ? node.attributes[name] : defaultsOf(node)[name];
}

/** The value at a path inside an attribute, such as `schema/0/name` or `schema/@strict`; undefined when there is nothing. */
export function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((outer, key) => {
    const { plain, attributes } = unwrap(outer);
    if (key.startsWith('@')) return key === '@' ? attributes : memberOf(attributes, key.slice(1));
    return Array.isArray(plain) ? (plain[Number(key)] as unknown) : memberOf(plain, key);
  }, value);
}

function memberOf(map: unknown, key: string): unknown {
  return typeof map === 'object' && map !== null && Object.hasOwn(map, key) ? (map as Record<string, unknown>)[key] : undefined;
}

/** The named attributes that exist, or all of them. */
export function attributesOf(cluster: Cluster, node: Node, names: readonly string[] | null): Record<string, unknown> {
  const wanted = names ?? [...Object.keys(computed(node)), ...Object.keys({ ...defaultsOf(node), ...node.attributes })];
  const found = wanted.map((name) => [name, attributeOf(cluster, node, name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

export function withAttributes(cluster: Cluster, node: Node, value: unknown, names: readonly string[]): unknown {
  return names.length === 0 ? value : wrap(value, attributesOf(cluster, node, names));
}

export function isComputed(node: Node, name: string): boolean {
  return name in computed(node);
}

function defaultsOf(node: Node): Readonly<Record<string, unknown>> {
  return node.type === NodeType.table ? { ...defaults, ...defaultsOfTables } : defaults;
}

function computed(node: Node): Readonly<Record<string, Source>> {
  const isTable = node.type === NodeType.table;
  return {
    ...ofAnyNode,
    ...(isTable ? ofTables : {}),
    ...(isTable && node.dynamic ? ofDynamicTables : {}),
    ...(node.type === NodeType.map_node ? ofMapNodes : {}),
    ...(node.type === NodeType.link ? ofLinks : {}),
  };
}

function keyNames(node: Node): string[] {
  return keyColumns(node.schema).map((column) => column.name);
}

function byteCount(node: Node): number {
  return node.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
}
