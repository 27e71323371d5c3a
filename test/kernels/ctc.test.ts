import { describe, expect, it } from 'vitest';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import { type CtcOptions, emitCtc } from '../../src/network/losses/ctc.js';
import { CompiledProgram } from '../../src/program/program.js';
import { emptyBlocks } from '../golden/blocks.js';
import { RandomOperands } from '../oracle/random-matrix.js';

interface Sizes {
  readonly frames: number;
  readonly classes: number;
  /** Rows of the target. */
  readonly rows: number;
}

/** The loss and the gradient of sequences of the same length, each with a target of so many rows. */
function lossProgram({ frames, classes, rows }: Sizes, batch: number, options: CtcOptions = {}) {
  const graph = new Graph();
  const logits = graph.external('logits', graph.steps('frames'), classes);
  const labels = graph.indices('labels', graph.steps('labels'), classes, { ignore: true });
  const { loss, losses } = emitCtc(graph, logits, labels, { reduction: 'sum', ...options });
  const gradient = differentiate(graph, [{ value: loss, gradient: graph.external('dloss', 1, 1) }], [logits]).get(
    logits.id,
  ) as Value;
  const axes = new Map([
    ['frames', { steps: frames, batch, rows: frames * batch }],
    ['labels', { steps: rows, batch, rows: rows * batch }],
  ]);
  const outputs = [loss, losses, gradient];
  const program = new CompiledProgram(graph, { outputs, axes, blocks: emptyBlocks(), threads: 1 });
  const sizes = [new Int32Array(frames).fill(batch), new Int32Array(rows).fill(batch)];
  return (scores: ArrayLike<number>, targets: ArrayLike<number>) => {
    program.real('logits').set(scores);
    program.integers('labels').set(targets);
    program.real('dloss').fill(1);
    program.execute(sizes);
    const read = (value: Value) => [...program.real(value)];
    return { loss: program.real(loss)[0] as number, losses: read(losses), gradient: read(gradient) };
  };
}

/** Rows of sequences, time-major. */
const timeMajor = (sequences: readonly (readonly number[])[]) =>
  (sequences[0] ?? []).flatMap((_, step) => sequences.map((sequence) => sequence[step] as number));

describe('labels that no path stands for', () => {
  const sizes = { frames: 3, classes: 4, rows: 3 };
  const logits = new RandomOperands(3).matrix(3 * 2, 4).data;
  // The gradients of the first sequence and of the second: rows take turns.
  const byTurns = (gradient: readonly number[], turn: number) =>
    gradient.filter((_, index) => Math.floor(index / 4) % 2 === turn);

  it('that do not fit have an infinite loss and NaN gradients, the other sequences are as ever', () => {
    const { loss, losses, gradient } = lossProgram({ ...sizes, frames: 2 }, 2)(
      logits.subarray(0, 16),
      timeMajor([
        [1, 2, -1],
        [1, 1, -1],
      ]),
    );
    expect(loss).toBe(Number.POSITIVE_INFINITY);
    expect(losses).toEqual([expect.closeTo(losses[0] as number), Number.POSITIVE_INFINITY]);
    expect(losses[0]).toBeLessThan(20);
    expect(byTurns(gradient, 0).every(Number.isFinite)).toBe(true);
    expect(byTurns(gradient, 1).every(Number.isNaN)).toBe(true);
  });

  it('that do not fit count as 0 with zeroInfinity, and are still seen to be infinite', () => {
    const run = lossProgram({ ...sizes, frames: 2 }, 2, { zeroInfinity: true });
    const { loss, losses, gradient } = run(
      logits.subarray(0, 16),
      timeMajor([
        [1, 2, -1],
        [1, 1, -1],
      ]),
    );
    expect(loss).toBe(losses[0]);
    expect(losses[1]).toBe(Number.POSITIVE_INFINITY);
    expect(byTurns(gradient, 0).some((value) => value !== 0)).toBe(true);
    expect(byTurns(gradient, 1).every((value) => value === 0)).toBe(true);
  });

  it.each([
    ['the blank', [1, 0, -1]],
    ['an end mark before the end', [-1, 1, -1]],
    ['no end mark', [1, 2, 3]],
  ])('with %s have a NaN loss and NaN gradients, zeroInfinity or not', (_, wrong) => {
    for (const zeroInfinity of [false, true]) {
      const { loss, losses, gradient } = lossProgram(sizes, 2, { zeroInfinity })(
        logits,
        timeMajor([[1, 2, -1], wrong]),
      );
      expect([loss, losses[1]]).toEqual([Number.NaN, Number.NaN]);
      expect(losses[0]).toBeLessThan(20);
      expect(byTurns(gradient, 0).every(Number.isFinite)).toBe(true);
      expect(byTurns(gradient, 1).every(Number.isNaN)).toBe(true);
    }
  });

  it('with an entry outside -1..C-1 are refused before anything is computed', () => {
    for (const entry of [4, -2, 0x7fffffff]) {
      const run = () =>
        lossProgram(sizes, 2)(
          logits,
          timeMajor([
            [1, entry, -1],
            [1, 2, -1],
          ]),
        );
      expect(run).toThrow(expect.objectContaining({ code: 'index_out_of_range' }));
    }
  });
});

describe('logits', () => {
  it('of a model that says almost nothing but blanks give a finite loss, however many labels it denies', () => {
    // Each of 120 labels has a probability of about e^-60: e^-7200 in all, far below any float or double.
    const sizes = { frames: 400, classes: 5, rows: 121 };
    const logits = Array.from({ length: 400 * 5 }, (_, index) => (index % 5 === 0 ? 30 : -30));
    const labels = Array.from({ length: 121 }, (_, index) => (index === 120 ? -1 : 1 + (index % 4)));
    const { loss, gradient } = lossProgram(sizes, 1)(logits, labels);
    // All paths that say each label once have the same probability; 400 choose 120 of them, and few others.
    const ways = Array.from({ length: 120 }, (_, index) => Math.log((280 + index + 1) / (index + 1))).reduce(
      (a, b) => a + b,
      0,
    );
    expect(Math.abs(loss - (120 * 60 - ways))).toBeLessThan(1e-3);
    expect(gradient.every(Number.isFinite)).toBe(true);
    // The 120 labels are missing, the blanks too many.
    const ofBlanks = gradient.filter((_, index) => index % 5 === 0).reduce((a, b) => a + b, 0);
    expect(ofBlanks).toBeCloseTo(120, 2);
  });

  it('of minus infinity are classes that cannot be said, and NaN makes the loss NaN', () => {
    const run = lossProgram({ frames: 2, classes: 3, rows: 2 }, 1);
    const never = Number.NEGATIVE_INFINITY;
    const { loss, gradient } = run([0, 0, never, 0, 0, never], [1, -1]);
    expect(loss).toBeCloseTo(-Math.log(3 / 4), 6);
    expect([gradient[2], gradient[5]]).toEqual([0, 0]);
    expect(run([0, never, 0, 0, never, 0], [1, -1]).loss).toBe(Number.POSITIVE_INFINITY);
    expect(run([0, Number.NaN, 0, 0, 0, 0], [1, -1]).loss).toBeNaN();
    expect(run([0, 0, Number.POSITIVE_INFINITY, 0, 0, 0], [1, -1]).loss).toBeNaN();
  });
});

describe('a sequence', () => {
  it('has the loss and the gradient that it has alone, to the last bit', () => {
    const sizes = { frames: 23, classes: 19, rows: 9 };
    const random = new RandomOperands(11);
    const scores = Array.from({ length: 5 }, () => [...random.matrix(23, 19, -4, 4).data]);
    const targets = scores.map((_, index) =>
      Array.from({ length: 9 }, (__, step) => (step === 8 ? -1 : 1 + ((step * step + index) % 18))),
    );
    const rows = Array.from({ length: 23 }, (_, t) =>
      scores.flatMap((sequence) => sequence.slice(t * 19, (t + 1) * 19)),
    ).flat();
    const together = lossProgram(sizes, 5)(rows, timeMajor(targets));
    scores.forEach((sequence, b) => {
      const alone = lossProgram(sizes, 1)(sequence, targets[b] as number[]);
      expect(together.losses[b]).toBe(alone.loss);
      expect(together.gradient.filter((_, index) => Math.floor(index / 19) % 5 === b)).toEqual(alone.gradient);
    });
  });
});
