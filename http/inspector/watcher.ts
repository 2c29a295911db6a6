// One connection of the inspector: what it watches, and what it may still be sent. A slow one is not buffered without end: past a limit
// its frames are dropped, and when it has caught up it is told to read anew.
import type { WebSocket } from 'uWebSockets.js';
import type { ActorStep } from '../../runtime/actor-steps.ts';
import type { TransitionRecord } from '../../runtime/store.ts';
import { actorOfMove, actorOfStep, framesOfMove, framesOfStep, sessionId } from './official-frames.ts';
import { movesFrame, resyncFrame, stepFrame, type Moves } from './own-frames.ts';
import type { WatchRequest } from './requests.ts';
import { topicText, type Topic } from './topics.ts';

/** Frames wait in memory up to here. */
const bufferLimitBytes = 1_048_576;
const caughtUpBytes = 16_384;
/** Official sessions introduced to one watcher; then they are introduced again. */
const sessionLimit = 1_000;
/** Official frames of one look, at most: the definition goes with each new session. */
const officialMovesLimit = 50;

export type Socket<Data> = Pick<WebSocket<Data>, 'send' | 'getBufferedAmount' | 'end' | 'getUserData'>;

export class Watcher {
  readonly #socket: Pick<Socket<unknown>, 'send' | 'getBufferedAmount' | 'end'>;
  readonly #introduced = new Set<string>();
  #request: WatchRequest = { topics: [], dialect: 'both', history: 0 };
  #lagging = false;
  /** Live news that came while the history was being read. */
  #held: Moves[] | null = null;
  #closed = false;

  constructor(socket: Pick<Socket<unknown>, 'send' | 'getBufferedAmount' | 'end'>) {
    this.#socket = socket;
  }

  get request(): WatchRequest {
    return this.#request;
  }

  get lagging(): boolean {
    return this.#lagging;
  }

  /** From now on live moves are held, until {@link release}. */
  turnTo(request: WatchRequest): void {
    this.#request = request;
    this.#introduced.clear();
    this.#held = [];
  }

  release(alreadySent: ReadonlySet<string>): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const { moves, skipped } of held) this.sendMoves({ moves: moves.filter(({ id }) => !alreadySent.has(id)), skipped });
  }

  sendMoves(news: Moves): void {
    if (this.#held !== null) {
      this.#held.push(news);
      return;
    }
    for (const topic of this.#request.topics) {
      const moves = news.moves.filter(({ matchingId }) => (topic.kind === 'matching' ? topic.id === matchingId : isMachine(topic, 'matching')));
      if (moves.length > 0 || (news.skipped && isMachine(topic, 'matching'))) this.#sendMovesOf(topic, { moves, skipped: news.skipped });
    }
  }

  /** Moves of one matching from its beginning or from the middle of its history. */
  sendHistory(topic: Topic, moves: readonly TransitionRecord[]): void {
    if (moves.length > 0) this.#sendMovesOf(topic, { moves, skipped: false });
  }

  sendStep(step: ActorStep): void {
    for (const topic of this.#request.topics) {
      if (!concerns(topic, step)) continue;
      if (this.#speaks('own')) this.send(stepFrame(topicText(topic), step));
      if (!this.#speaks('official')) continue;
      this.#introduce(sessionId(step.machine, step.entity), () => actorOfStep(step));
      for (const frame of framesOfStep(step)) this.send(frame);
    }
  }

  send(frame: string): void {
    if (this.#closed || this.#lagging) return;
    if (this.#socket.getBufferedAmount() > bufferLimitBytes) this.#lagging = true;
    else this.#socket.send(frame);
  }

  /** True once a watcher that lagged has caught up: what it watches is to be sent anew. */
  drained(): boolean {
    if (this.#closed || !this.#lagging || this.#socket.getBufferedAmount() > caughtUpBytes) return false;
    this.#lagging = false;
    this.send(resyncFrame());
    return true;
  }

  /** The socket is gone and must not be touched. */
  closed(): void {
    this.#closed = true;
  }

  end(code: number, reason: string): void {
    if (!this.#closed) this.#socket.end(code, reason);
  }

  #sendMovesOf(topic: Topic, news: Moves): void {
    if (this.#speaks('own')) this.send(movesFrame(topicText(topic), news));
    if (!this.#speaks('official')) return;
    for (const move of topic.kind === 'machine' ? news.moves.slice(-officialMovesLimit) : news.moves) {
      this.#introduce(sessionId('matching', move.matchingId), () => actorOfMove(move));
      for (const frame of framesOfMove(move)) this.send(frame);
    }
  }

  #introduce(session: string, actor: () => string): void {
    if (this.#introduced.has(session)) return;
    if (this.#introduced.size >= sessionLimit) this.#introduced.clear();
    this.#introduced.add(session);
    this.send(actor());
  }

  #speaks(dialect: 'own' | 'official'): boolean {
    return this.#request.dialect === dialect || this.#request.dialect === 'both';
  }
}

export function isMachine(topic: Topic, machine: string): boolean {
  return topic.kind === 'machine' && topic.machine === machine;
}

function concerns(topic: Topic, { machine, entity }: ActorStep): boolean {
  if (topic.kind === 'machine') return topic.machine === machine;
  return topic.kind === 'matching' ? topic.id === entity : topic.name === entity;
}
