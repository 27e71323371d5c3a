import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.js';
import { type TrainingSizes, type TrainingStep, trainingStep } from './training-graph.js';

/**
 * Takes many seconds, of which the steps that are waited for are the smallest part: no machine is so busy that it is over before this
 * thread has seen it begin. Memory that no step has reached costs nothing.
 */
const long = { symbols: 50, units: 512, steps: 6000, batch: 1 };
/** Takes tens of milliseconds. */
const medium = { symbols: 50, units: 128, steps: 100, batch: 16 };
const short = { symbols: 7, units: 17, steps: 4, batch: 3 };

/** Batch sizes of a few of its steps. */
const few = [new Int32Array(3).fill(long.batch)];

const bitsOf = (array: Float32Array | Float64Array): Buffer =>
  Buffer.from(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));

/** Returns when the forward pass of the current execution has reached some step: its state is no longer NaN. */
async function untilStepIsDone({ program, y }: TrainingStep, row: number): Promise<void> {
  const states = program.real(y);
  while (Number.isNaN(states[row * long.units])) await nextTurn();
}

/** A step whose results are NaN before the execution, and its parameters. */
function prepared(threads: number, sizes: TrainingSizes = medium) {
  const step = trainingStep(sizes, threads);
  step.program.real(step.y).fill(Number.NaN);
  step.program.real(step.loss).fill(Number.NaN);
  return { step, before: bitsOf(step.parameters) };
}

describe.each([1, 2])('a run off the event loop with %i threads', (threads) => {
  it('that is aborted half-way rejects with the reason of the signal and leaves the parameters', async () => {
    const { step, before } = prepared(threads, long);
    const controller = new AbortController();
    const reason = new Error('enough');
    const run = step.program.start(step.batchSizes, { signal: controller.signal });
    const ending = run.catch((error: unknown) => error);
    await untilStepIsDone(step, 20 * long.batch);
    controller.abort(reason);
    expect(await ending).toBe(reason);
    // It was under way, and did not come to the loss.
    expect(step.program.real(step.y)[0]).not.toBeNaN();
    expect(step.program.real(step.loss)[0]).toBeNaN();
    expect(bitsOf(step.parameters).equals(before)).toBe(true);

    // The program is whole: the next run, of a few steps, gives what a fresh program gives.
    step.write();
    await step.program.start(few);
    const { step: fresh } = prepared(1, long);
    fresh.program.execute(few);
    expect(bitsOf(step.parameters).equals(bitsOf(fresh.parameters))).toBe(true);
    expect(bitsOf(step.parameters).equals(before)).toBe(false);
  });

  it('that is aborted before its start does not begin', async () => {
    const { step, before } = prepared(threads);
    const signal = AbortSignal.abort('never mind');
    await expect(step.program.start(step.batchSizes, { signal })).rejects.toBe('never mind');
    await nextTurn();
    expect(step.program.real(step.y)[0]).toBeNaN();
    expect(bitsOf(step.parameters).equals(before)).toBe(true);
  });

  it('that is aborted at once, or after its end, is either stopped or done', async () => {
    const { step, before } = prepared(threads, long);
    const atOnce = new AbortController();
    const run = step.program.start(step.batchSizes, { signal: atOnce.signal });
    atOnce.abort('at once');
    await expect(run).rejects.toBe('at once');
    expect(bitsOf(step.parameters).equals(before)).toBe(true);
    const late = new AbortController();
    step.write();
    await step.program.start(few, { signal: late.signal });
    late.abort('too late');
    expect(bitsOf(step.parameters).equals(before)).toBe(false);
  });
});

describe('a run under way', () => {
  it('keeps a second one of the same program out, and lets nobody dispose of it', async () => {
    const { step } = prepared(2, long);
    const controller = new AbortController();
    const run = step.program.start(step.batchSizes, { signal: controller.signal });
    const busy = expect.objectContaining({ code: 'model_busy' });
    expect(() => step.program.execute(step.batchSizes)).toThrow(busy);
    expect(() => step.program.execute(step.batchSizes)).toThrow(UsageError);
    await expect(step.program.start(step.batchSizes)).rejects.toEqual(busy);
    expect(() => step.program.dispose()).toThrow(busy);
    controller.abort('seen');
    await expect(run).rejects.toBe('seen');
    step.write();
    step.program.execute(few);
    step.program.dispose();
  });

  it('does not keep another program from running on the calling thread, with the same bits', async () => {
    const { step } = prepared(2, long);
    const [alone, beside] = [trainingStep(short, 2), trainingStep(short, 2)];
    alone.program.execute(alone.batchSizes);
    const controller = new AbortController();
    const run = step.program.start(step.batchSizes, { signal: controller.signal });
    const ending = run.catch((error: unknown) => error);
    await untilStepIsDone(step, 0);
    beside.program.execute(beside.batchSizes);
    expect(step.program.real(step.loss)[0], 'the long run has not ended').toBeNaN();
    controller.abort('seen');
    expect(await ending).toBe('seen');
    expect(bitsOf(beside.parameters).equals(bitsOf(alone.parameters))).toBe(true);
  });

  it('is followed by those that were started meanwhile, each in its turn', async () => {
    const steps = [1, 2, 3].map(() => trainingStep(short, 2));
    const ended: number[] = [];
    await Promise.all(
      steps.map(async (step, index) => {
        await step.program.start(step.batchSizes);
        ended.push(index);
      }),
    );
    expect(ended).toEqual([0, 1, 2]);
    for (const step of steps)
      expect(bitsOf(step.parameters).equals(bitsOf(steps[0]?.parameters as Float32Array))).toBe(true);
  });
});
