/** Seeds of initial values and noise for tests that train and check the result, where several seeds are cheap. */
export const SEEDS = [1, 2, 3] as const;
