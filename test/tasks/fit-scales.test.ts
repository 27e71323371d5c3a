import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { crossEntropyOf, fitScales, SCALES, type ScoredExamples } from '../../src/tasks/building-blocks/fit-scales.js';
import { probabilities } from '../../src/tasks/building-blocks/probabilities.js';

/** Examples whose targets are drawn by the softmax of the sum of the sources, each times its scale. */
function drawn(scales: readonly number[], { count = 4000, classes = 3 } = {}): ScoredExamples {
  const random = new Random(1, 'scales');
  const sources = scales.map(() => Array.from({ length: count * classes }, () => 6 * random.uniform() - 3));
  const targets = Array.from({ length: count }, (_, at) => {
    const likely = probabilities(
      Array.from({ length: classes }, (_class, each) =>
        scales.reduce((sum, scale, k) => sum + scale * (sources[k]?.[at * classes + each] as number), 0),
      ),
    );
    let left = random.uniform();
    const found = likely.findIndex((each) => {
      left -= each;
      return left < 0;
    });
    return found < 0 ? classes - 1 : found;
  });
  return { classes, sources, targets };
}

describe('scales of scores', () => {
  it('are those by which the targets were drawn', () => {
    expect(fitScales(drawn([0.5]), [1])[0]).toBeCloseTo(0.5, 1);
    expect(fitScales(drawn([2]), [1])[0]).toBeCloseTo(2, 0.7);
    const [first, second] = fitScales(drawn([0.7, 0.2]), [1, 0]);
    expect(first).toBeCloseTo(0.7, 1);
    expect(second).toBeCloseTo(0.2, 1);
  });

  it('have the smallest cross-entropy, but for the square of one example', () => {
    const examples = drawn([0.6, 0.3], { count: 300 });
    const found = fitScales(examples, [1, 0]);
    const [a, b] = found as [number, number];
    const cost = (scales: readonly number[]) =>
      300 * crossEntropyOf(examples, scales) + ((scales[0] as number) - 1) ** 2 / 2 + (scales[1] as number) ** 2 / 2;
    for (const [x, y] of [
      [0.02, 0],
      [-0.02, 0],
      [0, 0.02],
      [0, -0.02],
      [0.02, -0.02],
    ] as const) {
      expect(cost([a + x, b + y])).toBeGreaterThan(cost(found));
    }
  });

  it('stay finite where all targets are right, and where all are wrong', () => {
    const right = { classes: 2, sources: [[3, 0, 0, 3]], targets: [0, 1] };
    const [sure = 0] = fitScales(right, [1]);
    expect(sure).toBeGreaterThan(1);
    expect(sure).toBeLessThan(2);
    const wrong = {
      classes: 2,
      sources: [Array.from({ length: 200 }, (_, at) => (at % 2) * 9)],
      targets: Array(100).fill(0),
    };
    expect(fitScales(wrong, [1])).toEqual([SCALES[0]]);
  });

  it('stay what they were without examples', () => {
    expect(fitScales({ classes: 2, sources: [[], []], targets: [] }, [1, 0])).toEqual([1, 0]);
  });

  it('weigh two classes of equal scores alike', () => {
    const equal = { classes: 2, sources: [[1, 1, 4, 4]], targets: [0, 1] };
    expect(fitScales(equal, [1])).toEqual([1]);
    expect(crossEntropyOf(equal, [7])).toBeCloseTo(Math.log(2), 12);
  });
});
