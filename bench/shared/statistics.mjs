/** Four significant digits: more than any of these figures is worth. */
export const rounded = (value) => Number(value.toPrecision(4));

/** The middle of some numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) / 2)];
}

/** Median, lowest, highest and number of some times in milliseconds. */
export function statistics(times) {
  const middle = rounded(median(times));
  const [lowest, highest] = [Math.min(...times), Math.max(...times)].map(rounded);
  return { medianMs: middle, lowestMs: lowest, highestMs: highest, runs: times.length };
}
