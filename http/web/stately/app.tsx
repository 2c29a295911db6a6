// Hands the official frames to the inspector that Stately hosts, for who has the internet and wants it. Nothing is asked of that site
// before the reader says so, and nothing is handed to any other.
import type { JSX } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useLive, type LiveFrame } from '../inspector/live.ts';
import { Shell } from '../shared/shell.tsx';
import './stately.css';

const site = 'https://stately.ai';
const inspectorUrl = `${site}/inspect`;
const answersWithinMs = 12_000;
/** Kept for a page that is still loading. */
const waitingLimit = 500;

type Phase = 'asked' | 'loading' | 'connected' | 'silent';

const machineTopics = ['machine/matching', 'machine/application', 'machine/import'];

/** `#<id>` of a matching or a job narrows it to that. */
function topicsOfAddress(): readonly string[] {
  const id = decodeURIComponent(window.location.hash.slice(1));
  return id === '' ? machineTopics : [`entity/${id}`];
}

export function App(): JSX.Element {
  const [phase, setPhase] = useState<Phase>('asked');
  const [count, setCount] = useState(0);
  return (
    <Shell page="inspector">
      <div class="page stately">
        <div class="stately-head">
          <h1>Stately inspector</h1>
          <a href="/inspector">← Our own inspector</a>
          <span class="spacer" />
          {phase === 'connected' ? <span class="badge good">Connected, {count} frames</span> : null}
        </div>
        {phase === 'asked' ? <Question onYes={() => setPhase('loading')} /> : <Bridge phase={phase} onPhase={setPhase} onFrame={() => setCount((before) => before + 1)} />}
      </div>
    </Shell>
  );
}

function Question({ onYes }: { readonly onYes: () => void }): JSX.Element {
  return (
    <section class="card question">
      <h2>This page leaves the service</h2>
      <p>It loads <code>{inspectorUrl}</code> in a frame, which needs the internet, and hands it live frames of the XState inspection protocol.</p>
      <p>Handed over: ids of matchings, names of jobs, states, types of events, counters. Not handed over: anything of a person, drivers' ids, promocodes, reasons.</p>
      <p>Everything can be seen without it in <a href="/inspector">our own inspector</a>, which needs no internet.</p>
      <div><button type="button" class="button primary" onClick={onYes}>Load the Stately inspector</button></div>
    </section>
  );
}

interface BridgeProps {
  readonly phase: Phase;
  readonly onPhase: (phase: Phase) => void;
  readonly onFrame: () => void;
}

function Bridge({ phase, onPhase, onFrame }: BridgeProps): JSX.Element {
  const frameRef = useRef<HTMLIFrameElement | null>(null);
  const waitingRef = useRef<unknown[]>([]);
  const connectedRef = useRef(false);
  const [topics] = useState(topicsOfAddress);
  const hand = useCallback((frame: unknown) => {
    frameRef.current?.contentWindow?.postMessage(frame, site);
    onFrame();
  }, [onFrame]);
  const hear = useCallback((frame: LiveFrame | { readonly type: string }) => {
    if (!frame.type.startsWith('@xstate.')) return;
    if (connectedRef.current) hand(frame);
    else waitingRef.current = [...waitingRef.current, frame].slice(-waitingLimit);
  }, [hand]);
  const live = useLive(topics, hear, official);
  useEffect(() => {
    const greet = (event: MessageEvent): void => {
      const isSite = event.origin === site && event.source === frameRef.current?.contentWindow;
      if (!isSite || (event.data as { type?: unknown } | null)?.type !== '@statelyai.connected') return;
      connectedRef.current = true;
      for (const frame of waitingRef.current) hand(frame);
      waitingRef.current = [];
      onPhase('connected');
    };
    window.addEventListener('message', greet);
    const timer = window.setTimeout(() => {
      if (!connectedRef.current) onPhase('silent');
    }, answersWithinMs);
    return () => {
      window.removeEventListener('message', greet);
      window.clearTimeout(timer);
    };
  }, [hand, onPhase]);
  return (
    <>
      {phase === 'silent' ? <p class="note bad" role="alert">stately.ai does not answer. This page needs the internet; <a href="/inspector">our own inspector</a> does not.</p> : null}
      {live === 'lost' ? <p class="note warn">The connection to the service was lost; it is tried again.</p> : null}
      {/* The frame is of another origin: it cannot reach out and lift its fence, and without its own origin it could not load. */}
      {/* oxlint-disable-next-line react/iframe-missing-sandbox */}
      <iframe ref={frameRef} class="stately-frame" title="The inspector hosted by Stately" src={inspectorUrl} referrerpolicy="no-referrer" sandbox="allow-scripts allow-same-origin allow-popups allow-forms" />
    </>
  );
}

const official = { frames: 'official', history: 50 } as const;
