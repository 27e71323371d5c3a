import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { RangeIndexError, ShapeError, UsageError } from '../../src/core/errors.js';
import type { AxisSamples } from '../../src/native/addon.js';
import { capture, codeOf, GuardedBlocks, load } from './captured-program.js';
import { encoderDecoderStep, type TrainingStep, trainingStep } from './training-graph.js';

const sizes = { symbols: 11, units: 5, steps: 4, batch: 3 };

/** Everything that a run may write. */
function memoryOf({ program, y, parameters, gradients }: TrainingStep): Buffer {
  const arena = program.real(y).buffer;
  return Buffer.concat([arena, parameters.buffer, gradients.buffer].map((buffer) => new Uint8Array(buffer)));
}

describe('batch sizes', () => {
  const step = trainingStep(sizes, 2);
  const run = (...batchSizes: readonly (readonly number[])[]) =>
    step.program.execute(batchSizes.map((entries) => Int32Array.from(entries)));

  it.each([
    ['increase', [[1, 2]]],
    ['hold a zero', [[3, 0]]],
    ['are negative', [[3, -1]]],
    ['are more than the program has room for', [[4, 3]]],
    ['have more steps than the program has room for', [[1, 1, 1, 1, 1]]],
    ['have no step', [[]]],
    ['lack an axis', []],
    ['have an axis too many', [[3], [3]]],
    ['are huge', [[0x7fffffff]]],
  ])('that %s are refused, and nothing is written', (_, batchSizes) => {
    const before = memoryOf(step);
    expect(() => run(...batchSizes)).toThrow(ShapeError);
    expect(codeOf(() => run(...batchSizes))).toBe('shape_mismatch');
    expect(memoryOf(step).equals(before)).toBe(true);
  });

  it('that fit are run after all of these', () => {
    run([3, 2, 2, 1]);
    expect(step.program.real(step.loss)[0]).toBeCloseTo(Math.log(sizes.symbols), 0);
  });

  it('must be an array of Int32Array and come with an instruction to begin at', () => {
    const captured = capture(() => trainingStep(sizes, 1));
    const guarded = new GuardedBlocks(captured.blockBytes);
    guarded.fill(0);
    const program = load(captured, guarded.blocks);
    const sizesOf = [Int32Array.of(3)];
    for (const bad of [[[3]], [Float32Array.of(3)], [undefined], 3, undefined, null]) {
      expect(codeOf(() => program.execute(bad as unknown as Int32Array[], 0))).toBe('invalid_program');
    }
    for (const first of [-1, 1, 10_000, '0', undefined]) {
      expect(
        codeOf(() => program.execute(sizesOf, first as number)),
        String(first),
      ).toBe('invalid_program');
    }
    expect(codeOf(() => program.start(sizesOf, 0, undefined as unknown as () => void))).toBe('invalid_program');
    program.execute(sizesOf, 0);
    program.dispose();
    expect(codeOf(() => program.execute(sizesOf, 0))).toBe('model_disposed');
    expect(program.scratchBytes()).toBe(0);
  });
});

describe('indices', () => {
  it.each([
    ['ids', 11, 0],
    ['ids', -1, 0],
    ['ids', 0x7fffffff, 0],
    ['targets', 11, -1],
    ['targets', -2, -1],
    ['targets', -0x80000000, -1],
  ])('in %s that are %d are refused with name, row and index, and nothing is written', async (name, index, low) => {
    const step = trainingStep(sizes, 2);
    const row = 6;
    step.program.integers(name)[row] = index;
    const before = memoryOf(step);
    const batch = [Int32Array.of(3, 2, 2)];
    const details = { name, row, index, low, high: 10 };
    const expected = { code: 'index_out_of_range', details };
    const run = () => step.program.execute(batch);
    expect(run).toThrow(RangeIndexError);
    expect(run).toThrow(expect.objectContaining(expected));
    expect(run).toThrow(`${name} has index ${index} at row ${row}, expected ${low}..10`);
    await expect(step.program.start(batch)).rejects.toMatchObject(expected);
    expect(memoryOf(step).equals(before)).toBe(true);
    // Rows behind the batch are not looked at.
    step.write();
    step.program.integers(name)[row] = index;
    step.program.execute([Int32Array.of(3, 2, 1)]);
  });

  it('that change while a run reads them do no harm', async () => {
    const step = trainingStep({ symbols: 50, units: 3, steps: 400, batch: 20 }, 2);
    const [ids, targets] = [step.program.integers('ids'), step.program.integers('targets')];
    for (let round = 0; round < 20; round++) {
      step.write();
      const running = step.program.start(step.batchSizes);
      for (let row = 0; row < ids.length; row++) ids[row] = targets[row] = 0x70000000 + row;
      await running;
    }
    expect(Number.isFinite(step.parameters[0])).toBe(true);
  });
});

describe('samples', () => {
  type Given = readonly (readonly number[] | undefined)[];
  const step = encoderDecoderStep(2);
  const sizesOf = (time: readonly number[], other: readonly number[]) => [
    Int32Array.from(time),
    Int32Array.from(other),
  ];
  const batchSizes = sizesOf([3, 2, 1], [4, 2]);
  const arrays = (given: Given) => given.map((entries) => entries && Int32Array.from(entries));
  /** What a step has changed. */
  const changedBy = ({ parameters, gradients }: TrainingStep) => [...parameters, ...gradients];
  const resultOf = (samples?: AxisSamples) => {
    const fresh = encoderDecoderStep(2);
    fresh.program.execute(batchSizes, false, samples);
    return changedBy(fresh);
  };

  it.each<[string, Given, string]>([
    ['fewer than the sequences of the axis', [[0, 1]], 'axis time: samples of 2 sequences, the batch has 3'],
    ['none at all', [[]], 'axis time: samples of 0 sequences, the batch has 3'],
    ['more than the sequences', [[0, 1, 2, 3]], 'axis time: samples of 4 sequences, the batch has 3'],
    [
      'fewer than those of the other axis',
      [
        [0, 1, 2],
        [2, 1, 0],
      ],
      'axis other: samples of 3 sequences, the batch has 4',
    ],
    ['negative', [[0, -1, 2]], 'axis time: sample -1 at position 1, expected 0 or more'],
    [
      'negative on the other axis',
      [undefined, [0, 1, -0x80000000, 3]],
      'axis other: sample -2147483648 at position 2, expected 0 or more',
    ],
    [
      'none of the other axis',
      [[0, 1, 4]],
      'axis time: sample 4 at position 2, expected one of the 4 samples of axis other',
    ],
    [
      'huge',
      [[0x7fffffff, 1, 2]],
      'axis time: sample 2147483647 at position 0, expected one of the 4 samples of axis other',
    ],
    [
      'no permutation: one is too large',
      [undefined, [0, 1, 4, 2]],
      'axis other: sample 4 at position 2, expected 0 to 3',
    ],
    [
      'no permutation: one stands twice',
      [undefined, [2, 1, 0, 2]],
      'axis other: sample 2 at position 3, expected every sample once: position 0 has the same',
    ],
  ])('that are %s are refused, and nothing is written', async (_, given, message) => {
    const samples = arrays([given[0], given[1]]);
    const before = memoryOf(step);
    const refusal = expect.objectContaining({ code: 'shape_mismatch', message });
    expect(() => step.program.execute(batchSizes, false, samples)).toThrow(ShapeError);
    expect(() => step.program.execute(batchSizes, false, samples)).toThrow(refusal);
    await expect(step.program.start(batchSizes, { samples })).rejects.toEqual(refusal);
    expect(memoryOf(step).equals(before)).toBe(true);
  });

  it('are told with axis, position and sample', () => {
    const details = { axis: 'other', position: 3, sample: 2 };
    const run = () => step.program.execute(batchSizes, false, arrays([undefined, [2, 1, 0, 2]]));
    expect(run).toThrow(expect.objectContaining({ details }));
  });

  it('must be given for all axes or none, and may be left out where they are the numbers of the sequences', () => {
    const before = memoryOf(step);
    for (const samples of [[], [undefined], [undefined, undefined, undefined], new Array(0xffffffff)]) {
      expect(codeOf(() => step.program.execute(batchSizes, false, samples))).toBe('shape_mismatch');
    }
    expect(memoryOf(step).equals(before)).toBe(true);
    const own = resultOf(
      arrays([
        [0, 1, 2],
        [0, 1, 2, 3],
      ]),
    );
    for (const samples of [undefined, [null, undefined], arrays([[0, 1, 2], undefined])]) {
      expect(resultOf(samples)).toEqual(own);
    }
    expect(resultOf(step.samples)).not.toEqual(own);
  });

  it('that are left out are refused where the axis has more sequences than the other', () => {
    const message = 'axis time: sample 2 at position 2, expected one of the 2 samples of axis other';
    expect(() => step.program.execute(sizesOf([3], [2, 1]))).toThrow(expect.objectContaining({ message }));
    step.program.execute(sizesOf([3], [2, 1]), false, arrays([[0, 1, 1], undefined]));
  });

  it('need be no permutation where no operation joins the axis with another', () => {
    const alone = trainingStep(sizes, 1);
    alone.program.execute([Int32Array.of(3, 1)], false, [Int32Array.of(9, 9, 0x7fffffff)]);
    const refused = () => alone.program.execute([Int32Array.of(3, 1)], false, [Int32Array.of(9, 9, -1)]);
    expect(refused).toThrow('axis time: sample -1 at position 2');
  });

  it('that change while a run reads them change nothing', async () => {
    const expected = resultOf(step.samples);
    const shared = step.samples.map((entries) => {
      const memory = new Int32Array(new SharedArrayBuffer(16), 0, entries?.length);
      memory.set(entries as Int32Array);
      return memory;
    });
    const other = encoderDecoderStep(2);
    const running = other.program.start(batchSizes, { samples: shared });
    for (const memory of shared) memory.fill(0x7fffffff);
    await running;
    expect(changedBy(other)).toEqual(expected);
  });

  it('that another thread changes all the time are used as they were checked', async () => {
    const captured = capture(() => encoderDecoderStep(1));
    const guarded = new GuardedBlocks(captured.blockBytes);
    const program = load(captured, guarded.blocks);
    const memory = new Int32Array(new SharedArrayBuffer(32));
    const script = `const { workerData } = require('node:worker_threads');
      for (let round = 0; ; round++) for (const index of [2, 6]) workerData[index] = round % 2 === 0 ? 2 : 0x40000000;`;
    memory.set([0, 1, 2, 0, 0, 1, 2, 3]);
    const worker = new Worker(script, { eval: true, workerData: memory });
    await once(worker, 'online');
    const samples = [memory.subarray(0, 3), memory.subarray(4, 8)];
    for (let round = 0; round < 5000; round++) {
      guarded.fill(0);
      expect(['shape_mismatch', undefined]).toContain(codeOf(() => program.execute(batchSizes, 0, samples)));
    }
    await worker.terminate();
    expect(guarded.areMarginsIntact()).toBe(true);
  });

  it('and batch sizes must be arrays of Int32Array', () => {
    const captured = capture(() => encoderDecoderStep(1));
    const program = load(captured, new GuardedBlocks(captured.blockBytes).blocks);
    for (const bad of [[[0, 1, 2], undefined], [Float32Array.of(0, 1, 2), undefined], [0, 0], 3, 'no', {}]) {
      const samples = bad as unknown as AxisSamples;
      expect(codeOf(() => program.execute(batchSizes, 0, samples))).toBe('invalid_program');
      expect(codeOf(() => program.start(batchSizes, 0, () => {}, samples))).toBe('invalid_program');
    }
  });

  it('may detach each other or dispose of the program while they are read', () => {
    const captured = capture(() => encoderDecoderStep(1));
    const guarded = new GuardedBlocks(captured.blockBytes);
    guarded.fill(0);
    const program = load(captured, guarded.blocks);
    const [own, others] = [Int32Array.of(2, 0, 2), Int32Array.of(3, 2, 0, 1)];
    const withGetter = (action: () => void) =>
      Object.defineProperty([own, others], 1, {
        get: () => {
          action();
          return others;
        },
      });
    const detach = () => structuredClone(own.buffer, { transfer: [own.buffer] });
    expect(codeOf(() => program.execute(batchSizes, 0, withGetter(detach)))).toBe('shape_mismatch');
    expect(codeOf(() => program.execute(batchSizes, 0, [null, others]))).toBeUndefined();
    const dispose = withGetter(() => program.dispose());
    expect(codeOf(() => program.execute(batchSizes, 0, dispose))).toBe('model_disposed');
  });
});

describe('a disposed program', () => {
  it('refuses to run and may be disposed of again', () => {
    const { program, batchSizes } = trainingStep(sizes, 1);
    program.dispose();
    program.dispose();
    expect(() => program.execute(batchSizes)).toThrow(UsageError);
    expect(codeOf(() => program.execute(batchSizes))).toBe('model_disposed');
  });
});
