import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/model.js';
import { characterModel, randomBatch } from './small-models.js';

const batch = randomBatch(new Array<number>(48).fill(40));

/** What the event loop did while `during` was under way. */
async function activityWhile(during: () => unknown) {
  const activity = { turns: 0, ticks: 0, files: 0, ms: 0 };
  let isOver = false;
  const turn = () => {
    if (isOver) return;
    activity.turns++;
    setImmediate(turn);
  };
  const readAgain = (): Promise<void> | undefined => {
    if (isOver) return undefined;
    return readFile(new URL(import.meta.url)).then(() => {
      activity.files++;
      return readAgain();
    });
  };
  const timer = setInterval(() => activity.ticks++, 5);
  setImmediate(turn);
  // More readers than libuv's pool has threads: they would wait for a step that took the pool.
  const readers = Array.from({ length: 8 }, readAgain);
  const begin = performance.now();
  await during();
  activity.ms = performance.now() - begin;
  isOver = true;
  clearInterval(timer);
  const result = { ...activity };
  await Promise.all(readers);
  return result;
}

/** A model whose programs are planned, so that a step is native work alone. */
function warmModel(threads: number): Model {
  const model = characterModel({ units: 256, layers: 2 }, { threads });
  model.trainStepSync(randomBatch(new Array<number>(48).fill(40)), { learningRate: 0 });
  return model;
}

// How late a timer is depends on what else the machine does: bench/event-loop.mjs measures it. These tests ask whether
// the loop turns at all, which it cannot when a step occupies it.
describe('the event loop', () => {
  it('turns, keeps time and reads files while a training step runs on another thread', async () => {
    const model = warmModel(1);
    const { turns, ticks, files, ms } = await activityWhile(() => model.trainStep(batch));
    expect(turns).toBeGreaterThan(20);
    expect(files).toBeGreaterThan(8);
    expect(ticks).toBeGreaterThan(ms / 5 / 4);
    expect(ticks).toBeGreaterThan(2);
  });

  it('stands still during a synchronous step, which is what the other one avoids', async () => {
    const model = warmModel(1);
    const { turns, ticks, files } = await activityWhile(() => model.trainStepSync(batch));
    expect({ turns, ticks, files }).toEqual({ turns: 0, ticks: 0, files: 0 });
  });

  it('turns while a prediction and an evaluation run, and lets other models take their steps', async () => {
    const [model, other] = [warmModel(1), characterModel()];
    const small = randomBatch([3]);
    const steps: number[] = [];
    const { turns } = await activityWhile(async () => {
      const large = Promise.all([model.evaluate(batch), model.predictPacked(batch)]);
      for (let step = 0; step < 5; step++) steps.push(other.trainStepSync(small).loss);
      await large;
    });
    expect(turns).toBeGreaterThan(5);
    expect(steps).toHaveLength(5);
    expect(other.step).toBe(5);
  });
});
