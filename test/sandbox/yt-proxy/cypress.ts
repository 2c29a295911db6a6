// The tree: committed versions of its nodes, and what each open transaction sees instead.
import { randomBytes } from 'node:crypto';
import { commandError, noSuchTransaction, resolveError } from './errors.ts';
import type { Lock, LockState } from './locks.ts';
import { linkChild, newNode, NodeType, type Change, type Chunk, type Node, type Stamp } from './node.ts';
import { parsePath, type Path } from './paths.ts';

export interface Transaction {
  readonly id: string;
  readonly parent: Transaction | null;
  readonly title: string | null;
  readonly timeoutMs: number;
  readonly created: Map<string, Node>;
  readonly changes: Map<string, Change[]>;
  /** Versions held by snapshot locks. */
  readonly frozen: Map<string, Node>;
  readonly locks: Lock[];
  /** Chunks written but not committed: kept from the sweep. */
  readonly chunks: Set<string>;
}

export interface CypressState {
  readonly revision: number;
  readonly rootId: string;
  readonly nodes: readonly Node[];
}

/** A node and where it hangs; null parts at the root and at nodes addressed by id. */
export interface Place {
  readonly node: Node;
  readonly parentId: string | null;
  readonly name: string | null;
}

const mostLinks = 16;

export class Cypress {
  readonly trunk = new Map<string, Node>();
  readonly transactions = new Map<string, Transaction>();
  /** Locks asked for and not granted yet, in the order in which they came. */
  readonly waiting: LockState[] = [];
  readonly rootId: string;
  /** Set by every committed change; whoever stores the tree clears it. */
  dirty = false;
  /** A version that later changes of rows do not reach. */
  readonly freeze: (node: Node) => Node;
  #revision: number;

  constructor(stored: CypressState | null, freeze: (node: Node) => Node) {
    this.freeze = freeze;
    this.#revision = stored?.revision ?? 0;
    for (const node of stored?.nodes ?? []) this.trunk.set(node.id, node);
    this.rootId = stored?.rootId ?? newId();
    if (stored === null) this.#plant();
  }

  /** What every cluster has from its first day, and clients take for granted. */
  #plant(): void {
    this.trunk.set(this.rootId, newNode(this.rootId, NodeType.map_node, this.stamp()));
    for (const name of ['sys', 'tmp']) {
      const node = newNode(newId(), NodeType.map_node, this.stamp());
      this.trunk.set(node.id, node);
      this.#changeTrunk(this.rootId, [linkChild(name, node.id, this.stamp())]);
    }
  }

  state(): CypressState {
    return { revision: this.#revision, rootId: this.rootId, nodes: [...this.trunk.values()] };
  }

  stamp(): Stamp {
    this.#revision += 1;
    return { revision: this.#revision, at: new Date().toISOString() };
  }

  transaction(id: string | undefined): Transaction | null {
    if (id === undefined || id === '0-0-0-0') return null;
    const transaction = this.transactions.get(id);
    if (transaction === undefined) throw noSuchTransaction(id);
    return transaction;
  }

  view(id: string, transaction: Transaction | null): Node | undefined {
    if (transaction === null) return this.trunk.get(id);
    const frozen = transaction.frozen.get(id);
    if (frozen !== undefined) return frozen;
    const base = transaction.created.get(id) ?? this.view(id, transaction.parent);
    const changes = transaction.changes.get(id) ?? [];
    return base && changes.reduce((node, change) => change(node), base);
  }

  /** Links are followed, save for one at the end of a path with `&`. */
  find(path: Path, transaction: Transaction | null): Place | null {
    const place = this.#walk(path, transaction);
    return place === null || path.itself ? place : this.#followed(place, transaction);
  }

  #followed(place: Place, transaction: Transaction | null): Place | null {
    let end: Place | null = place;
    for (let links = 0; end !== null && end.node.type === NodeType.link; links += 1) {
      if (links === mostLinks) throw commandError(500, 'Too many links stand for one another');
      end = this.#walk(parsePath(end.node.value), transaction);
    }
    return end;
  }

  #walk(path: Path, transaction: Transaction | null): Place | null {
    const start = this.view(path.objectId ?? this.rootId, transaction);
    let place: Place | null = start === undefined ? null : { node: start, parentId: null, name: null };
    for (const name of path.keys) {
      const parent: Node | undefined = (place === null ? null : this.#followed(place, transaction))?.node;
      const childId = parent !== undefined && Object.hasOwn(parent.children, name) ? parent.children[name] : undefined;
      const child = childId === undefined ? undefined : this.view(childId, transaction);
      place = parent === undefined || child === undefined ? null : { node: child, parentId: parent.id, name };
    }
    return place;
  }

  resolve(path: Path, transaction: Transaction | null): Place {
    const place = this.find(path, transaction);
    if (place === null) throw resolveError(path.text);
    return place;
  }

  table(path: Path, transaction: Transaction | null): Node {
    const { node } = this.resolve(path, transaction);
    if (node.type !== NodeType.table) throw commandError(1, `${path.text} is not a table`);
    return node;
  }

  add(node: Node, transaction: Transaction | null): void {
    (transaction?.created ?? this.trunk).set(node.id, node);
    this.#touched(transaction);
  }

  change(id: string, transaction: Transaction | null, change: Change): void {
    if (transaction === null) this.#changeTrunk(id, [change]);
    else transaction.changes.set(id, [...(transaction.changes.get(id) ?? []), change]);
    this.#touched(transaction);
  }

  /** Hands everything the transaction did to its parent, or to everyone. */
  merge(transaction: Transaction): void {
    for (const node of transaction.created.values()) this.add(node, transaction.parent);
    for (const [id, changes] of transaction.changes) this.#mergeChanges(id, changes, transaction.parent);
    for (const chunk of transaction.chunks) transaction.parent?.chunks.add(chunk);
    if (transaction.changes.size > 0) this.#touched(transaction.parent);
  }

  /** Forgets committed nodes that hang nowhere any more. */
  sweepNodes(): void {
    const reached = new Set<string>();
    const visit = (id: string): void => {
      reached.add(id);
      Object.values(this.trunk.get(id)?.children ?? {}).forEach(visit);
    };
    visit(this.rootId);
    for (const id of this.trunk.keys()) if (!reached.has(id)) this.trunk.delete(id);
  }

  /** Of committed nodes and those of open transactions. */
  nodeIds(): Set<string> {
    const created = [...this.transactions.values()].flatMap((transaction) => [...transaction.created.keys()]);
    return new Set([...this.trunk.keys(), ...created]);
  }

  /** Chunks that some version still stands on. */
  usedChunks(): Set<string> {
    const used = new Set<string>();
    const use = (chunks: readonly Chunk[]): void => chunks.forEach((chunk) => used.add(chunk.id));
    for (const node of this.trunk.values()) use(node.chunks);
    for (const transaction of this.transactions.values()) {
      for (const node of transaction.frozen.values()) use(node.chunks);
      transaction.chunks.forEach((chunk) => used.add(chunk));
    }
    return used;
  }

  #mergeChanges(id: string, changes: readonly Change[], parent: Transaction | null): void {
    if (parent === null) this.#changeTrunk(id, changes);
    else parent.changes.set(id, [...(parent.changes.get(id) ?? []), ...changes]);
  }

  #changeTrunk(id: string, changes: readonly Change[]): void {
    const node = this.trunk.get(id);
    if (node !== undefined) this.trunk.set(id, changes.reduce((version, change) => change(version), node));
  }

  #touched(transaction: Transaction | null): void {
    if (transaction === null) this.dirty = true;
  }
}

/** Four hexadecimal parts, as the cluster writes ids; never something that reads as a number. */
export function newId(): string {
  const bytes = randomBytes(12);
  return [0, 4, 8].map((offset) => bytes.readUInt32BE(offset).toString(16)).join('-') + '-ab';
}
