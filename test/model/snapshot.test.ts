import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/model/network.js';
import { batchNormalization } from '../../src/network/layers/batch-normalization.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { encoderDecoder, pairBatch, raggedPairs } from './encoder-decoder-models.js';
import { characterModel, imageOf, randomBatch, randomNumbers } from './small-models.js';

const batch = randomBatch([6, 4, 3]);

describe('a snapshot', () => {
  it('keeps the weights of its moment, to the bit, while the model goes on, and outlives it', async () => {
    const [model, alone] = [characterModel({ layers: 2 }), characterModel({ layers: 2 })];
    await model.trainStep(batch);
    await alone.trainStep(batch);
    const copy = await model.snapshot();
    expect({ step: copy.step, threads: copy.threads, loss: copy.loss }).toEqual({
      step: 1,
      threads: 1,
      loss: model.loss,
    });
    expect(imageOf(copy)['parameters']).toEqual(imageOf(alone)['parameters']);
    const stream = copy.stream();
    const expected = alone.stream();
    for (const id of [1, 2, 3]) {
      await model.trainStep(batch);
      expect(stream.step(id)).toEqual(expected.step(id));
    }
    model.dispose();
    expect(await copy.predictPacked(batch)).toEqual(await alone.predictPacked(batch));
    expect((await copy.evaluate(batch)).loss).toBe((await alone.evaluate(batch)).loss);
    for (let step = 0; step < 3; step++) await alone.trainStep(batch);
    expect(imageOf(model)['parameters']).toEqual(imageOf(alone)['parameters']);
    copy.dispose();
  });

  it('is made between two training steps, in the order of the requests', async () => {
    const [model, alone] = [characterModel(), characterModel()];
    const trained = model.trainStep(batch);
    const copied = model.snapshot();
    const again = model.trainStep(batch);
    await alone.trainStep(batch);
    const copy = await copied;
    expect(copy.step).toBe(1);
    expect(imageOf(copy)['parameters']).toEqual(imageOf(alone)['parameters']);
    await Promise.all([trained, again]);
    expect(model.step).toBe(2);
  });

  it('has the numbers of layers that are not trained', async () => {
    const network = sequential([gru({ units: 5 }), batchNormalization(), dense({ units: 2 })], { features: 3 });
    const model = network.compileSync({ loss: 'meanSquaredError', threads: 1 });
    const examples = {
      inputs: [Array.from({ length: 4 }, (_, at) => [...randomNumbers(3, at)])],
      targets: [
        [
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
        ],
      ],
    };
    await model.trainStep(examples);
    const copy = await model.snapshot();
    expect(copy.predictSync(examples.inputs)).toEqual(model.predictSync(examples.inputs));
    expect([...copy.buffers.keys()]).toEqual([...model.buffers.keys()]);
  });

  it('may work with another number of threads, has no memory of the optimizer, and cannot be trained', async () => {
    const model = characterModel();
    const copy = await model.snapshot({ threads: 2 });
    expect(copy.threads).toBe(2);
    expect(copy.optimizerState.size).toBe(0);
    await expect(copy.trainStep(batch)).rejects.toMatchObject({ code: 'not_trainable' });
    await expect(model.snapshot({ thread: 2 } as never)).rejects.toMatchObject({ code: 'unknown_option' });
    await expect(model.snapshot({ threads: 0 })).rejects.toMatchObject({ code: 'invalid_option' });
    model.dispose();
    await expect(model.snapshot()).rejects.toMatchObject({ code: 'model_disposed' });
  });
});

describe('a decoder', () => {
  const pairs = pairBatch(raggedPairs());
  const first = (sentences: number) => {
    const range = Int32Array.from({ length: sentences }, (_, at) => at);
    return [new Int32Array(sentences), range, range] as const;
  };
  const make = () => encoderDecoder().compileSync({ threads: 1 });

  it('whose model has been trained since it was made refuses its steps instead of mixing two sets of weights', async () => {
    const model = make();
    const decoder = await model.decoder(pairs, { input: 'previous' });
    const step = first(decoder.sentences);
    const before = await decoder.step(...step);
    decoder.reset();
    await model.trainStep(pairs);
    await expect(decoder.step(...step)).rejects.toMatchObject({ code: 'state_mismatch' });
    const other = await model.decoder(pairs, { input: 'previous' });
    expect(await other.step(...step)).not.toEqual(before);
  });

  it('of a snapshot decodes while the model is trained', async () => {
    const [model, alone] = [make(), make()];
    const copy = await model.snapshot();
    const [decoder, expected] = [
      await copy.decoder(pairs, { input: 'previous' }),
      await alone.decoder(pairs, { input: 'previous' }),
    ];
    const step = first(decoder.sentences);
    for (let count = 0; count < 3; count++) {
      const training = model.trainStep(pairs);
      expect(await decoder.step(...step)).toEqual(await expected.step(...step));
      await training;
    }
  });

  it('that is disposed of ends the step at work, and refuses those that wait', async () => {
    const [model, alone] = [make(), make()];
    const decoder = await model.decoder(pairs, { input: 'previous' });
    const step = first(decoder.sentences);
    const results = Promise.allSettled([decoder.step(...step), decoder.step(...step)]);
    for (let turn = 0; turn < 12; turn++) await Promise.resolve();
    decoder.dispose();
    const expected = await (await alone.decoder(pairs, { input: 'previous' })).step(...step);
    expect(await results).toMatchObject([{ value: expected }, { reason: { code: 'stream_closed' } }]);
    await expect(decoder.step(...step)).rejects.toMatchObject({ code: 'stream_closed' });
    decoder.dispose();
  });
});
