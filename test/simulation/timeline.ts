// Virtual time: events in the order of their moments, each carried to its end before the next begins. While a run lasts, the process's own
// clocks and timers are those of the instance whose event is being carried out: whatever code asks for the time, or waits, gets virtual
// time, however it came by it. Nothing of the service needs to know (docs/decisions tells why).

export interface Owner {
  /** Grows with every restart: what an earlier life had waited for never comes. */
  readonly life: number;
  readonly alive: boolean;
  /** Virtual time until which the process stands still; everything for it waits. */
  readonly pausedUntilMs: number;
  /** What its wall clock shows beyond the true time. */
  readonly wallSkewMs: number;
  /** How fast its monotonic clock runs. */
  readonly clockRate: number;
}

interface Event {
  atMs: number;
  readonly order: number;
  readonly owner: Owner | null;
  readonly life: number;
  act: (() => void) | null;
}

/** 2026-01-01T00:00:00Z. */
export const startMs = Date.UTC(2026, 0, 1);

export class Timeline {
  nowMs = startMs;
  /** Whose event is being carried out; null for the world's own. */
  owner: Owner | null = null;
  /** Events carried out so far. */
  steps = 0;
  readonly #heap: Event[] = [];
  #order = 0;

  /** Runs at the moment, unless the owner has died by then; later when he is paused. */
  schedule(delayMs: number, act: () => void, owner: Owner | null = null): VirtualTimer {
    const event: Event = { atMs: this.nowMs + Math.max(0, Math.ceil(delayMs)), order: (this.#order += 1), owner, life: owner?.life ?? 0, act };
    this.#push(event);
    return new VirtualTimer(event);
  }

  /** Carries out the next event; false when there is none before `untilMs`. */
  async step(untilMs: number): Promise<boolean> {
    for (;;) {
      const event = this.#heap[0];
      if (event === undefined || event.atMs > untilMs) return false;
      this.#pop();
      const { owner, act } = event;
      if (act === null || (owner !== null && (!owner.alive || owner.life !== event.life))) continue;
      if (owner !== null && owner.pausedUntilMs > event.atMs) {
        event.atMs = owner.pausedUntilMs;
        this.#push(event);
        continue;
      }
      this.nowMs = Math.max(this.nowMs, event.atMs);
      this.owner = owner;
      this.steps += 1;
      act();
      await drained();
      this.owner = null;
      return true;
    }
  }

  /** Carries on, within the present event, in the owner's process. */
  as(owner: Owner, act: () => void): void {
    this.owner = owner;
    act();
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let place = heap.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[place] = heap[parent] as Event;
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[place] = heap[child] as Event;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Node runs a tick only when no promise has anything left to do: then the event has come to its end. */
function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** What `setTimeout` answers, as far as anybody uses it. */
class VirtualTimer {
  readonly #event: Event;

  constructor(event: Event) {
    this.#event = event;
  }

  cancel(): void {
    this.#event.act = null;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

/** Replaces the process's clocks and timers; answers how to put them back. */
export function takeOverTime(timeline: Timeline): () => void {
  const real = {
    dateNow: Date.now, now: Object.getOwnPropertyDescriptor(performance, 'now'),
    setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval, clearInterval: globalThis.clearInterval,
  };
  const after = (act: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]): VirtualTimer =>
    timeline.schedule(delayMs / (timeline.owner?.clockRate ?? 1), () => act(...given), timeline.owner);
  const cancel = (timer: unknown): void => (timer instanceof VirtualTimer ? timer.cancel() : undefined);
  const every = (act: () => void, periodMs: number): { current: VirtualTimer } & Pick<VirtualTimer, 'unref'> => {
    const handle = { current: after(() => {}), unref: () => handle.current };
    const again = (): void => {
      handle.current = after(() => {
        again();
        act();
      }, periodMs);
    };
    handle.current.cancel();
    again();
    return handle;
  };
  Date.now = () => timeline.nowMs + (timeline.owner?.wallSkewMs ?? 0);
  const monotonic = (): number => 1_000 + (timeline.nowMs - startMs) * (timeline.owner?.clockRate ?? 1);
  Object.defineProperty(performance, 'now', { value: monotonic, configurable: true, writable: true });
  globalThis.setTimeout = after as never;
  globalThis.clearTimeout = cancel;
  globalThis.setInterval = every as never;
  globalThis.clearInterval = ((handle?: { current?: VirtualTimer }) => handle?.current?.cancel()) as never;
  return () => {
    Date.now = real.dateNow;
    if (real.now === undefined) Reflect.deleteProperty(performance, 'now');
    else Object.defineProperty(performance, 'now', real.now);
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
    globalThis.setInterval = real.setInterval;
    globalThis.clearInterval = real.clearInterval;
  };
}
