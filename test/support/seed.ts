/** The seed of this run: REHOME_TEST_SEED, or one drawn anew. Print it, so that a failure can be repeated. */
export const testSeed: number = Number(process.env["REHOME_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How many times as much of what is drawn at random is tried: REHOME_TEST_TIMES, or once. The long tests set it. */
export const testTimes: number = Number(process.env["REHOME_TEST_TIMES"] ?? 1);
