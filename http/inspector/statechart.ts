// A machine drawn: its graph, and where each part of it stands on paper. Computed when the machine changes (npm run docs) and kept in
// statecharts.json, so that the service needs no layout engine; read when the first watcher asks.
import type { DiagramEdge, DiagramNode } from '../../machines/diagram.ts';

export type MachineId = 'matching' | 'application' | 'import';
export const machineIds: readonly MachineId[] = ['matching', 'application', 'import'];

export interface StatechartEdge extends DiagramEdge {
  readonly id: string;
}

/** Left, top, width, height; pixels of the drawing. */
export type Box = readonly [x: number, y: number, width: number, height: number];

export interface EdgeShape {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly label: Box;
}

/** One arrangement of the same graph. Keys are ids of nodes and edges. */
export interface Arrangement {
  readonly width: number;
  readonly height: number;
  readonly nodes: Readonly<Record<string, Box>>;
  readonly edges: Readonly<Record<string, EdgeShape>>;
  /** Centres of the dots from which the arrow into an initial state starts, and that arrow. */
  readonly starts: readonly (readonly (readonly [x: number, y: number])[])[];
}

export interface Statechart {
  readonly id: MachineId;
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly StatechartEdge[];
  /** For a screen broader than high, and for the other. */
  readonly wide: Arrangement;
  readonly tall: Arrangement;
}

/** `matching.created` MATCHED `matching.matched`; the same for a transition of a live matching and the arrow that stands for it. */
export function edgeId({ source, event, target }: Pick<DiagramEdge, 'source' | 'event' | 'target'>): string {
  return `${source} ${event} ${target}`;
}

export async function statecharts(): Promise<readonly Statechart[]> {
  const { default: drawn } = await import('./statecharts.json', { with: { type: 'json' } });
  return drawn as unknown as readonly Statechart[];
}
