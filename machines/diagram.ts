// A machine as Mermaid text for the documentation and as plain nodes and edges for whoever draws it.
import type { AnyStateMachine, AnyStateNode } from 'xstate';

export interface DiagramNode {
  readonly id: string;
  readonly parent: string | null;
  readonly label: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final';
  readonly initial: string | null;
  readonly description: string | null;
  /** Names of the actors that run while the state is entered. */
  readonly invokes: readonly string[];
}

export interface DiagramEdge {
  readonly source: string;
  readonly target: string;
  readonly event: string;
  readonly guard: string | null;
}

export interface Diagram {
  readonly id: string;
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}

export function diagramOf(machine: AnyStateMachine): Diagram {
  const states = [machine.root, ...descendants(machine.root)];
  return { id: machine.id, nodes: states.map(nodeOf), edges: states.flatMap(edgesOf) };
}

export function mermaidOf(machine: AnyStateMachine): string {
  const { nodes, edges, id } = diagramOf(machine);
  const lines = ['stateDiagram-v2', ...bodyOf(nodes, id, '  ')];
  for (const edge of edges) lines.push(`  ${key(edge.source)} --> ${key(edge.target)}: ${labelOf(edge)}`);
  return `${lines.join('\n')}\n`;
}

function bodyOf(nodes: readonly DiagramNode[], parent: string, indent: string): string[] {
  const children = nodes.filter((node) => node.parent === parent);
  const owner = nodes.find((node) => node.id === parent);
  const initial = owner?.initial ?? null;
  const lines = initial === null ? [] : [`${indent}[*] --> ${key(initial)}`];
  children.forEach((child, index) => {
    if (owner?.kind === 'parallel' && index > 0) lines.push(`${indent}--`);
    lines.push(...nodeLines(nodes, child, indent));
  });
  return lines;
}

function nodeLines(nodes: readonly DiagramNode[], node: DiagramNode, indent: string): string[] {
  if (node.kind === 'final') return [`${indent}state "${node.label}" as ${key(node.id)}`, `${indent}${key(node.id)} --> [*]`];
  if (node.kind === 'atomic') return [`${indent}state "${node.label}" as ${key(node.id)}`];
  return [`${indent}state "${node.label}" as ${key(node.id)} {`, ...bodyOf(nodes, node.id, `${indent}  `), `${indent}}`];
}

function labelOf({ event, guard }: DiagramEdge): string {
  return guard === null ? event : `${event} [${guard}]`;
}

/** Mermaid ids may hold letters, digits and underscores only. */
function key(id: string): string {
  return id.replaceAll(/\W/g, '_');
}

function descendants(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...descendants(child)]);
}

function nodeOf(node: AnyStateNode): DiagramNode {
  const { type } = node;
  if (type === 'history') throw new TypeError(`${node.id}: history states are not drawn`);
  return {
    id: node.id,
    parent: node.parent?.id ?? null,
    label: node.key,
    kind: type,
    initial: type === 'compound' ? (node.initial.target[0]?.id ?? null) : null,
    description: node.description ?? null,
    invokes: node.invoke.flatMap(({ src }) => (typeof src === 'string' ? [src] : [])),
  };
}

function edgesOf(node: AnyStateNode): DiagramEdge[] {
  const handled = [...node.transitions.values()].flat();
  return [...handled, ...(node.always ?? [])].flatMap((transition) =>
    // Without a target nothing moves: not an edge.
    (transition.target ?? []).map((target) => ({
      source: node.id,
      target: target.id,
      event: readable(transition.eventType),
      guard: guardName(transition.guard),
    })),
  );
}

/** xstate's internal event names, shortened: `xstate.done.actor.0.application.writing` is `done`. */
function readable(eventType: string): string {
  if (eventType === '') return 'always';
  const internal = /^xstate\.(done|error|after)\b/.exec(eventType);
  return internal?.[1] ?? eventType;
}

function guardName(guard: unknown): string | null {
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'object' && guard !== null && 'type' in guard && typeof guard.type === 'string') return guard.type;
  return null;
}
