// personal: phone numbers by their personal-data ids.
import { z } from 'zod';
import type { Personal } from '../upstream.ts';
import { requestInBatches } from './batches.ts';
import type { JsonCall, Upstream } from './request.ts';

// E.164: a plus and up to 15 digits, the first of them not zero.
const phoneForm = /^\+[1-9]\d{6,14}$/;
const phonesReply = z.object({ items: z.array(z.object({ id: z.string().min(1), value: z.string() })) });

export function createPersonal(upstream: Upstream): Personal {
  return {
    phones: async (ids, signal) => {
      const items = await requestInBatches(upstream, [...new Set(ids)], phonesCall, signal);
      return new Map(items.map(({ id, value }) => [id, phoneForm.test(value) ? value : null]));
    },
  };
}

function phonesCall(ids: readonly string[]): JsonCall<z.output<typeof phonesReply>> {
  const items = ids.map((id) => ({ id }));
  return { method: 'phones', path: '/v1/phones/bulk-retrieve', body: { items }, schema: phonesReply };
}
