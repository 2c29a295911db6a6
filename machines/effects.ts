// What a move asks the runtime to do, as data. The machine names effects; runtime/mentorship/effects.ts carries them out.
import type { AnnouncedEventType } from './events.ts';

export const EffectType = {
  create_application: 'create_application',
  announce: 'announce',
  retire_results: 'retire_results',
} as const;
export type EffectType = (typeof EffectType)[keyof typeof EffectType];

export type Effect =
  /** Form the CRM application of the newbie. */
  | { readonly type: typeof EffectType.create_application }
  /** Tell the recipients; once all accepted, `event` is dispatched for `epoch`. */
  | { readonly type: typeof EffectType.announce; readonly event: AnnouncedEventType; readonly epoch: number }
  /** Move the progress figures of the previous match, `epoch`, into history. */
  | { readonly type: typeof EffectType.retire_results; readonly epoch: number };
