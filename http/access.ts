// Who may call what. Each access level has one guard, which answers the caller or throws the problem to reply with.
import type { Profile } from '../machines/ids.ts';
import { HttpProblem } from './problem.ts';
import type { RequestHead } from './request-head.ts';

/** Access levels, and what is known of a caller who passed: a driver's token, the admin rules, the same rules without the token. */
export interface CallerOf {
  readonly driver: Profile;
  readonly operator: null;
  readonly monitor: null;
}
export type Access = keyof CallerOf;

export type LevelGuards = { readonly [Level in Access]: (head: RequestHead) => Promise<CallerOf[Level]> };

export interface Guards extends LevelGuards {
  /** Counts a driver's request. Answers headers for the reply; throws 429. */
  readonly quota?: (caller: Profile) => Readonly<Record<string, string>>;
}

const challenge = 'Bearer realm="contractor-mentorship"';

/** The token of `Authorization: Bearer <token>`; throws 401 when there is none. */
export function bearerToken(head: RequestHead): string {
  const header = head.headers.get('authorization');
  if (header === undefined) {
    throw new HttpProblem('unauthorized', 'A bearer token is required.', { 'WWW-Authenticate': challenge });
  }
  const token = /^bearer +([0-9A-Za-z._~+/=-]+)$/i.exec(header)?.[1];
  if (token === undefined) throw invalidToken('the Authorization header is not a bearer token');
  return token;
}

/** `reason` is our own words: it goes into a header and the reply. */
export function invalidToken(reason: string): HttpProblem {
  const headers = { 'WWW-Authenticate': `${challenge}, error="invalid_token", error_description="${reason}"` };
  return new HttpProblem('unauthorized', `The token was not accepted: ${reason}.`, headers);
}
