/** Every combination of the options that make the layers of a classifier. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packSequences } from '../../src/batch/packed-batch.js';
import { loadModel } from '../../src/saved/load-model.js';
import { saveModel } from '../../src/saved/save-model.js';
import { encoderOf, featuresOf, fitEncoding, type RawInput } from '../../src/tasks/building-blocks/sequence-inputs.js';
import { classInputs, convolutions } from '../../src/tasks/recipes/classify/class-layers.js';
import { classNetwork, POOLINGS } from '../../src/tasks/recipes/classify/class-network.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const rows = { features: 2, rows: Float64Array.from({ length: 40 }, (_, at) => Math.sin(at)) };
const INPUTS: Readonly<Record<string, { readonly input: RawInput; readonly level?: 'word' | 'character' }>> = {
  characters: { input: 'a few letters', level: 'character' },
  words: { input: 'some words and some more', level: 'word' },
  rows: { input: rows as RawInput },
};
const FRONTS: Readonly<Record<string, readonly ('none' | 'convolution')[]>> = { rows: ['none', 'convolution'] };

function* combinations(kind: string) {
  for (const hidden of [undefined, 8])
    for (const dropout of [0, 0.3])
      for (const inputDropout of [undefined, 0.5])
        for (const front of FRONTS[kind] ?? ['none'])
          for (const layers of [1, 2]) yield { hidden, dropout, inputDropout, front, layers };
}

describe.each(Object.keys(INPUTS))('the network of a classifier of %s', (kind) => {
  const { input, level } = INPUTS[kind] as (typeof INPUTS)[string];
  const encoding = fitEncoding([input], { level });
  const batch = packSequences([encoderOf(encoding)(input)], { features: featuresOf(encoding) });

  it.each(POOLINGS)('is built, saved and loaded with every other option and the pooling %s', async (pooling) => {
    const file = join(temporaryDirectory(), 'model.safetensors');
    for (const { front, inputDropout, ...options } of combinations(kind)) {
      const body = { cell: 'lstm', units: 2, direction: 'bidirectional', recurrent: {}, pooling, ...options } as const;
      const inputs = [...classInputs({ embedding: 2, inputDropout }, encoding), ...convolutions(front)];
      const network = classNetwork(body, inputs, { features: featuresOf(encoding), classes: 3 });
      const drops = network.description.nodes.filter(({ layer }) => layer.kind === 'dropout').length;
      const isDropped = kind !== 'rows' && inputDropout !== undefined;
      expect(drops).toBe((isDropped ? 1 : 0) + (options.dropout > 0 ? 1 : 0));
      const model = network.compileSync({ loss: 'softmaxCrossEntropy', threads: 1 });
      const before = await model.predictPacked(batch);
      await saveModel(model, file);
      model.dispose();
      const { model: loaded } = await loadModel(file, { threads: 1 });
      expect(await loaded.predictPacked(batch)).toEqual(before);
      loaded.dispose();
    }
  });
});
