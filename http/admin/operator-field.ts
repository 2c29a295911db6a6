// Who acts and why, as requests of operators tell it.
import { z } from 'zod';
import { holdsPhone, isActor, unnamedOperator } from '../../runtime/operator-actions.ts';

export const operatorHeaders = z.object({
  'x-operator': z
    .string()
    .refine(isActor, 'must be up to 64 of 0-9, A-Z, a-z and ._@-, and no phone number')
    .default(unnamedOperator)
    .describe('Who acts; kept with the action.'),
});

export const reasonField = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(500, 'must be at most 500 characters')
  .refine((text) => !holdsPhone(text), 'must hold no phone number')
  .describe('Kept in the history.');

/** For acts whose reason is welcome and not demanded: in the query or in the body. */
export const reasonQuery = z.strictObject({ reason: reasonField.optional() });
export const reasonBody = z.strictObject({ reason: reasonField.optional() });

interface ReasonedInput {
  readonly headers: z.output<typeof operatorHeaders>;
  readonly query: z.output<typeof reasonQuery>;
  readonly body: z.output<typeof reasonBody>;
}

export function operatorOf({ headers, query, body }: ReasonedInput): { actor: string; reason: string | null } {
  return { actor: headers['x-operator'], reason: body.reason ?? query.reason ?? null };
}
