import { describe, expect, it } from 'vitest';
import type { ModelMemory } from '../../src/model/execute/results.js';
import type { Model } from '../../src/model/model.js';
import { adam, sgd } from '../../src/network/optimizers/optimizer.js';
import { CELLS, type Cell, characterModel, imageOf, randomBatch } from './small-models.js';

/** Batches that need more room, and less, than those before: in steps, in sequences, in rows. */
const LENGTHS = [[3], [2, 2, 2, 2], [9, 1], [1], [5, 5, 5, 1, 1, 1, 1], [12], [1, 1, 1, 1, 1, 1, 1, 1, 1], [3]];

const cells = Object.keys(CELLS) as Cell[];

function sumOf({ total: _, ...parts }: ModelMemory): number {
  return Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
}

describe.each(cells)('an %s that meets batches of many sizes', (cell) => {
  it('gives for each what a model gives that has seen no other', () => {
    const model = characterModel({ cell, layers: 2 });
    LENGTHS.forEach((lengths, seed) => {
      const batch = randomBatch(lengths, seed);
      const fresh = characterModel({ cell, layers: 2 });
      expect(model.predictPackedSync(batch)).toEqual(fresh.predictPackedSync(batch));
      expect(model.evaluateSync(batch)).toEqual(fresh.evaluateSync(batch));
    });
  });

  it('trains on them as a model does that had room for the largest from the start', async () => {
    const run = async (model: Model) => {
      const results = [];
      for (const [seed, lengths] of LENGTHS.entries()) results.push(await model.trainStep(randomBatch(lengths, seed)));
      return { results, image: imageOf(model) };
    };
    const make = () => characterModel({ cell, layers: 2, dropout: 0.3 });
    const roomy = make();
    roomy.trainStepSync(randomBatch(new Array<number>(9).fill(12)), { learningRate: 0 });
    const grown = make();
    grown.trainStepSync(randomBatch([1]), { learningRate: 0 });
    // Adam's state has seen other gradients: both begin anew.
    for (const model of [roomy, grown]) {
      model.step = 0;
      for (const state of model.optimizerState.values()) state.fill(0);
    }
    expect(await run(grown)).toEqual(await run(roomy));
  });

  it('sorts out a ragged batch: every sequence gets what it gets alone', () => {
    const model = characterModel({ cell, layers: 2 });
    const lengths = [7, 4, 4, 1];
    const batch = randomBatch(lengths);
    const outputs = model.predictPackedSync(batch);
    lengths.forEach((length, sequence) => {
      let begin = 0;
      const rows = Array.from({ length }, (_, t) => {
        const row = begin + sequence;
        begin += batch.batchSizes[t] as number;
        return row;
      });
      const input = Int32Array.from(rows, (row) => (batch.inputs['input'] as Int32Array)[row] as number);
      const alone = model.predictPackedSync({ batchSizes: new Int32Array(length).fill(1), inputs: { input } });
      const together = rows.flatMap((row) => [...outputs.slice(row * model.outputs, (row + 1) * model.outputs)]);
      expect(Float32Array.from(together)).toEqual(alone);
    });
  });
});

describe('the memory of a model', () => {
  it('is the sum of its parts', () => {
    const model = characterModel({}, { optimizer: adam() });
    for (const batch of [randomBatch([4, 2]), randomBatch([9, 9, 9])]) {
      expect(model.memory.total).toBe(sumOf(model.memory));
      model.trainStepSync(batch);
      model.evaluateSync(batch);
    }
    expect(model.memory.total).toBe(sumOf(model.memory));
  });

  it('holds the parameters, as many gradients, and what the optimizer keeps', () => {
    const plain = characterModel({}, { optimizer: sgd({ learningRate: 0.1 }) });
    const { parameters, gradients } = plain.memory;
    expect(gradients).toBe(parameters);
    const bytes = 4 * plain.parameterCount;
    expect(parameters).toBeGreaterThanOrEqual(bytes);
    expect(parameters).toBeLessThan(bytes + 64 * plain.parameters.size);
    expect(characterModel({}, { optimizer: adam() }).memory.optimizer).toBe(2 * parameters);
  });

  it('has no arena before the first run', () => {
    expect(characterModel().memory).toMatchObject({ arena: 0, scratch: 0 });
  });

  it('grows with a larger batch, and with nothing else', async () => {
    const model = characterModel();
    await model.trainStep(randomBatch([6, 4]));
    const { arena, total } = model.memory;
    expect(arena).toBeGreaterThan(0);
    for (let step = 0; step < 20; step++) {
      await model.trainStep(randomBatch([6, 4], step));
      await model.trainStep(randomBatch([1 + (step % 6)], step));
    }
    expect(model.memory.total).toBe(total);
    await model.trainStep(randomBatch([6, 6, 6, 6]));
    expect(model.memory.arena).toBeGreaterThan(arena);
  });

  it('is in proportion to the valid steps, not to the longest sequence times the batch', () => {
    const arenaOf = (lengths: number[]) => {
      const model = characterModel({ units: 32 });
      model.trainStepSync(randomBatch(lengths));
      return model.memory.arena;
    };
    const [ragged, square] = [[64, ...new Array<number>(31).fill(2)], new Array<number>(32).fill(64)];
    expect(arenaOf(ragged)).toBeLessThan(arenaOf(square) / 8);
  });

  it('of a stream of one step is small beside that of a long prediction', () => {
    const model = characterModel({ units: 32 });
    model.stream().step(1);
    const small = model.memory.arena;
    model.predictPackedSync(randomBatch(new Array<number>(20).fill(50)));
    expect(model.memory.arena).toBeGreaterThan(2 * small);
    const large = model.memory.arena;
    model.stream().step(2);
    expect(model.memory.arena).toBe(large);
  });
});
