// The address of what is looked at: `#/matching`, `#/matching/<id>?step=3`, `#/application`, `#/import`. A link to it can be sent.
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { MachineId } from '../../inspector/statechart.ts';

export interface Place {
  readonly machine: MachineId;
  /** Of one matching; null for all. */
  readonly id: string | null;
  /** Which move of its history is looked at, from 1; null: the present. */
  readonly step: number | null;
}

const machines: readonly MachineId[] = ['matching', 'application', 'import'];

export function parsePlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [first = '', id = ''] = path.split('/');
  const machine = machines.find((known) => known === first) ?? 'matching';
  const step = Number(new URLSearchParams(query).get('step') ?? Number.NaN);
  return { machine, id: id === '' ? null : decodeURIComponent(id), step: Number.isInteger(step) && step > 0 ? step : null };
}

export function placeHash({ machine, id, step }: Place): string {
  const path = id === null ? `#/${machine}` : `#/${machine}/${encodeURIComponent(id)}`;
  return step === null ? path : `${path}?step=${step}`;
}

export interface Routing {
  readonly place: Place;
  readonly go: (place: Partial<Place>) => void;
}

export function useRouting(): Routing {
  const [place, setPlace] = useState(() => parsePlace(window.location.hash));
  useEffect(() => {
    const follow = (): void => setPlace(parsePlace(window.location.hash));
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  const go = useCallback((change: Partial<Place>) => {
    const before = parsePlace(window.location.hash);
    const next = { ...before, ...change };
    // A slider moves through many steps: only another subject is a new entry of the history.
    if (next.machine === before.machine && next.id === before.id) window.history.replaceState(null, '', placeHash(next));
    else window.history.pushState(null, '', placeHash(next));
    setPlace(next);
  }, []);
  return { place, go };
}
