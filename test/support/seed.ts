/** Seed of random inputs: SEED, so that a failure which names it can be had again, or any. */
export const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
