/** How often the soak tests repeat what they do. `npm run soak` sets it; the suite does little. */

/** Repetitions asked for; 2 in the suite. */
export const soakRepeats = Number(process.env['BPTT_SOAK_REPEAT'] || 2);

/** Seed of the random moments. */
export const soakSeed = Number(process.env['BPTT_SOAK_SEED'] || 1);

/** Milliseconds that a test may take when no repetition hangs. @param each of one repetition that hangs */
export function soakTimeout(each: number): number {
  return each + soakRepeats * 30_000;
}
