/** Seeds of initial values and noise that a test which trains and judges the result runs with, where that is cheap. */
export const SEEDS = [1, 2, 3] as const;
