import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { loadLanguageModel } from '../../src/tasks/recipes/lm/saved-language-model.js';
import { evaluateTask, type TaskOptions, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { smallText } from '../cli/small-text.js';

const small = {
  embedding: 8,
  units: 8,
  layers: 2,
  batch: 8,
  steps: 16,
  epochs: 1,
  threads: 1,
  progress: false,
} as const;

function text(): { data: string; run: (name: string) => string } {
  const directory = temporaryDirectory();
  const data = join(directory, 'text.txt');
  writeFileSync(data, smallText(150));
  return { data, run: (name) => join(directory, name) };
}

function configurationOf(run: string) {
  return JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));
}

const noise = { inputDropout: 0.1, recurrentDropout: 0.1, weightDropout: 0.2 };
const penalties = { activationPenalty: 2, temporalPenalty: 1 };

describe('a language model with further options of its recurrent layers', () => {
  it.each<[string, Pick<TaskOptions<'lm'>, 'cell' | 'recurrent'>]>([
    ['an RNN', { cell: 'rnn', recurrent: { activation: 'relu', layerNormalization: true, zoneout: 0.1, ...noise } }],
    [
      'an LSTM with a projection',
      {
        cell: 'lstm',
        recurrent: { projection: 6, zoneout: { hidden: 0.1, cell: 0.3 }, peepholes: true, ...penalties },
      },
    ],
    [
      'an LSTM with coupled gates',
      { cell: 'lstm', recurrent: { coupledGates: true, cellClip: 3, layerNormalization: { epsilon: 1e-4 }, ...noise } },
    ],
    ['a GRU', { cell: 'gru', recurrent: { layerNormalization: true, residual: true, ...noise, ...penalties } }],
    [
      'a GRU that resets before the product',
      { cell: 'gru', recurrent: { resetAfter: false, biases: 'one', zoneout: 0.2, gateActivation: 'hardSigmoid' } },
    ],
  ])('%s is resumed to the same bits, and evaluates as it was validated and sampled', async (_name, variant) => {
    const { data, run } = text();
    const valid = join(run('..'), 'valid.txt');
    writeFileSync(valid, smallText(15, 2));
    const options = { data, valid, ...small, ...variant };
    const whole = await trainTask('lm', { ...options, out: run('whole') });

    const controller = new AbortController();
    const callbacks = [{ onStep: ({ step }: { step: number }) => void (step === 11 && controller.abort('enough')) }];
    const stopped = trainTask('lm', { ...options, out: run('a'), signal: controller.signal, callbacks });
    await expect(stopped).rejects.toBe('enough');
    const resumed = await trainTask('lm', { out: run('a'), resume: true, progress: false });
    expect(resumed.steps).toBeGreaterThan(11);
    const tensors = async (path: string | undefined) => [...(await loadCheckpoint(String(path))).tensors];
    expect(await tensors(resumed.checkpoint)).toEqual(await tensors(whole.checkpoint));

    const { metrics } = await evaluateTask(run('a'), { data: valid, threads: 1 });
    expect(metrics['loss']).toBeCloseTo(whole.best?.loss as number, 5);
    const { model, vocabulary } = await loadLanguageModel(run('a'), { threads: 1 });
    expect(model.sample(vocabulary, { length: 30, seed: 2 })).toHaveLength(30);
    model.dispose();
  });

  it('leaves out of its configuration what nobody gave, as older runs do, and resumes without it', async () => {
    const { data, run } = text();
    await trainTask('lm', { data, out: run('a'), ...small });
    const { task } = configurationOf(run('a'));
    expect(task).not.toHaveProperty('recurrent');
    expect(task).not.toHaveProperty('weightDecay');
    const resume = { out: run('a'), resume: true, epochs: 2, progress: false } as const;
    const zoneout = trainTask('lm', { ...resume, recurrent: { zoneout: 0.1 } });
    await expect(zoneout).rejects.toMatchObject({ code: 'configuration_mismatch' });
    const decay = trainTask('lm', { ...resume, weightDecay: 0.1 });
    await expect(decay).rejects.toMatchObject({ code: 'configuration_mismatch' });
    expect(await trainTask('lm', { ...resume, recurrent: {}, weightDecay: 0 })).toMatchObject({ epochs: 2 });
  });
});

describe('the weight decay of a language model', () => {
  it.each([
    ['sgd', undefined, 0],
    ['momentum', 0.2, 0.2],
    ['adam', 0.2, 0.2],
    ['adamW', undefined, 0.01],
    ['adamW', 0, 0],
    ['rmsprop', 0.2, 0.2],
  ] as const)('of %s given %s is %d', async (optimizer, weightDecay, used) => {
    const { data, run } = text();
    await trainTask('lm', { data, out: run('a'), ...small, optimizer, weightDecay, learningRate: 1e-3 });
    expect(configurationOf(run('a')).model.optimizer.weightDecay).toBe(used);
    const more = await trainTask('lm', { out: run('a'), resume: true, epochs: 2, progress: false });
    expect(more.epochs).toBe(2);
  });
});
