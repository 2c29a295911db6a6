// One request and its one reply: the only code that touches uWebSockets.js requests and responses. Its rules: the request may be read
// only before the callback returns, the response only until it is ended or aborted, and using either later ends the process.
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { headerBytes, readHead, type RequestHead } from './request-head.ts';
import type { Reply } from './reply.ts';
import { writeReply } from './write-reply.ts';

export interface ExchangeLimits {
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** From the first byte handled to the reply; the body's arrival counts. */
  readonly deadlineMs: number;
  /** Requests under way beyond which new ones are turned away. */
  readonly concurrent: number;
}

export type Refusal = 'overloaded' | 'headers_too_large' | 'body_too_large' | 'body_timeout' | 'deadline_passed' | 'failed';

/** What the server says in one exchange. `answer` may throw; nothing else may. */
export interface Conversation {
  answer(body: Uint8Array, signal: AbortSignal): Promise<Reply>;
  refuse(refusal: Refusal, cause?: unknown): Reply;
  /** Called once; null when the client left before the reply. */
  ended(reply: Reply | null): void;
}

export interface ExchangeRules {
  readonly limits: ExchangeLimits;
  readonly converse: (head: RequestHead) => Conversation;
  /** Calls `start`, which does not throw, together with those of the other requests that arrive now. */
  readonly together: (start: () => void) => void;
  /** Whether there are more requests under way, this one among them, than can be served in time. */
  readonly overloaded: () => boolean;
  /** Whether connections are to be closed after their reply. */
  readonly closing: () => boolean;
  /** A defect of the server itself: the connection was dropped. */
  readonly defect: (error: unknown) => void;
}

export function serveExchange(res: HttpResponse, req: HttpRequest, rules: ExchangeRules): void {
  const exchange = new Exchange(res, rules);
  try {
    exchange.begin(req);
  } catch (error) {
    exchange.drop(error);
  }
}

class Exchange {
  readonly #res: HttpResponse;
  readonly #rules: ExchangeRules;
  readonly #abort = new AbortController();
  #conversation: Conversation | null = null;
  #timer: NodeJS.Timeout | null = null;
  #headOnly = false;
  /** True until the one reply is decided or the client has left. */
  #open = true;
  /** False once ended or aborted: from then on the response belongs to uWebSockets.js. */
  #usable = true;
  #bodyArrived = false;

  constructor(res: HttpResponse, rules: ExchangeRules) {
    this.#res = res;
    this.#rules = rules;
    res.onAborted(() => this.#abandon());
  }

  begin(req: HttpRequest): void {
    const { limits, converse } = this.#rules;
    const head = readHead(this.#res, req);
    this.#headOnly = head.method === 'HEAD';
    this.#conversation = converse(head);
    this.#timer = setTimeout(() => this.#expire(), limits.deadlineMs);
    if (this.#rules.overloaded()) return this.#turnAway(head);
    if (headerBytes(head) > limits.headerBytes) return this.#refuse('headers_too_large');
    if (!announcesBody(head)) return this.#answer(new Uint8Array());
    if (Number(head.headers.get('content-length') ?? 0) > limits.bodyBytes) return this.#refuse('body_too_large');
    return this.#receive(limits.bodyBytes);
  }

  drop(error: unknown): void {
    this.#rules.defect(error);
    if (this.#usable) this.#res.close();
  }

  /** Without a body on its way the connection stays: making it anew would cost more than the refusal. */
  #turnAway(head: RequestHead): void {
    this.#bodyArrived = !announcesBody(head);
    this.#refuse('overloaded');
  }

  #receive(limitBytes: number): void {
    const chunks: Buffer[] = [];
    let size = 0;
    this.#res.onData((chunk, isLast) => {
      if (!this.#open) return;
      size += chunk.byteLength;
      if (size > limitBytes) return this.#refuse('body_too_large');
      // A copy: the chunk's memory is taken back when this callback returns.
      chunks.push(Buffer.concat([new Uint8Array(chunk)]));
      if (isLast) this.#answer(Buffer.concat(chunks));
    });
  }

  #answer(body: Uint8Array): void {
    this.#bodyArrived = true;
    this.#rules.together(() => void this.#reply(body));
  }

  async #reply(body: Uint8Array): Promise<void> {
    const conversation = this.#conversation;
    if (conversation === null || !this.#open) return;
    try {
      this.#send(await conversation.answer(body, this.#abort.signal).catch((error: unknown) => conversation.refuse('failed', error)));
    } catch (error) {
      this.drop(error);
    }
  }

  #refuse(refusal: Refusal): void {
    const reply = this.#conversation?.refuse(refusal);
    if (reply !== undefined) this.#send(reply);
  }

  #expire(): void {
    this.#refuse(this.#bodyArrived ? 'deadline_passed' : 'body_timeout');
    this.#abort.abort();
  }

  #send(reply: Reply): void {
    if (!this.#open) return;
    this.#close();
    // After a refused body nobody waits for the rest of it: such a connection ends with this reply.
    const closeConnection = !this.#bodyArrived || this.#rules.closing();
    try {
      this.#conversation?.ended(reply);
      this.#res.cork(() => writeReply(this.#res, reply, { headOnly: this.#headOnly, closeConnection }));
      this.#usable = false;
    } catch (error) {
      this.drop(error);
    }
  }

  #abandon(): void {
    this.#usable = false;
    if (!this.#open) return;
    this.#close();
    this.#abort.abort();
    this.#conversation?.ended(null);
  }

  #close(): void {
    this.#open = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

/** GET and HEAD have no use for a body: whatever comes is left to uWebSockets.js to skip. */
function announcesBody(head: RequestHead): boolean {
  if (head.method === 'GET' || head.method === 'HEAD') return false;
  return head.headers.has('transfer-encoding') || (head.headers.get('content-length') ?? '0') !== '0';
}
