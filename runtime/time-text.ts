// Times as people and apps write them: RFC 3339 section 5.6, whose letters may be small and whose minutes may have a leap second.
import { z } from 'zod';

/** Its output is a text that `Date.parse` takes. */
export const timeText = z.preprocess(
  (text) => (typeof text === 'string' ? text.toUpperCase().replace(/:60(?=[.Z+-])/, ':59') : text),
  z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time' }),
);
