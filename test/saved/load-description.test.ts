/** What a file says of its model: parts that are missing, and definitions that are not needed. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import type { JsonObject } from '../../src/core/json.js';
import { constant } from '../../src/network/schedules/constant.js';
import { createSchedule } from '../../src/network/schedules/create-schedule.js';
import { defineSchedule } from '../../src/network/schedules/define-schedule.js';
import { loadModel } from '../../src/saved/load-model.js';
import { saveModelSync } from '../../src/saved/save-model.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { lion } from '../model/own-optimizers.js';
import { rewrite, settings, smallBatches, smallNetwork, trainedModel } from './small-saved.js';

const code = (name: string) => expect.objectContaining({ code: name });

/** A model in a file of its own. */
function savedFile(model = trainedModel(), options: Parameters<typeof saveModelSync>[2] = {}): string {
  const path = join(temporaryDirectory(), 'model.safetensors');
  saveModelSync(model, path, options);
  return path;
}

interface Described {
  readonly configuration: { readonly model: JsonObject };
}

/** Changes the metadata of a file. */
function redescribe(path: string, change: (metadata: JsonObject & Described) => object): void {
  rewrite(path, ({ tensors, metadata }) => {
    return { tensors, metadata: change(metadata as JsonObject & Described) as JsonObject };
  });
}

describe('a file is corrupt', () => {
  it.each(['loss', 'optimizer', 'initializer', 'seed'])('without the %s of its model', async (part) => {
    const path = savedFile();
    redescribe(path, ({ configuration: { model, ...others }, ...rest }) => {
      const { [part]: _, ...left } = model;
      return { ...rest, configuration: { ...others, model: left } };
    });
    await expect(loadModel(path)).rejects.toThrow(`configuration.model.${part} is undefined`);
    await expect(loadModel(path)).rejects.toThrow(code('checkpoint_corrupt'));
  });

  it.each<[string, (metadata: Described) => object]>([
    ['vocabulary', (metadata) => ({ ...metadata, vocabulary: 5 })],
    ['configuration', (metadata) => ({ ...metadata, configuration: 5 })],
    ['configuration.model', (metadata) => ({ ...metadata, configuration: { model: 5 } })],
  ])('whose %s is no object', async (what, change) => {
    const path = savedFile();
    redescribe(path, change);
    for (const options of [{ network: smallNetwork() }, {}]) {
      await expect(loadModel(path, options)).rejects.toThrow(`its ${what} is 5, expected an object`);
      await expect(loadModel(path, options)).rejects.toThrow(code('checkpoint_corrupt'));
    }
  });
});

describe('a model that is loaded without training', () => {
  it('needs no definition of its optimizer and schedule, and keeps what was said of them', async () => {
    const optimizer = lion({ learningRate: 0.01 });
    const model = smallNetwork().compileSync({ ...settings, optimizer });
    const path = savedFile(model, { configuration: { training: { schedule: { kind: 'mine', by: 1 } } } });
    await expect(loadModel(path)).rejects.toThrow(code('unknown_optimizer'));
    const other = defineSchedule({ name: 'other', make: () => createSchedule(constant(), { learningRate: 1 }) });
    const loaded = await loadModel(path, { training: false, schedules: [other] });
    const [batch] = smallBatches(1) as [Batch];
    expect(loaded.model.evaluateSync(batch)).toEqual(model.evaluateSync(batch));
    expect(loaded.model.optimizer).toEqual(optimizer);
    expect(() => loaded.model.trainStepSync(batch)).toThrow(code('not_trainable'));
    const again = savedFile(loaded.model);
    await expect(loadModel(again)).rejects.toThrow(code('unknown_optimizer'));
    const second = await loadModel(again, { training: false });
    expect(second.model.optimizer).toEqual(optimizer);
  });
});
