// All watchers of this process, and what they are shown. Nothing runs and no frame is built while nobody watches.
import type { ActorStep } from '../../runtime/actor-steps.ts';
import { asServiceError } from '../../runtime/errors.ts';
import type { Operations } from '../../runtime/operations.ts';
import type { StoreReads } from '../../runtime/store.ts';
import { helloFrame, watchingFrame, type Moves } from './own-frames.ts';
import type { WatchRequest } from './requests.ts';
import { Tail, type TailPorts } from './tail.ts';
import { topicText } from './topics.ts';
import { isMachine, type Watcher } from './watcher.ts';

export interface HubPorts extends TailPorts {
  readonly store: Pick<StoreReads, 'now' | 'transitions'>;
  readonly operations: Operations;
}

const goingAway = 1001;

export class InspectorHub {
  readonly #ports: HubPorts;
  readonly #tail: Tail;
  readonly #watchers = new Set<Watcher>();
  #subscription: { unsubscribe(): void } | null = null;

  constructor(ports: HubPorts) {
    this.#ports = ports;
    this.#tail = new Tail(ports, (moves) => this.#tellMoves(moves));
  }

  get size(): number {
    return this.#watchers.size;
  }

  join(watcher: Watcher): void {
    this.#watchers.add(watcher);
    watcher.send(helloFrame(this.#ports.rate));
  }

  leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    void this.#attend();
  }

  /** First what has been, then what comes. */
  async watch(watcher: Watcher, request: WatchRequest): Promise<void> {
    watcher.turnTo(request);
    await this.#attend();
    const sent = new Set<string>();
    try {
      for (const topic of request.topics) {
        if (topic.kind !== 'matching' || request.history === 0) continue;
        const moves = (await this.#ports.store.transitions(topic.id)).slice(-request.history);
        if (watcher.request !== request) return;
        watcher.sendHistory(topic, moves);
        for (const { id } of moves) sent.add(id);
      }
    } catch (error) {
      this.#ports.log.warn({ code: asServiceError(error).code }, 'the inspector cannot read a history');
    }
    if (watcher.request !== request) return;
    for (const step of Object.values(this.#ports.operations.getSnapshot().context.actors)) watcher.sendStep(step);
    watcher.send(watchingFrame(request.topics.map(topicText)));
    watcher.release(sent);
  }

  async drained(watcher: Watcher): Promise<void> {
    if (watcher.drained()) await this.watch(watcher, watcher.request);
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.end(goingAway, 'the service stops');
    this.#watchers.clear();
    void this.#attend();
  }

  #tellMoves(moves: Moves): void {
    for (const watcher of this.#watchers) watcher.sendMoves(moves);
  }

  #tellStep(step: ActorStep): void {
    for (const watcher of this.#watchers) watcher.sendStep(step);
  }

  /** Runs what the present watchers need, and stops the rest. Resolves once nothing of theirs can be missed. */
  async #attend(): Promise<void> {
    const topics = [...this.#watchers].flatMap(({ request }) => request.topics);
    this.#watchActors(topics.length > 0, topics.some((topic) => topic.kind === 'matching' || isMachine(topic, 'application')));
    if (topics.some((topic) => topic.kind === 'matching' || isMachine(topic, 'matching'))) await this.#tail.start();
    else this.#tail.stop();
  }

  #watchActors(any: boolean, ofTasks: boolean): void {
    const { operations } = this.#ports;
    if (operations.getSnapshot().context.actorsWatched !== ofTasks) operations.trigger.actorsWatched({ watched: ofTasks });
    if (!any) {
      this.#subscription?.unsubscribe();
      this.#subscription = null;
    } else if (this.#subscription === null) {
      let last = operations.getSnapshot().context.lastStep;
      this.#subscription = operations.subscribe(({ context: { lastStep } }) => {
        if (lastStep === null || lastStep === last) return;
        last = lastStep;
        this.#tellStep(lastStep);
      });
    }
  }
}
