// One version of a Cypress node, and the changes that make the next one. A version never changes once made.
import { commandError } from './errors.ts';
import { isInteger, isNumber } from './exact.ts';
import { weakSchema, type Row, type Schema } from './schema.ts';

export const NodeType = {
  map_node: 'map_node',
  list_node: 'list_node',
  table: 'table',
  document: 'document',
  link: 'link',
  string_node: 'string_node',
  int64_node: 'int64_node',
  uint64_node: 'uint64_node',
  double_node: 'double_node',
  boolean_node: 'boolean_node',
} as const;
export type NodeType = (typeof NodeType)[keyof typeof NodeType];

/** A piece of a static table: rows as JSON lines. */
export interface Chunk {
  readonly id: string;
  readonly rowCount: number;
  readonly bytes: number;
}

export type TabletState = 'mounted' | 'unmounted' | 'frozen';

export interface Node {
  readonly id: string;
  readonly type: NodeType;
  /** Attributes that users set. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly children: Readonly<Record<string, string>>;
  /** Of documents and scalars; of a link the path it stands for. */
  readonly value: unknown;
  readonly schema: Schema;
  readonly dynamic: boolean;
  readonly tabletState: TabletState;
  /** Rows of a dynamic table as a snapshot lock holds them; null where the table's own rows count. */
  readonly heldRows: ReadonlyMap<string, Row> | null;
  readonly chunks: readonly Chunk[];
  readonly revision: number;
  readonly attributeRevision: number;
  readonly contentRevision: number;
  readonly createdAt: string;
  readonly modifiedAt: string;
}

/** When a change was made: every one has its own revision. */
export interface Stamp {
  readonly revision: number;
  readonly at: string;
}

/** Applied anew to whatever version is below it, so that changes of two transactions to different children both survive. */
export type Change = (node: Node) => Node;

export function newNode(id: string, type: NodeType, stamp: Stamp): Node {
  const { revision, at } = stamp;
  return {
    id,
    type,
    attributes: {},
    children: {},
    value: emptyValue(type),
    schema: weakSchema,
    dynamic: false,
    tabletState: 'unmounted',
    heldRows: null,
    chunks: [],
    revision,
    attributeRevision: revision,
    contentRevision: revision,
    createdAt: at,
    modifiedAt: at,
  };
}

export function linkChild(name: string, id: string, stamp: Stamp): Change {
  return (node) => contentChanged({ ...node, children: { ...node.children, [name]: id } }, stamp);
}

export function unlinkChild(name: string, stamp: Stamp): Change {
  return (node) => {
    const { [name]: _, ...children } = node.children;
    return contentChanged({ ...node, children }, stamp);
  };
}

export function setValue(value: unknown, stamp: Stamp): Change {
  return (node) => contentChanged({ ...node, value }, stamp);
}

/** An undefined value removes the attribute. */
export function setAttribute(name: string, value: unknown, stamp: Stamp): Change {
  return (node) => {
    const { [name]: _, ...others } = node.attributes;
    const attributes = value === undefined ? others : { ...others, [name]: value };
    return { ...node, attributes, revision: stamp.revision, attributeRevision: stamp.revision, modifiedAt: stamp.at };
  };
}

export function replaceChunks(chunks: readonly Chunk[], stamp: Stamp): Change {
  return (node) => contentChanged({ ...node, chunks }, stamp);
}

export function appendChunks(chunks: readonly Chunk[], stamp: Stamp): Change {
  return (node) => contentChanged({ ...node, chunks: [...node.chunks, ...chunks] }, stamp);
}

export function setTabletState(tabletState: TabletState, { revision, at }: Stamp): Change {
  return (node) => ({ ...node, tabletState, revision, modifiedAt: at });
}

/** Between static and dynamic. */
export function setKind(dynamic: boolean, chunks: readonly Chunk[], stamp: Stamp): Change {
  return (node) => contentChanged({ ...node, dynamic, chunks }, stamp);
}

/** What `alter_table` and sorting change. */
export function setSchema(schema: Schema, stamp: Stamp): Change {
  return (node) => contentChanged({ ...node, schema }, stamp);
}

export function rowCount(node: Node): number {
  return node.chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0);
}

/** Throws the protocol's error for a value that a node of this type cannot hold. */
export function checkValue(type: NodeType, value: unknown): void {
  if (!holds[type](value)) throw commandError(1, `Cannot set a node of type "${type}" to such a value`);
}

export function typeForValue(value: unknown): NodeType {
  if (typeof value === 'string') return NodeType.string_node;
  if (typeof value === 'boolean') return NodeType.boolean_node;
  if (isNumber(value)) return isInteger(value) ? NodeType.int64_node : NodeType.double_node;
  if (Array.isArray(value)) return NodeType.list_node;
  return value === null ? NodeType.document : NodeType.map_node;
}

const holds: Readonly<Record<NodeType, (value: unknown) => boolean>> = {
  map_node: () => false,
  list_node: Array.isArray,
  table: () => false,
  document: () => true,
  link: () => false,
  string_node: (value) => typeof value === 'string',
  int64_node: isInteger,
  uint64_node: isInteger,
  double_node: isNumber,
  boolean_node: (value) => typeof value === 'boolean',
};

function emptyValue(type: NodeType): unknown {
  const empty: Partial<Record<NodeType, unknown>> = { string_node: '', int64_node: 0, uint64_node: 0, double_node: 0, boolean_node: false, list_node: [] };
  return empty[type] ?? null;
}

function contentChanged(node: Node, { revision, at }: Stamp): Node {
  return { ...node, revision, contentRevision: revision, modifiedAt: at };
}
