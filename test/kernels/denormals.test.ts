/**
 * Numbers below the smallest normal one: kernels take them for zero, which keeps them fast (bench/denormals.mjs), and JavaScript's own
 * arithmetic has them, before, while and after kernels work.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { info } from '../../src/native/info.js';
import { characterModel, randomBatch } from '../model/small-models.js';
import { trainingStep } from './training-graph.js';

/** Read from arrays, so that no compiler computes the results in advance. */
const [tiny, smallest] = new Float64Array([2 ** -1030, 5e-324]) as unknown as [number, number];
const [single] = new Float32Array([2 ** -140]) as unknown as [number];
const products = () => [tiny / 4, tiny * 0.5, smallest * 3, smallest / 2, tiny - tiny / 2, single * 2 ** 10, tiny + 0];
const exact = [2 ** -1032, 2 ** -1031, 1.5e-323, 0, 2 ** -1031, 2 ** -130, 2 ** -1030];

/** Whether JavaScript on this thread computes with denormal numbers. */
function expectDenormals(): void {
  expect(products()).toEqual(exact);
  expect(Math.fround(single / 4)).toBe(2 ** -142);
}

/** Takes milliseconds. */
const sizes = { symbols: 20, units: 64, steps: 100, batch: 8 };

describe.each([1, 2])('the arithmetic of JavaScript with %i threads', (threads) => {
  it('is what it was after the addon was loaded, and after an execution on this thread', () => {
    info();
    expectDenormals();
    const step = trainingStep(sizes, threads);
    expectDenormals();
    step.program.execute(step.batchSizes);
    expectDenormals();
  });

  it('is what it was while other threads work, and in the turn in which they have ended', async () => {
    const step = trainingStep(sizes, threads);
    let isOver = false;
    let turns = 0;
    const ended = step.program.start(step.batchSizes).then(() => {
      expectDenormals();
      isOver = true;
    });
    while (!isOver) {
      expectDenormals();
      turns++;
      await nextTurn();
    }
    await ended;
    expect(turns).toBeGreaterThan(0);
    expectDenormals();
  });

  it('is what it was after an execution that was refused, or stopped', async () => {
    // Seconds long: it is not over before it is stopped.
    const step = trainingStep({ symbols: 20, units: 512, steps: 6000, batch: 1 }, threads);
    expect(() => step.program.execute([Int32Array.of(9)])).toThrow(/batch/);
    expectDenormals();
    const controller = new AbortController();
    const run = step.program.start(step.batchSizes, { signal: controller.signal });
    controller.abort('enough');
    await expect(run).rejects.toBe('enough');
    expectDenormals();
  });

  it('is what it was after steps, predictions and streams of a model', async () => {
    const model = characterModel({}, { threads });
    const batch = randomBatch([5, 3]);
    const stream = model.stream();
    for (const call of [
      () => model.trainStepSync(batch),
      () => model.trainStep(batch),
      () => model.predictPackedSync(batch),
      () => model.evaluate(batch),
      () => stream.step(1),
    ]) {
      await call();
      expectDenormals();
    }
  });
});

const canFlush = info().isa !== 'generic';
if (!canFlush) process.stderr.write('SKIPPED: kernels that take denormal numbers for zero: not on this processor\n');

describe.skipIf(!canFlush)('kernels', () => {
  it.each([1, 2])(
    'take denormal weights and inputs for zero, on this thread and on others (%i threads)',
    async (threads) => {
      const step = trainingStep(sizes, threads);
      const tinyWeights = () => {
        step.write();
        step.parameters.fill(2 ** -130);
        step.program.doubles('h').set([0], 0); // a learning rate of zero
        step.program.real('h0').fill(2 ** -140);
      };
      // Sums of nothing but zeros: all symbols are as probable as the others, and no gradient comes back to the cell.
      const expectFlushed = () => {
        expect([...step.program.real(step.y).subarray(0, 8 * sizes.units)].every((state) => state === 0)).toBe(true);
      };
      tinyWeights();
      step.program.execute(step.batchSizes);
      expectFlushed();
      tinyWeights();
      await step.program.start(step.batchSizes);
      expectFlushed();
    },
  );
});
