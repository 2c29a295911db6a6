// Stand-in of personal.
import { z } from 'zod';
import { bulkEndpoint } from './input.ts';
import type { Endpoints } from './stand-in.ts';
import { findByPhonePdId, type World } from './world.ts';

const idItem = z.strictObject({ id: z.string().min(1) });

export function personalEndpoints(world: World): Endpoints {
  return {
    'POST /v1/phones/bulk-retrieve': bulkEndpoint(idItem, (items) =>
      items.flatMap(({ id }) => {
        const person = findByPhonePdId(world, id);
        return person === null ? [] : [{ id, value: person.phone }];
      }),
    ),
  };
}
