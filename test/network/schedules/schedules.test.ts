import { describe, expect, it } from 'vitest';
import { constant } from '../../../src/network/schedules/constant.js';
import { cosine } from '../../../src/network/schedules/cosine.js';
import {
  checkSchedule,
  createSchedule,
  needsValidation,
  scheduleKinds,
} from '../../../src/network/schedules/create-schedule.js';
import { exponential } from '../../../src/network/schedules/exponential.js';
import { oneCycle } from '../../../src/network/schedules/one-cycle.js';
import { reduceOnPlateau } from '../../../src/network/schedules/reduce-on-plateau.js';
import type { Schedule } from '../../../src/network/schedules/schedule.js';
import type { ScheduleDescription } from '../../../src/network/schedules/schedule-description.js';
import { stepDecay } from '../../../src/network/schedules/step-decay.js';
import { warmUp } from '../../../src/network/schedules/warm-up.js';

const context = { learningRate: 0.1, totalSteps: 10, stepsPerEpoch: 5 };

function byEpoch(schedule: Schedule, epochs: number): number[] {
  return Array.from({ length: epochs }, (_, epoch) => schedule.rate(epoch * 5, epoch));
}

function byStep(schedule: Schedule, steps: number): number[] {
  return Array.from({ length: steps }, (_, step) => schedule.rate(step, Math.floor(step / 5)));
}

function expectRates(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, rate] of expected.entries()) expect(actual[i]).toBeCloseTo(rate, 14);
}

/** The rate before each of these validation losses. */
function observing(schedule: Schedule, losses: readonly number[]): number[] {
  return losses.map((loss, epoch) => {
    const rate = schedule.rate(0, epoch);
    schedule.observe(loss);
    return rate;
  });
}

describe('schedules agree with PyTorch 2.13', () => {
  it('step decay is StepLR(step_size=3, gamma=0.5)', () => {
    const schedule = createSchedule(stepDecay({ every: 3, factor: 0.5 }), context);
    expectRates(byEpoch(schedule, 8), [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025]);
  });

  it('exponential is ExponentialLR(gamma=0.9)', () => {
    const schedule = createSchedule(exponential({ factor: 0.9 }), context);
    expectRates(byEpoch(schedule, 5), [0.1, 0.09, 0.081, 0.0729, 0.06561]);
  });

  it('cosine is CosineAnnealingLR(T_max=8, eta_min=0.01)', () => {
    const schedule = createSchedule(cosine({ minimum: 0.01 }), { ...context, totalSteps: 8 });
    expectRates(
      byStep(schedule, 9),
      [
        0.1, 0.0965745789630079, 0.08681980515339463, 0.07222075445642905, 0.055, 0.03777924554357096,
        0.023180194846605363, 0.013425421036992097, 0.01,
      ],
    );
  });

  it('warm-up is SequentialLR of LinearLR(start_factor=0.25, total_iters=4) and CosineAnnealingLR(6)', () => {
    const schedule = createSchedule(warmUp({ steps: 4, start: 0.25, then: cosine({ minimum: 0.01 }) }), context);
    expectRates(
      byStep(schedule, 11),
      [0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.09397114317029975, 0.0775, 0.055, 0.0325, 0.01602885682970026, 0.01],
    );
  });

  it('reduce on plateau is ReduceLROnPlateau(factor=0.5, patience=1, cooldown=1)', () => {
    const losses = [2.0, 1.9, 1.9, 1.91, 1.8, 1.81, 1.82, 1.83, 1.84, 1.85, 1.86, 1.87, 1.7, 1.7, 1.7, 1.7];
    const schedule = createSchedule(reduceOnPlateau({ factor: 0.5, patience: 1, cooldown: 1 }), context);
    expectRates(
      observing(schedule, losses),
      [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125, 0.0125, 0.0125, 0.0125, 0.00625],
    );
  });

  it('reduce on plateau stops at the minimum', () => {
    const schedule = createSchedule(reduceOnPlateau({ factor: 0.5, patience: 0, minimum: 0.03 }), context);
    expectRates(observing(schedule, [1, 1, 1, 1, 1]), [0.1, 0.1, 0.05, 0.03, 0.03]);
  });
});

describe('schedules', () => {
  it('a constant rate is that of the optimizer', () => {
    expect(byStep(createSchedule(constant(), context), 3)).toEqual([0.1, 0.1, 0.1]);
  });

  it('expresses Zaremba: rate 1 for four epochs, halved in the fifth and each later one', () => {
    const schedule = createSchedule(stepDecay({ every: 1, factor: 0.5, from: 4 }), { learningRate: 1 });
    const expected = [1, 1, 1, 1, 0.5, 0.25, 0.125, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256, 1 / 512];
    expect(byEpoch(schedule, 13)).toEqual(expected);
  });

  it('cosine stays at its minimum after the end', () => {
    const schedule = createSchedule(cosine({ minimum: 0.02, steps: 4 }), context);
    expect(schedule.rate(4, 0)).toBe(0.02);
    expect(schedule.rate(9, 0)).toBe(0.02);
  });

  it('one cycle stays at its last rate behind the end', () => {
    const schedule = createSchedule(oneCycle({ steps: 4, endDivisor: 10 }), context);
    for (const step of [3, 4, 9]) expect(schedule.rate(step, 0)).toBeCloseTo(0.1 / 250, 14);
  });

  it('one cycle in epochs uses the length of an epoch', () => {
    const [epochs, steps] = [oneCycle({ epochs: 2 }), oneCycle({ steps: 10 })];
    expect(byStep(createSchedule(epochs, context), 12)).toEqual(byStep(createSchedule(steps, context), 12));
  });

  it.each([1, 2, 3, 10])('one cycle of %i steps has a usable rate at every step, whatever its warm-up', (steps) => {
    for (const threePhase of [false, true]) {
      for (const warmUp of threePhase ? [0, 0.1, 1 / 3, 0.5] : [0, 0.1, 1 / 3, 0.5, 1]) {
        for (const rate of byStep(createSchedule(oneCycle({ steps, warmUp, threePhase }), context), steps + 2)) {
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThanOrEqual(0.1);
        }
      }
    }
  });

  it('warm-up in epochs uses the length of an epoch', () => {
    const schedule = createSchedule(warmUp({ epochs: 2, start: 0.5 }), context);
    expect(schedule.rate(0, 0)).toBeCloseTo(0.05, 14);
    expect(schedule.rate(5, 1)).toBeCloseTo(0.075, 14);
    expect(schedule.rate(10, 2)).toBe(0.1);
  });

  it('warm-up leaves the epochs of the schedule behind it where they are', () => {
    const schedule = createSchedule(warmUp({ steps: 5, then: stepDecay({ every: 2, factor: 0.5 }) }), context);
    expect(schedule.rate(9, 1)).toBeCloseTo(0.1, 14);
    expect(schedule.rate(10, 2)).toBeCloseTo(0.05, 14);
  });

  it('a function of the epoch gives the rate itself', () => {
    const schedule = createSchedule((epoch) => 1 / (epoch + 1), context);
    expect(byEpoch(schedule, 3)).toEqual([1, 1 / 2, 1 / 3]);
  });

  it('a function that returns no rate is an error that names the epoch', () => {
    const schedule = createSchedule((epoch) => (epoch < 2 ? 0.1 : Number.NaN), context);
    expect(schedule.rate(0, 1)).toBe(0.1);
    expect(() => schedule.rate(0, 2)).toThrow(/epoch 2'.*NaN/);
  });

  it('descriptions are frozen JSON', () => {
    const description = warmUp({ steps: 3, then: reduceOnPlateau() });
    expect(Object.isFrozen(description)).toBe(true);
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });

  it.each<[string, ScheduleDescription]>([
    ['reduceOnPlateau', reduceOnPlateau({ factor: 0.5, patience: 1, cooldown: 1 })],
    ['warmUp', warmUp({ steps: 3, then: reduceOnPlateau({ factor: 0.5, patience: 1, cooldown: 1 }) })],
  ])('%s restored from its state continues as if never stopped, at every validation', (_name, description) => {
    const losses = [2.0, 1.9, 1.9, 1.91, 1.8, 1.81, 1.82, 1.83, 1.84, 1.85, 1.86, 1.87, 1.7, 1.7];
    const whole = observing(createSchedule(description, context), losses);
    for (let cut = 0; cut <= losses.length; cut += 1) {
      const first = createSchedule(description, context);
      const rates = observing(first, losses.slice(0, cut));
      const second = createSchedule(description, context);
      second.restore(JSON.parse(JSON.stringify(first.state())));
      expect([...rates, ...observing(second, losses.slice(cut))]).toEqual(whole);
    }
  });

  it('a state of another schedule is refused and changes nothing', () => {
    const plateau = createSchedule(reduceOnPlateau(), context);
    expect(() => plateau.restore(null)).toThrow(expect.objectContaining({ code: 'checkpoint_mismatch' }));
    expect(() => plateau.restore({ rate: 0.01, badValidations: 1, best: 2 })).toThrow(/cooldownLeft/);
    expect(plateau.rate(0, 0)).toBe(0.1);
    const fixed = createSchedule(constant(), context);
    expect(() => fixed.restore({ rate: 1 })).toThrow(expect.objectContaining({ code: 'checkpoint_mismatch' }));
  });

  it('only schedules that follow the validation loss need one', () => {
    const follows = scheduleKinds.filter((kind) => {
      const options = { exponential: { factor: 0.5 }, warmUp: { steps: 1 } }[kind as string] ?? {};
      return needsValidation(checkSchedule({ kind, ...options }));
    });
    expect(follows).toEqual(['reduceOnPlateau']);
    expect(needsValidation(warmUp({ steps: 1, then: reduceOnPlateau() }))).toBe(true);
    expect(needsValidation(() => 1)).toBe(false);
  });
});

const context8 = { ...context, totalSteps: 8 };

describe('options of schedules are checked', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a factor of 0', () => stepDecay({ factor: 0 }), /stepDecay\.factor.*0/],
    ['a factor above 1', () => exponential({ factor: 1.5 }), /exponential\.factor.*1\.5/],
    ['half an epoch', () => stepDecay({ every: 0.5 }), /stepDecay\.every.*0\.5/],
    ['a NaN', () => cosine({ minimum: Number.NaN }), /cosine\.minimum.*NaN/],
    ['a plateau that never reduces', () => reduceOnPlateau({ factor: 1 }), /reduceOnPlateau\.factor.*1/],
    ['a warm-up without a length', () => warmUp({}), /steps or epochs/],
    ['a warm-up with two lengths', () => warmUp({ steps: 1, epochs: 1 }), /steps or epochs/],
    ['cosine in a run of unknown length', () => createSchedule(cosine(), { learningRate: 0.1 }), /cosine\.steps/],
    ['cosine that would rise', () => createSchedule(cosine({ minimum: 1 }), context), /cosine\.minimum.*1 > 0\.1/],
    ['one cycle of two lengths', () => oneCycle({ steps: 1, epochs: 1 }), /oneCycle.*steps or epochs/],
    ['one cycle of no height', () => oneCycle({ maximum: 0 }), /oneCycle\.maximum.*0/],
    [
      'one cycle of three phases, two of them too long',
      () => oneCycle({ threePhase: true, warmUp: 0.6 }),
      /warmUp.*0\.6/,
    ],
    ['an unknown shape', () => oneCycle({ shape: 'cos' as never }), /oneCycle\.shape.*"cosine", "linear".*"?cos/],
    ['one cycle in a run of unknown length', () => createSchedule(oneCycle(), { learningRate: 1 }), /this run/],
    [
      'one cycle in epochs of unknown length',
      () => createSchedule(oneCycle({ epochs: 1 }), { learningRate: 1, totalSteps: 4 }),
      /an epoch/,
    ],
    [
      'warm-up in epochs of unknown length',
      () => createSchedule(warmUp({ epochs: 1 }), { learningRate: 0.1 }),
      /warmUp\.steps/,
    ],
    ['a rate below 0', () => createSchedule(constant(), { learningRate: -1 }), /'learningRate'.*> 0.*-1/],
    ['a rate for a function', () => createSchedule(() => 1, { learningRate: 1e300 }), /'learningRate'/],
    ['half a run', () => createSchedule(constant(), { learningRate: 1, totalSteps: 0.5 }), /'totalSteps'.*0\.5/],
    ['a step that is none', () => createSchedule(cosine(), context8).rate(Number.NaN, 0), /'step'.*NaN/],
    ['an epoch that is none', () => createSchedule(() => 1, context).rate(0, -1), /'epoch'.*-1/],
    ['something else than an object', () => checkSchedule('cosine'), /"cosine"/],
  ])('%s is an error that names it', (_name, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  });

  it('an unknown kind is an error with a code of its own', () => {
    const make = () => checkSchedule({ kind: 'cosines' });
    expect(make).toThrow(/cosines.*'schedules'/);
    expect(make).toThrow(expect.objectContaining({ code: 'unknown_schedule' }));
  });

  it('cycling the momentum is refused', () => {
    const make = () => oneCycle({ cycleMomentum: true } as never);
    expect(make).toThrow(expect.objectContaining({ code: 'unknown_option' }));
  });

  it('an unknown key in JSON is an error', () => {
    const make = () => checkSchedule({ kind: 'warmUp', steps: 1, then: { kind: 'cosine', min: 1 } });
    expect(make).toThrow(expect.objectContaining({ code: 'unknown_option' }));
    expect(make).toThrow(/min/);
  });
});
