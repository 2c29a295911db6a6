// Rows that no careful reader can use. Each is one of a kind, so that the rejects can be counted.
import type { Random } from './random.ts';

const pair = { newbie_park_id: 'park0', newbie_driver_id: 'newbie0-0', mentor_park_id: 'park0', mentor_driver_id: 'mentor0-0' };
const date = '2026-01-01T10:00:00Z';

type Make = (mark: number) => unknown;

const kinds: Readonly<Record<'distribution' | 'results' | 'promocodes', readonly Make[]>> = {
  distribution: [
    (mark) => mark,
    (mark) => [mark],
    (mark) => ({ mark }),
    (mark) => ({ ...pair, connected_dttm: `yesterday ${mark}` }),
    (mark) => ({ ...pair, connected_dttm: `2026-02-30T00:00:${String(mark % 60).padStart(2, '0')}Z` }),
    (mark) => ({ ...pair, connected_dttm: `2099-01-01T00:00:${String(mark % 60).padStart(2, '0')}Z` }),
    (mark) => ({ ...pair, connected_dttm: `1999-01-01T00:00:${String(mark % 60).padStart(2, '0')}Z` }),
    (mark) => ({ ...pair, newbie_driver_id: `bad id ${mark}`, connected_dttm: date }),
    (mark) => ({ ...pair, mentor_park_id: mark, connected_dttm: date }),
    (mark) => ({ ...pair, mentor_driver_id: null, connected_dttm: date, mark }),
    (mark) => ({ ...pair, mentor_driver_id: pair.newbie_driver_id, connected_dttm: date, mark }),
  ],
  results: [
    (mark) => mark,
    (mark) => ({ mark }),
    (mark) => ({ udid: mark }),
    (mark) => ({ udid: `udid with spaces ${mark}` }),
    (mark) => ({ udid: 'udid-newbie0', rate_avg_7d: { mark } }),
    (mark) => ({ udid: 'udid-newbie0', sh_14d: `${mark}`.repeat(70) }),
  ],
  promocodes: [
    (mark) => mark,
    (mark) => ({ entity_id: mark, promocode: 'X' }),
    (mark) => ({ entity_id: `three_parts_${mark}`, promocode: 'X' }),
    (mark) => ({ entity_id: 'park0_newbie0-0', promocode: `${mark}`.repeat(70) }),
    (mark) => ({ entity_id: `park9_nobody-${mark}`, promocode: 'NOBODY' }),
  ],
};

export function anyGarbage(random: Random, table: keyof typeof kinds): unknown {
  return random.pick(kinds[table])(random.between(1, 1_000_000));
}
