import { describe, expect, it } from 'vitest';
import { RangeIndexError, ShapeError, UsageError } from '../../src/core/errors.js';
import { capture, codeOf, GuardedBlocks, load } from './captured-program.js';
import { type TrainingStep, trainingStep } from './training-graph.js';

const sizes = { symbols: 11, units: 5, steps: 4, batch: 3 };

/** Everything that a run may write. */
function memoryOf({ program, y, parameters, gradients }: TrainingStep): Buffer {
  const arena = program.real(y).buffer;
  return Buffer.concat([arena, parameters.buffer, gradients.buffer].map((buffer) => new Uint8Array(buffer)));
}

describe('batch sizes', () => {
  const step = trainingStep(sizes, 2);
  const run = (...batchSizes: readonly (readonly number[])[]) =>
    step.program.run(batchSizes.map((entries) => Int32Array.from(entries)));

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
      expect(codeOf(() => program.run(bad as unknown as Int32Array[], 0))).toBe('invalid_program');
    }
    for (const first of [-1, 1, 10_000, '0', undefined]) {
      expect(
        codeOf(() => program.run(sizesOf, first as number)),
        String(first),
      ).toBe('invalid_program');
    }
    expect(codeOf(() => program.start(sizesOf, 0, undefined as unknown as () => void))).toBe('invalid_program');
    program.run(sizesOf, 0);
    program.dispose();
    expect(codeOf(() => program.run(sizesOf, 0))).toBe('model_disposed');
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
    const run = () => step.program.run(batch);
    expect(run).toThrow(RangeIndexError);
    expect(run).toThrow(expect.objectContaining(expected));
    expect(run).toThrow(`${name} has index ${index} at row ${row}, expected ${low}..10`);
    await expect(step.program.start(batch)).rejects.toMatchObject(expected);
    expect(memoryOf(step).equals(before)).toBe(true);
    // Rows behind the batch are not looked at.
    step.write();
    step.program.integers(name)[row] = index;
    step.program.run([Int32Array.of(3, 2, 1)]);
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

describe('a disposed program', () => {
  it('refuses to run and may be disposed of again', () => {
    const { program, batchSizes } = trainingStep(sizes, 1);
    program.dispose();
    program.dispose();
    expect(() => program.run(batchSizes)).toThrow(UsageError);
    expect(codeOf(() => program.run(batchSizes))).toBe('model_disposed');
  });
});
