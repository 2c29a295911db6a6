// Seeded randomness: everything that may differ between two seeds is drawn here, so that one number replays a whole run.

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  chance(probability: number): boolean;
  /** A whole number of `[from, to]`. */
  between(from: number, to: number): number;
  pick<Item>(items: readonly Item[]): Item;
  shuffled<Item>(items: readonly Item[]): Item[];
  uuid(): string;
}

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded by a few rounds of its own. */
export function createRandom(seed: number): Random {
  let [a, b, c, counter] = [0x9e37_79b9, seed | 0, (seed / 0x1_0000_0000) | 0, 1];
  const next32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next32();
  const next = (): number => next32() / 0x1_0000_0000;
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[between(0, items.length - 1)];
    if (item === undefined) throw new TypeError('nothing to pick from');
    return item;
  };
  return {
    next,
    chance: (probability) => next() < probability,
    between,
    pick,
    shuffled: (items) => {
      const copy = [...items];
      for (let place = copy.length - 1; place > 0; place -= 1) {
        const other = between(0, place);
        [copy[place], copy[other]] = [copy[other] as never, copy[place] as never];
      }
      return copy;
    },
    uuid: () => {
      const digits = [next32(), next32(), next32(), next32()].map((word) => word.toString(16).padStart(8, '0')).join('');
      const variant = '89ab'[between(0, 3)];
      return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
    },
  };
}
