// Headers of replies whose wording depends on the client's language and whose content on who asks.
import type { Locale } from '../../runtime/mentorship/participant.ts';

export function localizedHeaders(locale: Locale): Record<string, string> {
  return { 'Content-Language': locale, Vary: 'Accept-Language, Authorization' };
}
