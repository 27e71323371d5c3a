import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { TokenStreams } from '../../src/data/streams.js';
import { reduceOnPlateau } from '../../src/network/schedules/reduce-on-plateau.js';
import { stepDecay } from '../../src/network/schedules/step-decay.js';
import type { ProgressStatus } from '../../src/training/progress.js';
import { Trainer } from '../../src/training/trainer.js';
import { ToyModel } from './toy-model.js';

const quiet = { progress: false } as const;

/** Ids 0 .. n-1 as streams. */
function streams(n: number, batch: number, steps: number): TokenStreams {
  return new TokenStreams(
    Int32Array.from({ length: n }, (_, id) => id),
    { batch, steps },
  );
}

function batchOf(...ids: number[]): Batch {
  return { batchSizes: new Int32Array(ids.length).fill(1), inputs: { input: Int32Array.from(ids) } };
}

/** The ids of the calls, without rates and states. */
function inputs(model: ToyModel): string[] {
  return model.calls.map((call) => call.replace(/ at .*/, ''));
}

describe('the order of a run', () => {
  it('trains on the windows in order and validates after every epoch', async () => {
    const model = new ToyModel();
    const result = await new Trainer(model, { ...quiet, epochs: 2 }).fit({
      training: streams(5, 1, 2),
      validation: streams(3, 1, 5),
    });
    const epoch = ['train 0 1', 'train 2 3', 'evaluate 0 1'];
    expect(inputs(model)).toEqual([...epoch, ...epoch]);
    expect(result).toMatchObject({ stoppedBy: 'epochs', steps: 4, epochs: 2, tokens: 8 });
    expect(result.validation?.tokens).toBe(2);
    expect(result.checkpoint).toBeUndefined();
  });

  it('carries the state from window to window and starts every epoch from zero', async () => {
    const model = new ToyModel();
    await new Trainer(model, { ...quiet, epochs: 2 }).fit(streams(10, 2, 2));
    const carried = model.calls.map((call) => call.replace(/.* from /, ''));
    expect(carried[0]).toBe('0.0000');
    expect(carried[1]).not.toBe('0.0000');
    expect(carried[2]).toBe('0.0000');
    expect(carried[3]).toBe(carried[1]);
  });

  it('validates every so many steps, and only once where that is the end of an epoch', async () => {
    const model = new ToyModel();
    const training = streams(9, 1, 2); // four windows
    await new Trainer(model, { ...quiet, epochs: 1, validateEvery: 2 }).fit({ training, validation: streams(3, 1, 5) });
    const kinds = inputs(model).map((call) => call.split(' ')[0]);
    expect(kinds).toEqual(['train', 'train', 'evaluate', 'train', 'train', 'evaluate']);
  });

  it('validates before the first step too when it is asked to', async () => {
    const model = new ToyModel();
    const data = { training: streams(5, 1, 2), validation: streams(3, 1, 5) };
    await new Trainer(model, { ...quiet, epochs: 1, validateFirst: true }).fit(data);
    const kinds = inputs(model).map((call) => call.split(' ')[0]);
    expect(kinds).toEqual(['evaluate', 'train', 'train', 'evaluate']);
  });

  it('stops within an epoch when the steps are limited, and validates what it ends with', async () => {
    const model = new ToyModel();
    const data = { training: streams(9, 1, 2), validation: streams(3, 1, 5) };
    const result = await new Trainer(model, { ...quiet, steps: 6 }).fit(data);
    expect(result).toMatchObject({ stoppedBy: 'steps', steps: 6, epochs: 1 });
    expect(model.calls.at(-1)).toBe('evaluate 0 1');
    expect(model.step).toBe(6);
  });

  it('ends with whichever of epochs and steps is reached first', async () => {
    const byEpochs = await new Trainer(new ToyModel(), { ...quiet, epochs: 1, steps: 6 }).fit(streams(9, 1, 2));
    const bySteps = await new Trainer(new ToyModel(), { ...quiet, epochs: 9, steps: 6 }).fit(streams(9, 1, 2));
    expect(byEpochs).toMatchObject({ stoppedBy: 'epochs', steps: 4 });
    expect(bySteps).toMatchObject({ stoppedBy: 'steps', steps: 6 });
  });

  it('gives the optimizer the rate of the schedule, epoch by epoch', async () => {
    const model = new ToyModel();
    const schedule = stepDecay({ every: 1, factor: 0.5 });
    await new Trainer(model, { ...quiet, epochs: 3, learningRate: 0.4, schedule }).fit(streams(5, 1, 2));
    const rates = model.calls.map((call) => / at (\S+)/.exec(call)?.[1]);
    expect(rates).toEqual(['0.400', '0.400', '0.200', '0.200', '0.100', '0.100']);
  });

  it('takes the learning rate of the optimizer when none is given', async () => {
    const model = new ToyModel();
    await new Trainer(model, { ...quiet, steps: 1 }).fit(streams(5, 1, 2));
    expect(model.calls[0]).toContain(' at 0.0500 ');
  });

  it('follows a function of the epoch', async () => {
    const model = new ToyModel();
    await new Trainer(model, { ...quiet, epochs: 2, schedule: (epoch) => 0.1 / (1 + epoch) }).fit(streams(3, 1, 2));
    expect(model.calls.map((call) => / at (\S+)/.exec(call)?.[1])).toEqual(['0.100', '0.0500']);
  });
});

describe('batches that are not streams', () => {
  const batches = Array.from({ length: 8 }, (_, i) => batchOf(i, i));

  it('reads an array in another order in every epoch, each batch once, the same for the same seed', async () => {
    const orders = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const model = new ToyModel(seed);
        await new Trainer(model, { ...quiet, epochs: 2 }).fit(batches);
        return inputs(model);
      }),
    );
    const [first = [], again, other] = orders;
    const all = batches.map((_, i) => `train ${i} ${i}`);
    expect([...first.slice(0, 8)].sort()).toEqual(all);
    expect([...first.slice(8)].sort()).toEqual(all);
    expect(first.slice(0, 8)).not.toEqual(first.slice(8));
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('reads an iterable in its own order', async () => {
    const model = new ToyModel();
    await new Trainer(model, { ...quiet, epochs: 2 }).fit(new Set(batches.slice(0, 2)));
    expect(inputs(model)).toEqual(['train 0 0', 'train 1 1', 'train 0 0', 'train 1 1']);
  });

  it('reads an asynchronous source without an end as long as steps are left', async () => {
    const model = new ToyModel();
    let closed = false;
    const source = {
      async *[Symbol.asyncIterator]() {
        try {
          for (let i = 0; ; i += 1) yield batchOf(i);
        } finally {
          closed = true;
        }
      },
    };
    const result = await new Trainer(model, { ...quiet, steps: 3 }).fit(source);
    expect(inputs(model)).toEqual(['train 0', 'train 1', 'train 2']);
    expect(result).toMatchObject({ steps: 3, epochs: 0 });
    expect(closed).toBe(true);
  });

  it('says that a generator is used up in the second epoch', async () => {
    const generator = (function* () {
      yield* batches;
    })();
    const training = new Trainer(new ToyModel(), { ...quiet, epochs: 2 }).fit(generator);
    await expect(training).rejects.toThrow(/epoch 2 has no batches.*must begin anew/);
    await expect(training).rejects.toMatchObject({ code: 'empty_data' });
  });

  it('counts all steps that are read, and targets that are not ignored', async () => {
    const batch: Batch = { ...batchOf(1, 2, 3, 4), targets: { target: Int32Array.of(1, -1, 2, -1) } };
    const result = await new Trainer(new ToyModel(), { ...quiet, epochs: 1 }).fit({
      training: [batch],
      validation: [batch],
    });
    expect(result.tokens).toBe(4);
    expect(result.validation?.tokens).toBe(2);
  });
});

describe('the validation loss', () => {
  const data = { training: streams(3, 1, 2), validation: streams(3, 1, 2) };

  it('ends the run when it has not fallen for as long as the patience', async () => {
    const model = new ToyModel();
    const losses = [3, 2, 2.5, 2.4, 1, 1];
    model.validationLoss = (step) => losses[step - 1] ?? 0;
    const result = await new Trainer(model, { ...quiet, epochs: 9, earlyStopping: { patience: 2 } }).fit(data);
    expect(result).toMatchObject({ stoppedBy: 'earlyStopping', steps: 4, epochs: 4 });
    expect(result.best).toMatchObject({ step: 2, epoch: 2, loss: 2 });
    expect(result.validation?.loss).toBe(2.4);
  });

  it('needs to fall by the minimum delta', async () => {
    const model = new ToyModel();
    model.validationLoss = (step) => 3 - 0.01 * step;
    const earlyStopping = { patience: 2, minimumDelta: 0.1 };
    const result = await new Trainer(model, { ...quiet, epochs: 9, earlyStopping }).fit(data);
    expect(result).toMatchObject({ stoppedBy: 'earlyStopping', epochs: 3 });
    expect(result.best?.step).toBe(3);
  });

  it('reduces the rate on a plateau', async () => {
    const model = new ToyModel();
    model.validationLoss = () => 1;
    const schedule = reduceOnPlateau({ factor: 0.5, patience: 1 });
    await new Trainer(model, { ...quiet, epochs: 6, learningRate: 0.1, schedule }).fit(data);
    const rates = model.calls.flatMap((call) => / at (\S+)/.exec(call)?.[1] ?? []);
    expect(rates).toEqual(['0.100', '0.100', '0.100', '0.0500', '0.0500', '0.0250']);
  });

  it('that is not finite stops the run', async () => {
    const model = new ToyModel();
    model.validationLoss = () => Number.NaN;
    const training = new Trainer(model, { ...quiet, epochs: 2 }).fit(data);
    await expect(training).rejects.toMatchObject({ code: 'non_finite_loss' });
    expect(model.step).toBe(1);
  });

  it.each<[string, object]>([
    ['earlyStopping', { earlyStopping: { patience: 1 } }],
    ['schedule', { schedule: reduceOnPlateau() }],
    ['validateEvery', { validateEvery: 1 }],
    ['validateFirst', { validateFirst: true }],
  ])('must be there for %s', async (name, options) => {
    const model = new ToyModel();
    const training = new Trainer(model, { ...quiet, epochs: 1, ...options }).fit(data.training);
    await expect(training).rejects.toMatchObject({ code: 'invalid_option', details: { name } });
    expect(model.calls).toEqual([]);
  });
});

describe('callbacks', () => {
  it('are called in order, with the step and the epoch, and awaited', async () => {
    const model = new ToyModel();
    const events: string[] = [];
    const callbacks = {
      onStart: ({ step }: { step: number }) => void events.push(`start ${step}`),
      onStep: async ({ step, epoch }: { step: number; epoch: number }) => {
        await new Promise((resolve) => setImmediate(resolve));
        events.push(`step ${step} epoch ${epoch} model ${model.step}`);
      },
      onValidation: ({ step, isBest }: { step: number; isBest: boolean }) =>
        void events.push(`valid ${step} ${isBest}`),
      onEpochEnd: ({ step, epoch }: { step: number; epoch: number }) => void events.push(`end ${step} epoch ${epoch}`),
    };
    model.validationLoss = (step) => step;
    const data = { training: streams(5, 1, 2), validation: streams(3, 1, 2) };
    await new Trainer(model, { ...quiet, epochs: 2, callbacks }).fit(data);
    expect(events).toEqual([
      'start 0',
      ...['step 1 epoch 1 model 1', 'step 2 epoch 1 model 2', 'valid 2 true', 'end 2 epoch 1'],
      ...['step 3 epoch 2 model 3', 'step 4 epoch 2 model 4', 'valid 4 false', 'end 4 epoch 2'],
    ]);
  });

  it('that call stop end the run as if it had its length', async () => {
    const model = new ToyModel();
    const callbacks = { onStep: (event: { step: number; stop(): void }) => void (event.step === 3 && event.stop()) };
    const result = await new Trainer(model, { ...quiet, epochs: 9, callbacks }).fit(streams(9, 1, 2));
    expect(result).toMatchObject({ stoppedBy: 'callback', steps: 3, epochs: 0 });
  });

  it.each(['onStep', 'onValidation', 'onEpochEnd'] as const)(
    '%s that throws ends the run with its error',
    async (name) => {
      const model = new ToyModel();
      const failure = new Error('from the callback');
      const callbacks = {
        [name]: () => {
          throw failure;
        },
      };
      const ended: string[] = [];
      const progress = { begin() {}, update() {}, note() {}, end: () => void ended.push('end') };
      const data = { training: streams(3, 1, 2), validation: streams(3, 1, 2) };
      await expect(new Trainer(model, { epochs: 3, callbacks, progress }).fit(data)).rejects.toBe(failure);
      expect(model.step).toBe(1);
      expect(ended).toEqual(['end']);
    },
  );
});

describe('progress', () => {
  it('knows the length of the run and ends with it', async () => {
    const seen: ProgressStatus[] = [];
    const notes: string[] = [];
    const progress = {
      begin: (status: ProgressStatus) => void seen.push(status),
      update: (status: ProgressStatus) => void seen.push(status),
      note: (line: string) => void notes.push(line),
      end: () => void notes.push('end'),
    };
    const data = { training: streams(5, 1, 2), validation: streams(3, 1, 2) };
    await new Trainer(new ToyModel(), { epochs: 2, progress }).fit(data);
    expect(seen.map(({ step, totalSteps, epoch }) => [step, totalSteps, epoch])).toEqual([
      [0, 4, 1],
      [1, 4, 1],
      [2, 4, 1],
      [3, 4, 2],
      [4, 4, 2],
    ]);
    expect(seen.at(-1)?.secondsLeft).toBe(0);
    expect(notes).toEqual([
      expect.stringMatching(/^epoch 1 .*validation loss/),
      expect.stringMatching(/^epoch 2/),
      expect.stringMatching(/^weights of the last step 4, the best/),
      'end',
    ]);
  });
});

describe('an abort', () => {
  it('before the start changes nothing', async () => {
    const model = new ToyModel();
    const reason = new Error('stop');
    const training = new Trainer(model, { ...quiet, epochs: 1, signal: AbortSignal.abort(reason) }).fit(
      streams(5, 1, 2),
    );
    await expect(training).rejects.toBe(reason);
    expect(model.calls).toEqual([]);
  });

  it('rejects with the reason after the step that was under way', async () => {
    const model = new ToyModel();
    const controller = new AbortController();
    const callbacks = { onStep: ({ step }: { step: number }) => void (step === 2 && controller.abort('enough')) };
    const trainer = new Trainer(model, { ...quiet, epochs: 5, callbacks, signal: controller.signal });
    await expect(trainer.fit(streams(9, 1, 2))).rejects.toBe('enough');
    expect(model.step).toBe(2);
  });
});

describe('options of the trainer', () => {
  it.each<[string, object, string]>([
    ['no length', {}, 'invalid_option'],
    ['no whole epoch', { epochs: 0.5 }, 'invalid_option'],
    ['a NaN', { epochs: 1, clipNorm: Number.NaN }, 'invalid_option'],
    ['a rate of zero', { epochs: 1, learningRate: 0 }, 'invalid_option'],
    ['a misspelt name', { epochs: 1, clipnorm: 5 }, 'unknown_option'],
    ['resume without a directory', { epochs: 1, resume: true }, 'invalid_option'],
    ['a schedule of an unknown kind', { epochs: 1, schedule: { kind: 'linear' } }, 'unknown_schedule'],
  ])('%s is an error', (_name, options, code) => {
    expect(() => new Trainer(new ToyModel(), options)).toThrow(expect.objectContaining({ code }));
  });

  it('early stopping without patience is an error before the first step', async () => {
    const model = new ToyModel();
    const trainer = new Trainer(model, { ...quiet, epochs: 1, earlyStopping: { patience: 0 } });
    const fit = trainer.fit({ training: streams(5, 1, 2), validation: streams(5, 1, 2) });
    await expect(fit).rejects.toMatchObject({ code: 'invalid_option' });
    expect(model.calls).toEqual([]);
  });
});
