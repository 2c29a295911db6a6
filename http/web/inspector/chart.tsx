// A statechart as the service arranged it, with whatever is known of its states and arrows drawn in.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Arrangement, Statechart, StatechartEdge } from '../../inspector/statechart.ts';
import type { Pulse } from './happenings.ts';
import { useViewport } from './viewport.ts';
import './chart.css';

export interface NodeFacts {
  /** Beside the name. */
  readonly count?: string;
  /** Under it. */
  readonly note?: string;
  readonly stuck?: number;
  /** 0 to 5: how much of all that moves is here. */
  readonly heat?: number;
}

export interface ChartProps {
  readonly chart: Statechart;
  /** States that are active. */
  readonly lit: readonly string[];
  readonly visited: ReadonlySet<string>;
  /** Arrows taken by the step that is looked at. */
  readonly taken: readonly string[];
  readonly facts: Readonly<Record<string, NodeFacts>>;
  readonly pulses: readonly Pulse[];
  readonly onPulseEnd: (key: number) => void;
  readonly onPick?: (state: string) => void;
  readonly picked?: string | null;
  /** In words, for who cannot see it. */
  readonly summary: string;
}

type Way = 'auto' | 'wide' | 'tall';

// Attributes of SVG keep their case: `tabIndex` would be one that no browser knows.
export function Chart(props: ChartProps): JSX.Element {
  const { chart, summary } = props;
  const [way, setWay] = useState<Way>('auto');
  const [isNarrow, setNarrow] = useState(() => window.innerWidth < 760);
  const chosen = way === 'auto' ? (isNarrow ? 'tall' : 'wide') : way;
  const arrangement = chart[chosen];
  const viewport = useViewport(arrangement);
  const { view, size, frame, fit, zoom, onKeyDown } = viewport;
  const narrow = size.width > 0 && size.width < 700;
  if (size.width > 0 && narrow !== isNarrow) setNarrow(narrow);
  return (
    <div class={`chart ${chosen}`}>
      <div class="chart-tools" role="toolbar" aria-label="View of the chart">
        <button type="button" class="button quiet" aria-label="Zoom out" onClick={() => zoom(0.8)}>−</button>
        <span class="number small muted zoom">{Math.round(view.scale * 100)} %</span>
        <button type="button" class="button quiet" aria-label="Zoom in" onClick={() => zoom(1.25)}>+</button>
        <button type="button" class="button quiet" onClick={fit}>Fit</button>
        <button type="button" class="button quiet" aria-pressed={chosen === 'tall'} onClick={() => setWay(chosen === 'tall' ? 'wide' : 'tall')}>Upright</button>
      </div>
      {/* Paper that is moved by the keyboard as by the pointer; no element of HTML is that. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <svg
        // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role, jsx-a11y/no-noninteractive-tabindex
        ref={frame} class="chart-paper" tabindex={0} role="group" aria-roledescription="state chart" aria-label={summary}
        onKeyDown={onKeyDown} data-machine={chart.id}
      >
        <defs>
          {['plain', 'visited', 'taken'].map((kind) => (
            <marker key={kind} id={`head-${kind}`} class={`head ${kind}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse" markerUnits="userSpaceOnUse">
              <path d="M0 0.8 L7.4 4 L0 7.2 Z" />
            </marker>
          ))}
        </defs>
        <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          {chart.nodes.filter(({ kind }) => kind === 'compound' || kind === 'parallel').map(({ id }) => <Frame key={id} id={id} {...props} arrangement={arrangement} />)}
          {arrangement.starts.map((points) => <Start key={String(points[0])} points={points} />)}
          {chart.edges.map((edge) => <Arrow key={edge.id} edge={edge} {...props} arrangement={arrangement} />)}
          {props.pulses.map((pulse) => <Comet key={pulse.key} pulse={pulse} arrangement={arrangement} onEnd={props.onPulseEnd} />)}
          {chart.edges.map((edge) => <Label key={edge.id} edge={edge} {...props} arrangement={arrangement} />)}
          {chart.nodes.filter(({ kind }) => kind === 'atomic' || kind === 'final').map(({ id }) => <State key={id} id={id} {...props} arrangement={arrangement} />)}
        </g>
      </svg>
    </div>
  );
}

interface Placed extends ChartProps {
  readonly arrangement: Arrangement;
}

function Frame({ id, chart, lit, arrangement }: Placed & { readonly id: string }): JSX.Element | null {
  const box = arrangement.nodes[id];
  const node = chart.nodes.find((one) => one.id === id);
  const parent = chart.nodes.find((one) => one.id === node?.parent);
  if (box === undefined || node === undefined) return null;
  const [x, y, width, height] = box;
  const kind = node.parent === null ? 'whole' : parent?.kind === 'parallel' ? 'region' : 'inner';
  return (
    <g class={`frame ${kind} ${lit.includes(id) ? 'lit' : ''}`} data-state={id} data-active={lit.includes(id)}>
      <rect x={x} y={y} width={width} height={height} rx="10" />
      <text x={x + 14} y={y + 24}>{node.label}{node.kind === 'parallel' ? ' ∥' : ''}</text>
    </g>
  );
}

function Start({ points }: { readonly points: readonly (readonly [number, number])[] }): JSX.Element {
  const [first] = points;
  return (
    <g class="start" aria-hidden="true">
      <circle cx={first?.[0]} cy={first?.[1]} r="5" />
      <path d={pathOf(points)} marker-end="url(#head-plain)" />
    </g>
  );
}

function Arrow({ edge, arrangement, visited, taken }: Placed & { readonly edge: StatechartEdge }): JSX.Element {
  const state = arrowState(edge, visited, taken);
  const failing = edge.event === 'error' ? 'failing' : '';
  return <path class={`arrow ${state} ${failing}`} d={pathOf(arrangement.edges[edge.id]?.points ?? [])} marker-end={`url(#head-${state})`} data-edge={edge.id} data-visited={state !== 'plain'} />;
}

function Label({ edge, arrangement, visited, taken }: Placed & { readonly edge: StatechartEdge }): JSX.Element {
  const [x = 0, y = 0, width = 0, height = 0] = arrangement.edges[edge.id]?.label ?? [];
  const middle = x + width / 2;
  return (
    <g class={`label ${arrowState(edge, visited, taken)}`}>
      <rect x={x} y={y} width={width} height={height} rx="4" />
      <text x={middle} y={y + 14}>{edge.event}</text>
      {edge.guard === null ? null : <text class="guard" x={middle} y={y + 28}>[{edge.guard}]</text>}
    </g>
  );
}

function arrowState({ id }: StatechartEdge, visited: ReadonlySet<string>, taken: readonly string[]): 'plain' | 'visited' | 'taken' {
  if (taken.includes(id)) return 'taken';
  return visited.has(id) ? 'visited' : 'plain';
}

function State({ id, chart, lit, visited, facts, arrangement, onPick, picked }: Placed & { readonly id: string }): JSX.Element | null {
  const box = arrangement.nodes[id];
  const node = chart.nodes.find((one) => one.id === id);
  if (box === undefined || node === undefined) return null;
  const [x, y, width, height] = box;
  const { count, note, stuck = 0, heat } = facts[id] ?? {};
  const under = note ?? (node.invokes.length > 0 ? `⟳ ${node.invokes.join(', ')}` : undefined);
  const isLit = lit.includes(id);
  const classes = ['state', node.kind, isLit ? 'lit' : '', visited.has(id) ? 'visited' : '', heat === undefined ? '' : `heat-${heat}`, picked === id ? 'picked' : ''];
  const words = [node.label, node.description, count === undefined ? '' : `${count} now`, note, stuck > 0 ? `${stuck} stuck` : '', isLit ? 'active' : ''];
  const pick = onPick === undefined || count === undefined ? undefined : () => onPick(id);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    event.stopPropagation();
    pick?.();
  };
  return (
    <g
      class={classes.join(' ')} data-state={id} data-status={node.label} data-active={isLit}
      {...(pick === undefined ? { role: 'img', 'aria-label': words.filter(Boolean).join(', ') } : { role: 'button', tabindex: 0, 'aria-pressed': picked === id, onClick: pick, onKeyDown })}
    >
      <title>{node.description ?? node.label}</title>
      <rect class="body" x={x} y={y} width={width} height={height} rx="9" />
      {node.kind === 'final' ? <rect class="rim" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx="7" /> : null}
      <text class="name" x={x + 12} y={under === undefined ? y + height / 2 + 5 : y + 20}>{node.label}</text>
      {count === undefined ? null : <text class="count" x={x + width - 12} y={y + 20}>{count}</text>}
      {under === undefined ? null : <text class="note" x={x + 12} y={y + 37}>{under}</text>}
      {stuck > 0 ? <Stuck x={x + width - 4} y={y + 2} count={stuck} /> : null}
    </g>
  );
}

function Stuck({ x, y, count }: { readonly x: number; readonly y: number; readonly count: number }): JSX.Element {
  const text = count > 99 ? '99+' : String(count);
  const width = 10 + text.length * 7;
  return (
    <g class="stuck">
      <rect x={x - width / 2} y={y - 9} width={width} height="18" rx="9" />
      <text x={x} y={y + 4}>{text}</text>
    </g>
  );
}

/** A light that runs along the arrow once; without motion the arrow lights up for a moment. */
function Comet({ pulse, arrangement, onEnd }: { readonly pulse: Pulse; readonly arrangement: Arrangement; readonly onEnd: (key: number) => void }): JSX.Element | null {
  const shape = arrangement.edges[pulse.edge];
  if (shape === undefined) return null;
  const [x, y, width] = shape.label;
  return (
    <g class="pulse" data-pulse={pulse.edge} onAnimationEnd={() => onEnd(pulse.key)}>
      <path class="halo" d={pathOf(shape.points)} pathLength="1" />
      <path class="comet" d={pathOf(shape.points)} pathLength="1" />
      {pulse.count > 1 ? <text class="times" x={x + width - 2} y={y - 3}>×{pulse.count}</text> : null}
    </g>
  );
}

const cornerRadius = 7;

/** Straight pieces with rounded corners. */
function pathOf(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], index) => {
    const [before, after] = [points[index - 1], points[index + 1]];
    if (before === undefined) return `M${x} ${y}`;
    if (after === undefined) return `L${x} ${y}`;
    const [fromX, fromY] = towards([x, y], before);
    const [toX, toY] = towards([x, y], after);
    return `L${fromX} ${fromY} Q${x} ${y} ${toX} ${toY}`;
  }).join(' ');
}

function towards([x, y]: readonly [number, number], [toX, toY]: readonly [number, number]): readonly [number, number] {
  const length = Math.hypot(toX - x, toY - y);
  const part = length === 0 ? 0 : Math.min(cornerRadius, length / 2) / length;
  return [Math.round((x + (toX - x) * part) * 10) / 10, Math.round((y + (toY - y) * part) * 10) / 10];
}
