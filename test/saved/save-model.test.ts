import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpointSync } from '../../src/checkpoint/checkpoint.js';
import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { loadModel } from '../../src/saved/load-model.js';
import { saveModel, saveModelSync } from '../../src/saved/save-model.js';
import { evaluateTask, loadTask, trainTask } from '../../src/tasks/tasks.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, wordFolder } from '../tasks/trained.js';
import { contentOf, settings, smallBatches, smallNetwork, trainedModel } from './small-saved.js';

const code = (name: string) => expect.objectContaining({ code: name });

describe('saveModel', () => {
  it('writes the same bytes on the calling thread and off it, and leaves nothing beside them', async () => {
    const directory = temporaryDirectory();
    const model = trainedModel();
    const configuration = { columns: ['a'] };
    await saveModel(model, join(directory, 'one'), { configuration });
    saveModelSync(model, join(directory, 'two'), { configuration });
    expect(readFileSync(join(directory, 'one')).equals(readFileSync(join(directory, 'two')))).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(['one', 'two']);
  });

  it('writes what a trainer writes, but for where the run stands', async () => {
    const directory = temporaryDirectory();
    const model = smallNetwork().compileSync(settings);
    const training = new Trainer(model, { epochs: 1, directory, progress: false });
    const { checkpoint } = await training.fit(smallBatches(3));
    const file = join(directory, 'model');
    await saveModel(model, file);
    const [saved, run] = [loadCheckpointSync(file), loadCheckpointSync(checkpoint as string)];
    expect(saved.tensors).toEqual(run.tensors);
    for (const key of ['vocabulary', 'seed', 'modelStep']) expect(saved.metadata[key]).toEqual(run.metadata[key]);
    expect(run.metadata['configuration']).toMatchObject(saved.metadata['configuration'] as object);
  });

  it('saves the model as it is between two steps, while others wait', async () => {
    const file = join(temporaryDirectory(), 'model');
    const model = smallNetwork().compileSync(settings);
    const steps = smallBatches(6).map((batch, at) => {
      const done = model.trainStep(batch, { clipNorm: 1 });
      return at === 2 ? Promise.all([done, saveModel(model, file)]) : done;
    });
    expect(() => saveModelSync(model, file)).not.toThrow(); // nothing has begun before the first await
    await Promise.resolve();
    expect(() => saveModelSync(model, file)).toThrow(code('model_busy'));
    await Promise.all(steps);
    const loaded = await loadModel(file);
    expect(contentOf(loaded.model)).toEqual(contentOf(trainedModel(3)));
  });

  it('refuses what it cannot save, and keeps the file that is there', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'model');
    const model = trainedModel();
    saveModelSync(model, file);
    const before = readFileSync(file);
    const refused: [unknown, unknown, unknown, string][] = [
      [{}, file, {}, 'invalid_option'],
      [model, '', {}, 'invalid_option'],
      [model, file, { vocab: 1 }, 'unknown_option'],
      [model, file, { configuration: [] }, 'invalid_option'],
      [model, file, { configuration: { model: {} } }, 'invalid_option'],
      [model, file, { vocabulary: ['a'] }, 'invalid_option'],
      [model, file, { vocabulary: CharacterVocabulary.fromText('abc') }, 'vocabulary_mismatch'],
      [model, file, { configuration: { rate: Number.NaN } }, 'checkpoint_write_failed'],
      [model, join(directory, 'nowhere', 'model'), {}, 'checkpoint_write_failed'],
    ];
    for (const [what, where, options, expected] of refused) {
      await expect(saveModel(what as never, where as never, options as never)).rejects.toThrow(code(expected));
      expect(() => saveModelSync(what as never, where as never, options as never)).toThrow(code(expected));
    }
    mkdirSync(join(directory, 'folder'));
    await expect(saveModel(model, join(directory, 'folder'))).rejects.toThrow(code('checkpoint_write_failed'));
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(['folder', 'model']);
  });

  it('saves a model that was loaded, which still is one of its task', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = wordFolder(directory);
    await trainTask('classify', { ...QUIET, data, out, epochs: 1, units: 4, layers: 1, embedding: 3 });
    expect(existsSync(join(out, 'finished.json'))).toBe(true);
    const { model, configuration } = await loadModel(out, { threads: 1 });
    const file = join(directory, 'words.safetensors');
    await saveModel(model, file, { configuration });
    const loaded = await loadTask(file, { threads: 1 });
    expect(loaded.options).toMatchObject({ units: 4, embedding: 3 });
    const { metrics } = await evaluateTask(out, { threads: 1 });
    expect(metrics).toHaveProperty('calibration');
    expect((await evaluateTask(file, { threads: 1 })).metrics).toEqual(metrics);
    // What was computed from other weights is left out, and said.
    model.parameters.get('dense.bias')?.data.fill(1);
    model.parametersChanged();
    await saveModel(model, file, { configuration });
    const notes: string[] = [];
    const changed = await evaluateTask(file, { threads: 1, onNote: (note) => notes.push(note) });
    expect(changed.metrics).not.toHaveProperty('calibration');
    expect(notes).toContainEqual(expect.stringMatching(/words\.safetensors' belongs to other weights/));
  });
});
