/** The scales of scores that make probabilities fit held-out examples. */

/** Held-out examples: the scores of their classes from one or more sources, and the right class of each. */
export interface ScoredExamples {
  readonly classes: number;
  /** Of each source [examples * classes]. */
  readonly sources: readonly ArrayLike<number>[];
  /** [examples] */
  readonly targets: ArrayLike<number>;
}

/** Least and largest scale. */
export const SCALES = [1 / 20, 20] as const;

/** Newton steps; a convex function of so few scales needs fewer than ten. */
const MOST_STEPS = 50;
const TOLERANCE = 1e-9;
/** Halvings of a step that is too long. */
const HALVINGS = 30;

/** Value and derivatives of the function that is made small. */
interface Slope {
  readonly value: number;
  readonly gradient: number[];
  readonly curvature: number[][];
}

/**
 * Scales, one for each source, with which the softmax of the sum of the scaled scores has the smallest cross-entropy. The function is convex. A
 * square around the begin, that of one example, keeps them finite where all examples are right. The result depends on the examples alone.
 *
 * @param begin the scales that stay where there are no examples
 * @returns the scales, within `SCALES` but for the begin
 * @see Guo et al. 2017, On calibration of modern neural networks, for one source
 */
export function fitScales(examples: ScoredExamples, begin: readonly number[]): number[] {
  if (examples.targets.length === 0) return [...begin];
  let scales = [...begin];
  let slope = slopeAt(examples, scales, begin);
  for (let step = 0; step < MOST_STEPS; step++) {
    const change = solved(slope.curvature, slope.gradient);
    let [next, there] = [scales, slope];
    for (let halving = 0; halving < HALVINGS && there.value >= slope.value; halving++) {
      next = scales.map((scale, at) => bounded(scale - (change[at] as number) * 0.5 ** halving));
      there = slopeAt(examples, next, begin);
    }
    if (!(there.value < slope.value - TOLERANCE)) break;
    [scales, slope] = [next, there];
  }
  return scales;
}

function bounded(scale: number): number {
  return Math.min(SCALES[1], Math.max(SCALES[0], scale));
}

/** The mean cross-entropy of scaled scores, nats. */
export function crossEntropyOf(examples: ScoredExamples, scales: readonly number[]): number {
  let sum = 0;
  const likely = new Float64Array(examples.classes);
  for (let at = 0; at < examples.targets.length; at++) sum += lossAt(examples, scales, at, likely);
  return sum / examples.targets.length;
}

/** The loss of an example; writes the probabilities of its classes. */
function lossAt(
  { classes, sources, targets }: ScoredExamples,
  scales: readonly number[],
  at: number,
  likely: Float64Array,
): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let each = 0; each < classes; each++) {
    let score = 0;
    for (let k = 0; k < sources.length; k++) {
      score += (scales[k] as number) * (sources[k]?.[at * classes + each] as number);
    }
    likely[each] = score;
    most = Math.max(most, score);
  }
  const right = (likely[targets[at] as number] as number) - most;
  let all = 0;
  for (let each = 0; each < classes; each++) {
    likely[each] = Math.exp((likely[each] as number) - most);
    all += likely[each] as number;
  }
  for (let each = 0; each < classes; each++) likely[each] = (likely[each] as number) / all;
  return Math.log(all) - right;
}

function slopeAt(examples: ScoredExamples, scales: readonly number[], begin: readonly number[]): Slope {
  const { classes, sources, targets } = examples;
  const away = scales.map((scale, k) => scale - (begin[k] as number));
  let value = away.reduce((sum, each) => sum + each ** 2 / 2, 0);
  const gradient = [...away];
  const curvature = scales.map((_, row) => scales.map((_scale, column) => (row === column ? 1 : 0)));
  const likely = new Float64Array(classes);
  for (let at = 0; at < targets.length; at++) {
    value += lossAt(examples, scales, at, likely);
    const means = sources.map((scores) => {
      let mean = 0;
      for (let each = 0; each < classes; each++)
        mean += (likely[each] as number) * (scores[at * classes + each] as number);
      return mean;
    });
    for (const [k, scores] of sources.entries()) {
      const own = curvature[k] as number[];
      gradient[k] =
        (gradient[k] as number) + (means[k] as number) - (scores[at * classes + (targets[at] as number)] as number);
      for (const [j, others] of sources.entries()) {
        let product = 0;
        for (let each = 0; each < classes; each++) {
          const index = at * classes + each;
          product += (likely[each] as number) * (scores[index] as number) * (others[index] as number);
        }
        own[j] = (own[j] as number) + product - (means[k] as number) * (means[j] as number);
      }
    }
  }
  const count = targets.length;
  return {
    value: value / count,
    gradient: gradient.map((each) => each / count),
    curvature: curvature.map((row) => row.map((each) => each / count)),
  };
}

/** Solves a positive definite system by elimination. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, at) => [...row, right[at] as number]);
  const size = rows.length;
  for (let pivot = 0; pivot < size; pivot++) {
    const own = rows[pivot] as number[];
    for (const [at, row] of rows.entries()) {
      if (at === pivot) continue;
      const factor = (row[pivot] as number) / (own[pivot] as number);
      for (let column = pivot; column <= size; column++)
        row[column] = (row[column] as number) - factor * (own[column] as number);
    }
  }
  return rows.map((row, at) => (row[size] as number) / (row[at] as number));
}
