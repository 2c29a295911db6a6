// Faults on request: which call, when in it, how often, and what goes wrong. All chance comes from one seeded generator.
import type { Status } from './errors.ts';

export type Moment = 'before' | 'after' | 'between';

export type Fault =
  /** An operation status in place of the reply; of a stream it is the last part. */
  | { readonly kind: 'status'; readonly status: Status; readonly message?: string }
  /** The call ends with a gRPC code. */
  | { readonly kind: 'grpc'; readonly code: number }
  /** A stream ends in order, without what was still to come. */
  | { readonly kind: 'end' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** No answer, ever. */
  | { readonly kind: 'hang' }
  /** The session of the call is gone, its transactions aborted; the call goes on without it. */
  | { readonly kind: 'lose-session' }
  /** The attach stream of the call's session ends, which ends the session once the call is over. */
  | { readonly kind: 'end-attach' }
  /** A part of at least so many bytes before the others. */
  | { readonly kind: 'large-part'; readonly bytes: number }
  /** Trailer that asks the client to give the session up. */
  | { readonly kind: 'close-hint' };

export interface FaultRule {
  /** As `Query.ExecuteQuery`; `*` is every call. */
  readonly rpc: string;
  readonly fault: Fault;
  /** `before` the effect, `after` it, or `between` the parts of a stream. */
  readonly at?: Moment;
  /** How often it happens; 1 unless given. */
  readonly times?: number;
  /** Chance at each call that matches; 1 unless given. */
  readonly probability?: number;
  readonly matches?: (call: { readonly text: string; readonly sessionId: string }) => boolean;
}

export interface CallInfo {
  readonly rpc: string;
  readonly text: string;
  readonly sessionId: string;
}

interface Armed {
  readonly rule: FaultRule;
  left: number;
}

export class Faults {
  readonly #random: () => number;
  #armed: Armed[] = [];
  readonly fired: { readonly rpc: string; readonly at: Moment; readonly fault: Fault }[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Answers how to take the rule back. */
  add(rule: FaultRule): () => void {
    const armed = { rule, left: rule.times ?? 1 };
    this.#armed.push(armed);
    return () => {
      this.#armed = this.#armed.filter((one) => one !== armed);
    };
  }

  clear(): void {
    this.#armed = [];
  }

  /** The fault of this moment, if there is one; it counts as fired. */
  take(call: CallInfo, at: Moment): Fault | null {
    const armed = this.#armed.find(({ rule, left }) => left > 0 && applies(rule, call, at) && this.#random() < (rule.probability ?? 1));
    if (armed === undefined) return null;
    armed.left -= 1;
    this.fired.push({ rpc: call.rpc, at, fault: armed.rule.fault });
    return armed.rule.fault;
  }
}

function applies({ rpc, at = 'before', matches }: FaultRule, call: CallInfo, moment: Moment): boolean {
  return (rpc === '*' || rpc === call.rpc) && at === moment && matches?.(call) !== false;
}

/** A small generator (mulberry32): the same seed gives the same run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_00_00_00_00;
  };
}
