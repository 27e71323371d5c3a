/** Median, lowest, highest and number of some times in milliseconds. */
export function statistics(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => Number(sorted[Math.round(share * (sorted.length - 1))].toFixed(2));
  return { medianMs: at(0.5), lowestMs: at(0), highestMs: at(1), runs: sorted.length };
}
