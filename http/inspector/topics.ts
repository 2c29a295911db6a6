// What a watcher may ask to see: every entity of one machine, or one entity with all its actors.
import { parseMatchingId, type MatchingId } from '../../machines/ids.ts';
import { machineIds, type MachineId } from './statechart.ts';

export type Topic =
  | { readonly kind: 'machine'; readonly machine: MachineId }
  | { readonly kind: 'matching'; readonly id: MatchingId }
  | { readonly kind: 'job'; readonly name: string };

const jobName = /^[a-z][a-z-]{0,39}$/;

/** `machine/<id>`, `entity/<id of a matching or name of a job>`; null for anything else. */
export function parseTopic(text: string): Topic | null {
  const [kind = '', id = '', ...rest] = text.split('/');
  if (rest.length > 0) return null;
  if (kind === 'machine') return machineTopic(id);
  if (kind !== 'entity') return null;
  const matching = parseMatchingId(id);
  if (matching !== null) return { kind: 'matching', id: matching };
  return jobName.test(id) ? { kind: 'job', name: id } : null;
}

export function topicText(topic: Topic): string {
  if (topic.kind === 'machine') return `machine/${topic.machine}`;
  return `entity/${topic.kind === 'matching' ? topic.id : topic.name}`;
}

function machineTopic(id: string): Topic | null {
  const machine = machineIds.find((known) => known === id);
  return machine === undefined ? null : { kind: 'machine', machine };
}
