/** Utterances for decoders, and the results of enumerating all paths. */
import { RandomOperands } from '../oracle/random-matrix.js';

/** Logits [count, classes] in [-size, size]. */
export function randomScores(seed: number, count: number, classes: number, size = 2): Float64Array {
  return new RandomOperands(seed).matrix(count, classes, -size, size).data;
}

/** Collapses repeats and drops blanks. */
export function collapse(path: readonly number[], blank: number): number[] {
  return path.filter((label, frame) => label !== blank && label !== path[frame - 1]);
}

/** The probability of every sequence of labels that some path gives, by its labels joined with commas. */
export function enumerated(scores: Float64Array, classes: number, blank: number): Map<string, number> {
  const count = scores.length / classes;
  const says = Array.from({ length: count }, (_, frame) => {
    const row = [...scores.subarray(frame * classes, (frame + 1) * classes)].map(Math.exp);
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((value) => value / sum);
  });
  const found = new Map<string, number>();
  for (let index = 0; index < classes ** count; index++) {
    const path = says.map((_, frame) => Math.floor(index / classes ** frame) % classes);
    const probability = path.reduce((product, label, frame) => product * (says[frame]?.[label] as number), 1);
    const key = collapse(path, blank).join();
    found.set(key, (found.get(key) ?? 0) + probability);
  }
  return found;
}
