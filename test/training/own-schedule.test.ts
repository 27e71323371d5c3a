import { describe, expect, it } from 'vitest';
import { option } from '../../src/network/defined-options.js';
import { createSchedule } from '../../src/network/schedules/create-schedule.js';
import { defineSchedule } from '../../src/network/schedules/define-schedule.js';
import type { ScheduleState } from '../../src/network/schedules/schedule.js';
import type { ScheduleDescription } from '../../src/network/schedules/schedule-description.js';
import { warmUp } from '../../src/network/schedules/warm-up.js';
import { loadModel } from '../../src/saved/load-model.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { contentOf, settings, smallBatches, smallNetwork } from '../saved/small-saved.js';
import { newModel, streams } from './toy-run.js';

/** The rate shrinks with every validation, by how large its loss is. */
const shrinking = defineSchedule({
  name: 'shrinking',
  options: { by: option.number({ exclusiveMin: 0, default: 0.1 }) },
  needsValidation: true,
  make({ by }, { learningRate }) {
    let rate = learningRate;
    return {
      rate: (step) => rate / (1 + step),
      observe(loss) {
        rate /= 1 + by * loss;
      },
      state: () => ({ rate }),
      restore(state: ScheduleState) {
        rate = state?.['rate'] as number;
      },
    };
  },
});

const stateless = { observe() {}, state: () => null, restore() {} };

describe('a schedule of one’s own', () => {
  it('has descriptions that are frozen JSON, and rates of its own, warmed up too', () => {
    const description = shrinking({ by: 1 });
    expect(Object.isFrozen(description)).toBe(true);
    expect(JSON.parse(JSON.stringify(description))).toEqual({ kind: 'shrinking', by: 1 });
    const schedule = createSchedule(warmUp({ steps: 2, start: 0.5, then: description }), { learningRate: 0.4 });
    schedule.observe(1);
    expect([0, 1, 2, 3].map((step) => schedule.rate(step, 0))).toEqual([0.1, 0.15000000000000002, 0.2, 0.1]);
  });

  it('goes on bit for bit when its run is resumed, and is refused with other options', async () => {
    const data = { training: streams(18, 2, 2), validation: streams(5, 1, 2) };
    const options = { epochs: 3, validateEvery: 2, checkpointEvery: 3, progress: false } as const;
    const whole = newModel();
    await new Trainer(whole, { ...options, schedule: shrinking(), directory: temporaryDirectory() }).fit(data);

    const directory = temporaryDirectory();
    const controller = new AbortController();
    const callbacks = { onStep: ({ step }: { step: number }) => void (step === 8 && controller.abort('stop')) };
    const { signal } = controller;
    const run = { ...options, schedule: shrinking(), directory };
    await expect(new Trainer(newModel(), { ...run, callbacks, signal }).fit(data)).rejects.toBe('stop');
    const other = new Trainer(newModel(), { ...run, schedule: shrinking({ by: 2 }), resume: true });
    await expect(other.fit(data)).rejects.toMatchObject({ code: 'configuration_mismatch' });
    const resumed = newModel();
    await new Trainer(resumed, { ...run, resume: true }).fit(data);
    expect([...resumed.parameters]).toEqual([...whole.parameters]);
  });

  it('comes back from JSON with its definition, warmed up too', () => {
    const json = JSON.parse(JSON.stringify(warmUp({ steps: 2, start: 0.5, then: shrinking({ by: 1 }) })));
    const schedule = createSchedule(json, { learningRate: 0.4 }, { schedules: [shrinking] });
    schedule.observe(1);
    expect([0, 1, 2, 3].map((step) => schedule.rate(step, 0))).toEqual([0.1, 0.15000000000000002, 0.2, 0.1]);
    expect(() => createSchedule(json, { learningRate: 0.4 })).toThrow(/shrinking/);
    const wrong = { kind: 'shrinking', by: 0 } as never;
    const options = { schedules: [shrinking] };
    expect(() => createSchedule(wrong, { learningRate: 1 }, options)).toThrow(/by.*> 0/);
  });

  it('of a run comes back from its directory, and goes on', async () => {
    const data = { training: smallBatches(4), validation: smallBatches(2) };
    const directory = temporaryDirectory();
    const run = { epochs: 2, validateEvery: 2, progress: false, directory } as const;
    const whole = smallNetwork().compileSync(settings);
    await new Trainer(whole, { ...run, schedule: shrinking({ by: 0.3 }) }).fit(data);
    expect((await loadModel(directory)).schedule).toBeUndefined();
    await expect(loadModel(directory, { schedules: [] })).rejects.toMatchObject({ code: 'unknown_schedule' });
    const { schedule, configuration } = await loadModel(directory, { schedules: [shrinking] });
    expect(schedule).toEqual({ kind: 'shrinking', by: 0.3 });

    // As a run directory holds it, it is the same schedule.
    const { training } = configuration as unknown as { training: { schedule: ScheduleDescription } };
    const options = { ...run, schedule: training.schedule, schedules: [shrinking], resume: true };
    const resumed = smallNetwork().compileSync(settings);
    await new Trainer(resumed, options).fit(data);
    expect(contentOf(resumed)).toEqual(contentOf(whole));
    await expect(async () => new Trainer(resumed, { ...options, schedules: [] })).rejects.toMatchObject({
      code: 'unknown_schedule',
    });
  });

  it('that follows the validation loss needs a run with validation', async () => {
    const trainer = new Trainer(newModel(), { epochs: 1, progress: false, schedule: shrinking() });
    await expect(trainer.fit(streams(18, 2, 2))).rejects.toThrow(/'schedule' needs validation data/);
  });

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'the name of one of the library',
      () => defineSchedule({ name: 'cosine', make: () => ({ ...stateless, rate: () => 1 }) }),
      'invalid_option',
      /choose another name/,
    ],
    [
      'the name under which runs say that a function gave the rates',
      () => defineSchedule({ name: 'function', make: () => ({ ...stateless, rate: () => 1 }) }),
      'invalid_option',
      /choose another name/,
    ],
    [
      'an option that goes round in a circle',
      () => {
        const circle: Record<string, unknown> = {};
        circle['again'] = [circle];
        const anything = { isRequired: true, check: (_: string, value: unknown) => value };
        return defineSchedule({
          name: 'x',
          options: { anything },
          make: () => ({ ...stateless, rate: () => 1 }),
        })({ anything: circle });
      },
      'invalid_option',
      /anything.*plain JSON, nested at most 100 deep/,
    ],
    [
      'a kind that is no text',
      () => createSchedule({ kind: 1n } as never, { learningRate: 1 }),
      'invalid_option',
      /1n/,
    ],
    [
      'no name',
      () => defineSchedule({ name: '', make: () => ({ ...stateless, rate: () => 1 }) }),
      'invalid_option',
      /'name'/,
    ],
    ['no make', () => defineSchedule({ name: 'x' } as never), 'invalid_option', /'make'/],
    ['an unknown field', () => defineSchedule({ name: 'x', rate: 1 } as never), 'unknown_option', /rate/],
    ['an unknown option', () => shrinking({ bye: 1 } as never), 'unknown_option', /bye/],
    ['a wrong option', () => shrinking({ by: 0 }), 'invalid_option', /by.*> 0/],
    [
      'its JSON without its definition',
      () => createSchedule({ kind: 'shrinking', by: 1 } as never, { learningRate: 1 }),
      'unknown_schedule',
      /'schedules', with what defineSchedule returned/,
    ],
    [
      'a schedule without state',
      () =>
        createSchedule(defineSchedule({ name: 'x', make: () => ({ rate: () => 1 }) as never })(), { learningRate: 1 }),
      'invalid_option',
      /'observe'/,
    ],
    [
      'a rate that is none',
      () =>
        createSchedule(defineSchedule({ name: 'x', make: () => ({ ...stateless, rate: () => Number.NaN }) })(), {
          learningRate: 1,
        }).rate(3, 0),
      'invalid_option',
      /'x' at step 3.*NaN/,
    ],
  ])('is refused with a code: %s', (_, make, code, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});
