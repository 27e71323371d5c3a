/** The number of edits that change one sequence into another. */

import { requireList } from '../core/arguments.js';

/** The edits of a shortest way from a reference to a hypothesis. */
export interface Edits {
  /** substitutions + deletions + insertions. */
  readonly distance: number;
  /** Symbols of the reference that the hypothesis replaces. */
  readonly substitutions: number;
  /** Symbols of the reference that the hypothesis lacks. */
  readonly deletions: number;
  /** Symbols of the hypothesis that the reference lacks. */
  readonly insertions: number;
}

/** Whole numbers for the symbols of two sequences, equal where the symbols are (===). */
function numbered<T>(reference: ArrayLike<T>, hypothesis: ArrayLike<T>): readonly [Int32Array, Int32Array] {
  const numbers = new Map<T, number>();
  const numbersOf = (sequence: ArrayLike<T>) =>
    Int32Array.from({ length: sequence.length }, (_, index) => {
      const symbol = sequence[index] as T;
      const known = numbers.get(symbol) ?? numbers.size;
      numbers.set(symbol, known);
      return known;
    });
  return [numbersOf(reference), numbersOf(hypothesis)];
}

/**
 * The edit distance with unit costs, and its edits. When several ways have the same cost, the one with the most
 * substitutions is counted (NIST's sclite may report another one); the distance is the same. Time is the product of the
 * lengths, memory the length of the hypothesis.
 *
 * @param reference the correct sequence: words, characters, ids
 * @see Levenshtein 1966; Wagner and Fischer 1974
 * @example editDistance([...'kitten'], [...'sitting']).distance; // => 3
 */
export function editDistance<T>(reference: ArrayLike<T>, hypothesis: ArrayLike<T>): Edits {
  for (const sequence of [reference, hypothesis]) if (typeof sequence !== 'string') requireList('a sequence', sequence);
  const [from, to] = numbered(reference, hypothesis);
  // For every cell of the current row: its distance, and the substitutions of its way. Insertions and deletions follow
  // from both, because their difference is the difference of the lengths.
  const distances = Int32Array.from({ length: to.length + 1 }, (_, column) => column);
  const substitutions = new Int32Array(to.length + 1);
  for (let row = 1; row <= from.length; row++) {
    let diagonal = row - 1;
    let diagonalSubstitutions = 0;
    distances[0] = row;
    for (let column = 1; column <= to.length; column++) {
      const above = distances[column] as number;
      const aboveSubstitutions = substitutions[column] as number;
      const differs = from[row - 1] === to[column - 1] ? 0 : 1;
      let best = diagonal + differs;
      let bestSubstitutions = diagonalSubstitutions + differs;
      const left = distances[column - 1] as number;
      for (const [distance, count] of [
        [above, aboveSubstitutions],
        [left, substitutions[column - 1] as number],
      ] as const) {
        if (distance + 1 > best || (distance + 1 === best && count <= bestSubstitutions)) continue;
        best = distance + 1;
        bestSubstitutions = count;
      }
      diagonal = above;
      diagonalSubstitutions = aboveSubstitutions;
      distances[column] = best;
      substitutions[column] = bestSubstitutions;
    }
  }
  const distance = distances[to.length] as number;
  const replaced = substitutions[to.length] as number;
  const deletions = (distance - replaced + from.length - to.length) / 2;
  return { distance, substitutions: replaced, deletions, insertions: distance - replaced - deletions };
}
