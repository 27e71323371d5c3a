import { describe, expect, it } from 'vitest';
import { constant } from '../../../src/network/schedules/constant.js';
import { cosine } from '../../../src/network/schedules/cosine.js';
import { exponential } from '../../../src/network/schedules/exponential.js';
import { oneCycle } from '../../../src/network/schedules/one-cycle.js';
import { formatSchedule, parseSchedule } from '../../../src/network/schedules/parse-schedule.js';
import { reduceOnPlateau } from '../../../src/network/schedules/reduce-on-plateau.js';
import type { ScheduleDescription } from '../../../src/network/schedules/schedule-description.js';
import { stepDecay } from '../../../src/network/schedules/step-decay.js';
import { warmUp } from '../../../src/network/schedules/warm-up.js';

describe('the text form of schedules', () => {
  it.each<[string, ScheduleDescription]>([
    ['constant', constant()],
    ['step:every=2,factor=0.5,from=4', stepDecay({ every: 2, factor: 0.5, from: 4 })],
    ['step', stepDecay()],
    ['exponential:factor=0.97', exponential({ factor: 0.97 })],
    ['cosine', cosine()],
    ['cosine:minimum=1e-5,steps=300', cosine({ minimum: 1e-5, steps: 300 })],
    ['onecycle', oneCycle()],
    [
      'onecycle:maximum=0.01,steps=90,warmUp=0.2,startDivisor=10,endDivisor=100,shape=linear,threePhase=true',
      oneCycle({
        ...{ maximum: 0.01, steps: 90, warmUp: 0.2, startDivisor: 10, endDivisor: 100 },
        ...{ shape: 'linear', threePhase: true },
      }),
    ],
    ['onecycle:epochs=3, shape = cosine, threePhase = false', oneCycle({ epochs: 3 })],
    ['warmup:steps=200', warmUp({ steps: 200 })],
    ['warmup:steps=200,then=cosine', warmUp({ steps: 200, then: cosine() })],
    [
      'warmup:epochs=0.5,start=0.1,then=step:every=1,factor=0.5,from=4',
      warmUp({ epochs: 0.5, start: 0.1, then: stepDecay({ every: 1, factor: 0.5, from: 4 }) }),
    ],
    [
      'warmup:steps=2,then=warmup:steps=3,then=constant',
      warmUp({ steps: 2, then: warmUp({ steps: 3, then: constant() }) }),
    ],
    ['plateau:factor=0.5,patience=2', reduceOnPlateau({ factor: 0.5, patience: 2 })],
    [' step : every = 2 , factor = 0.5 ', stepDecay({ every: 2, factor: 0.5 })],
  ])("reads '%s' and writes it back", (text, description) => {
    expect(parseSchedule(text)).toEqual(description);
    expect(parseSchedule(formatSchedule(description))).toEqual(description);
  });

  it.each<[string, string, RegExp]>([
    ['stp:every=2', 'invalid_option', /'stp:every=2': unknown name 'stp'; names are constant, step, .*plateau/],
    ['', 'invalid_option', /unknown name ''/],
    ['step:evry=2', 'unknown_option', /unknown option 'evry' of step; options of step are every, factor, from/],
    ['constant:rate=2', 'unknown_option', /unknown option 'rate' of constant; constant has no options/],
    ['step:every', 'invalid_option', /'' is not a number; give every=NUMBER/],
    ['step:every=two,factor=1', 'invalid_option', /'two' is not a number; give every=NUMBER/],
    ['step:every=0x', 'invalid_option', /'0x' is not a number/],
    ['step:every=1,every=2', 'invalid_option', /'every' appears twice/],
    ['step:every=1,', 'invalid_option', /comma with nothing after it/],
    ['step:', 'invalid_option', /nothing after 'step:'/],
    ['step:every=0', 'invalid_option', /stepDecay\.every/],
    ['warmup:steps=10,then=cosin', 'invalid_option', /'cosin': unknown name 'cosin'/],
    ['warmup:then=cosine', 'invalid_option', /steps or epochs/],
    ['exponential', 'invalid_option', /exponential\.factor/],
    ['cosine:minimum=Infinity', 'invalid_option', /'Infinity' is not a number/],
    ['onecycle:shape=round', 'invalid_option', /oneCycle\.shape.*"cosine", "linear".*round/],
    ['onecycle:threePhase=1', 'invalid_option', /oneCycle\.threePhase.*true, false.*1/],
    ['toString', 'invalid_option', /unknown name 'toString'/],
    ['step:kind=1', 'unknown_option', /unknown option 'kind'/],
  ])("refuses '%s'", (text, code, message) => {
    expect(() => parseSchedule(text)).toThrow(message);
    expect(() => parseSchedule(text)).toThrow(expect.objectContaining({ code }));
  });
});
