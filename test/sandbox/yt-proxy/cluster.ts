// The whole state of the stand-in cluster, and how it outlives a kill: rows first, then the tree that mentions them.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDiskChunks, createMemoryChunks, type ChunkStore } from './chunks.ts';
import { Cypress, type CypressState } from './cypress.ts';
import { DynamicTables } from './dynamic-tables.ts';
import { parseExact } from './exact.ts';
import type { Chunk, Node } from './node.ts';
import type { Operation } from './operations.ts';
import { Transactions } from './transactions.ts';

// Unused chunks only take space, so a sweep may wait.
const commitsPerSweep = 50;

export class Cluster {
  readonly cypress: Cypress;
  readonly transactions: Transactions;
  readonly dynamicTables: DynamicTables;
  readonly chunks: ChunkStore;
  /** Chunk lists being streamed: kept from the sweep. */
  readonly readers = new Set<readonly Chunk[]>();
  /** Finished ones too, by id. */
  readonly operations = new Map<string, Operation>();
  readonly #file: string | null;
  #commits = 0;
  #sweeping: Promise<void> = Promise.resolve();

  private constructor(chunks: ChunkStore, directory: string | null) {
    this.#file = directory === null ? null : join(directory, 'cypress.json');
    this.dynamicTables = new DynamicTables(directory === null ? null : join(directory, 'dynamic'));
    const freeze = (node: Node): Node => (node.dynamic ? { ...node, heldRows: this.dynamicTables.hold(node) } : node);
    this.cypress = new Cypress(this.#file === null ? null : readState(this.#file), freeze);
    this.transactions = new Transactions(this.cypress, () => this.save());
    this.chunks = chunks;
  }

  /** Without a directory everything is in memory and ends with the process. */
  static async open(directory: string | null): Promise<Cluster> {
    if (directory !== null) mkdirSync(directory, { recursive: true });
    const chunks = directory === null ? createMemoryChunks() : await createDiskChunks(join(directory, 'chunks'));
    const cluster = new Cluster(chunks, directory);
    await chunks.retain(() => cluster.#usedChunks());
    return cluster;
  }

  /** Makes committed changes durable; to be called before they are acknowledged. */
  save(): void {
    if (!this.cypress.dirty) return;
    this.cypress.sweepNodes();
    this.cypress.dirty = false;
    if (this.#file !== null) {
      writeFileSync(`${this.#file}.tmp`, JSON.stringify(this.cypress.state()));
      renameSync(`${this.#file}.tmp`, this.#file);
    }
    this.dynamicTables.retain(this.cypress.nodeIds());
    this.#commits += 1;
    if (this.#commits % commitsPerSweep === 0) this.#sweeping = this.#sweep(this.#sweeping);
  }

  async close(): Promise<void> {
    this.transactions.stop();
    this.save();
    await this.#sweeping;
  }

  async #sweep(before: Promise<void>): Promise<void> {
    await before;
    await this.chunks.retain(() => this.#usedChunks());
  }

  #usedChunks(): Set<string> {
    const used = this.cypress.usedChunks();
    for (const chunks of this.readers) chunks.forEach((chunk) => used.add(chunk.id));
    return used;
  }
}

function readState(file: string): CypressState | null {
  return existsSync(file) ? (parseExact(readFileSync(file, 'utf8')) as CypressState) : null;
}
