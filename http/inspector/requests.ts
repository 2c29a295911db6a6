// What a watcher may say. One text message each, small, and checked before anything else is done with it.
import { z } from 'zod';
import { parseTopic, type Topic } from './topics.ts';

export const maxTopics = 16;
export const maxHistory = 200;

/** `own`: this service's frames; `official`: those of @statelyai/inspect. */
export type Dialect = 'own' | 'official' | 'both';

export interface WatchRequest {
  readonly topics: readonly Topic[];
  readonly dialect: Dialect;
  /** How many past moves of an entity come first. */
  readonly history: number;
}

export type WatcherRequest =
  | { readonly type: 'prove'; readonly token: string }
  /** Takes the place of what was watched before. */
  | ({ readonly type: 'watch' } & WatchRequest);

const topic = z.string().max(100).transform((text, check) => {
  const parsed = parseTopic(text);
  if (parsed === null) check.addIssue('must be machine/<id> or entity/<id>');
  return parsed ?? z.NEVER;
});
const watched = {
  topics: z.array(topic).max(maxTopics, `must name at most ${maxTopics} topics`),
  frames: z.enum(['own', 'official', 'both']).default('both'),
  history: z.int().min(0).max(maxHistory).default(50),
};
const request = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('@mentorship.prove'), token: z.string().min(1).max(1_000) }),
  z.strictObject({ type: z.literal('@mentorship.watch'), ...watched }),
]);

/** Null with the reason for anything that is no request. */
export function parseRequest(text: string): WatcherRequest | { readonly type: 'malformed'; readonly reason: string } {
  const decoded = request.safeParse(jsonOf(text));
  if (!decoded.success) {
    const [issue] = decoded.error.issues;
    return { type: 'malformed', reason: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim() };
  }
  const { data } = decoded;
  if (data.type === '@mentorship.prove') return { type: 'prove', token: data.token };
  return { type: 'watch', topics: data.topics, dialect: data.frames, history: data.history };
}

/** `?topic=...&topic=...&frames=official&history=20`, for receivers that only listen; null when it names no topic. */
export function watchOfQuery(query: string): WatchRequest | null {
  const asked = new URLSearchParams(query);
  const history = asked.get('history');
  const decoded = z.object(watched).safeParse({
    topics: asked.getAll('topic'),
    frames: asked.get('frames') ?? undefined,
    history: history === null ? undefined : Number(history),
  });
  if (!decoded.success || decoded.data.topics.length === 0) return null;
  const { topics, frames, history: past } = decoded.data;
  return { topics, dialect: frames, history: past };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
