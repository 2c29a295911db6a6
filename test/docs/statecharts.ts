// Arranges the machines' graphs with elkjs: http/inspector/statecharts.json is the result. Sizes of texts are estimated from the
// page's fonts, since nothing is rendered here.
import elk, { type ElkExtendedEdge, type ElkNode, type ElkPoint, type LayoutOptions } from 'elkjs/lib/elk.bundled.js';
import { applicationMachine } from '../../machines/application.ts';
import { diagramOf, type Diagram, type DiagramEdge, type DiagramNode } from '../../machines/diagram.ts';
import { importMachine } from '../../machines/import.ts';
import { matchingMachine } from '../../machines/matching.ts';
import { edgeId, type Arrangement, type Box, type EdgeShape, type MachineId, type Statechart, type StatechartEdge } from '../../http/inspector/statechart.ts';

type Point = readonly [x: number, y: number];

const letterWidth = { state: 8.2, event: 6.9 } as const;
const leafHeight = 48;
const eventLineHeight = 14;
const dot = 12;

const options: LayoutOptions = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.layered.layering.strategy': 'LONGEST_PATH_SOURCE',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.spacing.nodeNodeBetweenLayers': '16',
  'elk.layered.spacing.edgeNodeBetweenLayers': '10',
  'elk.spacing.nodeNode': '22',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelLabel': '6',
  'elk.randomSeed': '1',
};

/** A long chain of states in one row would be too small to read: it goes on in the next, like a text. */
const inRows: LayoutOptions = {
  'elk.hierarchyHandling': 'SEPARATE_CHILDREN',
  'elk.layered.wrapping.strategy': 'MULTI_EDGE',
  'elk.layered.wrapping.additionalEdgeSpacing': '10',
};
const rowOfStates = 6;
/** Width to height of the whole. Where a row ends depends on it, and the engine may lose a piece of an arrow that leads through several. */
const aspectRatios = [2.4, 2.2, 2, 2.8, 3.2, 1.6];

interface Manner {
  readonly direction: 'RIGHT' | 'DOWN';
  readonly aspectRatio: number;
}

/** As the text of the file. */
export async function statechartsJson(): Promise<string> {
  const drawn: Statechart[] = [];
  for (const machine of [matchingMachine, applicationMachine, importMachine]) drawn.push(await draw(diagramOf(machine)));
  return `${JSON.stringify(drawn, null, 1).replaceAll(/\[\s+(-?[\d.]+(?:,\s+-?[\d.]+)*)\s+\]/g, (_all, numbers: string) => `[${numbers.replaceAll(/\s+/g, ' ')}]`)}\n`;
}

async function draw(diagram: Diagram): Promise<Statechart> {
  const edges = diagram.edges.map((edge) => ({ id: edgeId(edge), ...edge }));
  if (new Set(edges.map(({ id }) => id)).size < edges.length) throw new TypeError(`${diagram.id}: two transitions look alike`);
  const [wide, tall] = [await joined(diagram, edges, 'RIGHT'), await joined(diagram, edges, 'DOWN')];
  return { id: diagram.id as MachineId, nodes: diagram.nodes, edges, wide, tall };
}

async function joined(diagram: Diagram, edges: readonly StatechartEdge[], direction: Manner['direction']): Promise<Arrangement> {
  for (const aspectRatio of aspectRatios) {
    const arrangement = await arrange(diagram, { direction, aspectRatio });
    if (edges.every((edge) => isJoined(arrangement, edge))) return arrangement;
  }
  throw new TypeError(`${diagram.id}: no arrangement joins every arrow to its states`);
}

async function arrange(diagram: Diagram, manner: Manner): Promise<Arrangement> {
  const backward = backwardEdges(diagram);
  const root = diagram.nodes.filter(({ parent }) => parent === null);
  const graph: ElkNode = {
    id: 'paper',
    layoutOptions: { ...options, 'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES', 'elk.direction': manner.direction, 'elk.padding': '[top=4,left=4,bottom=4,right=4]' },
    children: root.map((node) => boxOf(diagram, node, manner)),
    edges: [...diagram.edges.map((edge) => arrowOf(edge, backward)), ...diagram.nodes.flatMap(startOf)],
  };
  const placed = await new elk.default().layout(graph);
  const boxes = new Map(flatten(placed).map((node) => [node.id, boxFrom(node)]));
  const arrows = new Map((placed.edges ?? []).map((edge) => [edge.id, edge]));
  return {
    width: round(placed.width ?? 0),
    height: round(placed.height ?? 0),
    nodes: Object.fromEntries(diagram.nodes.map(({ id }) => [id, boxes.get(id) ?? missing(id)])),
    edges: Object.fromEntries(diagram.edges.map((edge) => {
      const id = edgeId(edge);
      return [id, shapeOf(arrows.get(id) ?? missing(id), backward.has(id))];
    })),
    starts: diagram.nodes.filter(({ initial }) => initial !== null).map(({ id }) => pointsOf(arrows.get(`start ${id}`) ?? missing(id))),
  };
}

function isJoined({ nodes, edges }: Arrangement, { id, source, target }: StatechartEdge): boolean {
  const points = edges[id]?.points ?? [];
  const ends = [[points[0], nodes[source]], [points.at(-1), nodes[target]]] as const;
  return ends.every(([point, box]) => point !== undefined && box !== undefined && touches(point, box));
}

function touches([px, py]: Point, [x, y, width, height]: Box): boolean {
  return px >= x - 1 && px <= x + width + 1 && py >= y - 1 && py <= y + height + 1;
}

function boxOf(diagram: Diagram, node: DiagramNode, manner: Manner): ElkNode {
  const { direction, aspectRatio } = manner;
  const children = diagram.nodes.filter(({ parent }) => parent === node.id);
  if (children.length === 0) return { id: node.id, width: leafWidth(diagram, node), height: leafHeight };
  const isRegion = diagram.nodes.some(({ id, kind }) => id === node.parent && kind === 'parallel');
  const atTheStart = isRegion ? { 'elk.alignment': direction === 'RIGHT' ? 'LEFT' : 'TOP' } : {};
  const starting = node.initial === null ? [] : [{ id: `dot ${node.id}`, width: dot, height: dot }];
  return {
    id: node.id,
    layoutOptions: { ...options, ...(direction === 'RIGHT' && isLongChain(diagram) ? { ...inRows, 'elk.aspectRatio': String(aspectRatio) } : {}), ...atTheStart, 'elk.direction': manner.direction, 'elk.padding': '[top=40,left=16,bottom=16,right=16]' },
    children: [...starting, ...children.map((child) => boxOf(diagram, child, manner))],
  };
}

function isLongChain({ id, nodes }: Diagram): boolean {
  const children = nodes.filter(({ parent }) => parent !== null);
  return children.length > rowOfStates && children.every(({ parent }) => parent === id);
}

/** Room for the name, and under it for the invoked actor; or, of machines that wait, for how many are in the state and for how long. */
function leafWidth({ nodes }: Diagram, { label, invokes }: DiagramNode): number {
  const waits = nodes.every((node) => node.invokes.length === 0);
  const underneath = Math.max(waits ? 20 : 10, ...invokes.map((name) => name.length + 4));
  return round(Math.max(label.length * letterWidth.state, underneath * letterWidth.event) + 28);
}

function arrowOf(edge: DiagramEdge, backward: ReadonlySet<string>): ElkExtendedEdge {
  const id = edgeId(edge);
  const lines = edge.guard === null ? [edge.event] : [edge.event, `[${edge.guard}]`];
  const width = Math.max(...lines.map((line) => line.length)) * letterWidth.event + 10;
  const label = { text: lines.join('\n'), width, height: lines.length * eventLineHeight + 6, layoutOptions: { 'elk.edgeLabels.inline': 'true' } };
  const ends = backward.has(id) ? { sources: [edge.target], targets: [edge.source] } : { sources: [edge.source], targets: [edge.target] };
  return { id, ...ends, labels: [label] };
}

function startOf({ id, initial }: DiagramNode): ElkExtendedEdge[] {
  return initial === null ? [] : [{ id: `start ${id}`, sources: [`dot ${id}`], targets: [initial] }];
}

/**
 * Transitions that lead back to a state on the way to their source. They are given to the engine turned round, so that the states
 * stand in the order in which an entity first comes to them.
 */
function backwardEdges({ nodes, edges }: Diagram): ReadonlySet<string> {
  const back = new Set<string>();
  const entered = new Set<string>();
  const walk = (state: string, trail: readonly string[]): void => {
    if (entered.has(state)) return;
    entered.add(state);
    for (const edge of edges.filter(({ source }) => source === state)) {
      if (trail.includes(edge.target)) back.add(edgeId(edge));
      walk(edge.target, [...trail, edge.target]);
    }
  };
  for (const { initial } of nodes) if (initial !== null) walk(initial, [initial]);
  return back;
}

function flatten(node: ElkNode): ElkNode[] {
  return (node.children ?? []).flatMap((child) => [child, ...flatten(child)]);
}

function shapeOf(edge: ElkExtendedEdge, turned: boolean): EdgeShape {
  const points = pointsOf(edge);
  const [label] = edge.labels ?? [];
  if (label === undefined) return missing(edge.id);
  return { points: turned ? points.toReversed() : points, label: boxFrom(label) };
}

/** An edge that goes on in the next row has several sections, each beginning where another ends. */
function pointsOf({ id, sections = [] }: ElkExtendedEdge): Point[] {
  const ends = new Set(sections.map(({ endPoint }) => placeOf(endPoint)));
  let section = sections.find(({ startPoint }) => !ends.has(placeOf(startPoint)));
  const points: Point[] = [];
  for (let left = sections.length; left > 0 && section !== undefined; left -= 1) {
    const { startPoint, bendPoints = [], endPoint } = section;
    points.push(...[startPoint, ...bendPoints, endPoint].map(({ x, y }) => [round(x), round(y)] as const));
    section = sections.find((next) => placeOf(next.startPoint) === placeOf(endPoint));
  }
  return points.length === 0 ? missing(id) : withoutRepeats(points);
}

function placeOf({ x, y }: ElkPoint): string {
  return `${round(x)} ${round(y)}`;
}

function withoutRepeats(points: readonly Point[]): Point[] {
  return points.filter(([x, y], index) => index === 0 || points[index - 1]?.[0] !== x || points[index - 1]?.[1] !== y);
}

function boxFrom({ x = 0, y = 0, width = 0, height = 0 }: { x?: number; y?: number; width?: number; height?: number }): Box {
  return [round(x), round(y), round(width), round(height)];
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}

function missing(id: string): never {
  throw new TypeError(`${id} was not placed`);
}
