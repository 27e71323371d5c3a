import { describe, expect, it } from 'vitest';
import { CarriedState } from '../../src/model/execute/carried-state.js';
import { sequential } from '../../src/model/network.js';
import { recurrentCell } from '../../src/model/recurrent-cell.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru, lstm, type RecurrentDescription, rnn } from '../../src/network/layers/recurrent.js';
import { adam, momentum, sgd } from '../../src/network/optimizers/optimizer.js';
import {
  BATCH,
  cellOf,
  checkStepGradients,
  checkSteps,
  checkSummedGradients,
  INPUTS,
  inputOf,
  modelOf,
  randomState,
} from './cell-checks.js';
import { bitsOf, randomNumbers } from './small-models.js';

const UNITS = 5;
const _STEPS = 5;

const layers: readonly (readonly [string, RecurrentDescription])[] = [
  ['rnn', rnn({ units: UNITS })],
  ['rnn of relu', rnn({ units: UNITS, activation: 'relu' })],
  ['lstm', lstm({ units: UNITS })],
  ['gru', gru({ units: UNITS })],
  ['gru, reset before', gru({ units: UNITS, resetAfter: false })],
];

const code = (expected: string) => expect.objectContaining({ code: expected });
describe.each(layers)('a cell of an %s', (_, layer) => {
  it('has the parameters and states of the layer in a model, with the same initial values', () => {
    const [cell, model] = [cellOf(layer), modelOf(layer)];
    expect([...cell.parameters].map(([name, { shape, data }]) => [name, shape, bitsOf(data)])).toEqual(
      [...model.parameters].map(([name, { shape, data }]) => [name, shape, bitsOf(data)]),
    );
    expect(cell.stateSizes).toEqual(model.stateSizes);
    expect([...cell.gradients.keys()]).toEqual([...model.parameters.keys()]);
    expect(cell.outputs).toBe(UNITS);
  });

  it('gives step by step what a prediction of the whole sequence gives, bit for bit', () => checkSteps(layer));

  it('sums over the steps the gradients that a model has of the whole sequence', () => {
    checkSummedGradients(layer, 2e-6);
  });

  it('gives the gradients of input and state that differences of a step show', () => checkStepGradients(layer));
});

describe('the gradients of a cell', () => {
  it('are added up until they are set to zero', () => {
    const cell = cellOf(layers[2]?.[1] as RecurrentDescription);
    const state = randomState(cell, 1);
    const upstream = { output: randomNumbers(BATCH * UNITS, 2) };
    const sums = () => [...cell.gradients.values()].map((gradient) => gradient.slice());
    expect(sums().every((gradient) => gradient.every((value) => value === 0))).toBe(true);
    cell.gradient(inputOf(0), state, upstream);
    const once = sums();
    cell.gradient(inputOf(0), state, upstream);
    expect(sums()).toEqual(once.map((gradient) => gradient.map((value) => 2 * value)));
    cell.zeroGradients();
    cell.gradient(inputOf(0), state, upstream);
    expect(sums()).toEqual(once);
  });

  it('take what is left out of the upstream for zero', () => {
    const cell = cellOf(layers[2]?.[1] as RecurrentDescription);
    const state = randomState(cell, 1);
    const output = randomNumbers(BATCH * UNITS, 2);
    const whole = cell.gradient(inputOf(0), state, { output, state: cell.newState(BATCH) });
    expect(cell.gradient(inputOf(0), state, { output })).toEqual(whole);
    const zero = new Float32Array(BATCH * UNITS);
    const next = randomState(cell, 5);
    expect(cell.gradient(inputOf(0), state, { state: next })).toEqual(
      cell.gradient(inputOf(0), state, { output: zero, state: next }),
    );
  });
});

describe('the update of a cell', () => {
  it.each([
    ['sgd', sgd({ learningRate: 0.5 })],
    ['momentum', momentum({ learningRate: 0.1 })],
    ['adam', adam({ learningRate: 0.05 })],
  ] as const)('by %s is that of a model with the same gradients, bit for bit', (_, optimizer) => {
    const layer = gru({ units: UNITS });
    const model = sequential([layer], { features: INPUTS }).compileSync({
      loss: 'meanSquaredError',
      optimizer,
      seed: 7,
      threads: 1,
    });
    const cell = recurrentCell(layer, { inputs: INPUTS, seed: 7, threads: 1, optimizer });
    const batch = {
      batchSizes: Int32Array.of(BATCH),
      inputs: { input: inputOf(0) },
      targets: { target: randomNumbers(BATCH * UNITS, 3) },
    };
    for (let step = 1; step <= 3; step++) {
      const options = step === 2 ? { clipNorm: 1e-3 } : {};
      // Clipped gradients are clipped no further.
      const { gradientNorm } = model.trainStepSync(batch, options);
      for (const [name, { gradient }] of model.parameters) cell.gradients.get(name)?.set(gradient);
      const result = cell.update();
      if (step !== 2) expect(result.gradientNorm).toBe(gradientNorm);
      expect(cell.updates).toBe(step);
      for (const [name, { data }] of model.parameters) {
        expect(bitsOf(cell.parameters.get(name)?.data as Float32Array), `${name} ${step}`).toBe(bitsOf(data));
      }
    }
  });

  it('limits the norm, and says what it was', () => {
    const cell = cellOf(rnn({ units: UNITS }));
    for (const gradient of cell.gradients.values()) gradient.fill(2);
    const before = new Map([...cell.parameters].map(([name, { data }]) => [name, data.slice()]));
    const count = [...cell.gradients.values()].reduce((sum, { length }) => sum + length, 0);
    const { gradientNorm } = cell.update({ learningRate: 1, clipNorm: 0.5 });
    expect(gradientNorm).toBeCloseTo(2 * Math.sqrt(count), 4);
    let squares = 0;
    for (const [name, { data }] of cell.parameters) {
      data.forEach((value, index) => {
        squares += (value - (before.get(name)?.[index] as number)) ** 2;
      });
    }
    expect(Math.sqrt(squares)).toBeCloseTo(0.5, 4);
  });

  it('changes nothing when a gradient is not finite', () => {
    const cell = cellOf(rnn({ units: UNITS }));
    const before = [...cell.parameters.values()].map(({ data }) => data.slice());
    for (const gradient of cell.gradients.values()) gradient.fill(1);
    (cell.gradients.get('rnn.bias_ih_l0') as Float32Array)[1] = Number.NaN;
    // Without a loss: a cell has none.
    const details = { step: 1, gradientNorm: Number.NaN, layer: undefined, what: undefined };
    expect(() => cell.update()).toThrow(expect.objectContaining({ code: 'non_finite_gradient', details }));
    expect([...cell.parameters.values()].map(({ data }) => data)).toEqual(before);
    expect(cell.updates).toBe(0);
    cell.zeroGradients();
    expect(cell.update()).toEqual({ gradientNorm: 0 });
  });

  it('is seen by the next step, and so are parameters written by hand', () => {
    const cell = cellOf(lstm({ units: UNITS }));
    const state = cell.newState(BATCH);
    const first = cell.step(inputOf(0), state).output;
    for (const gradient of cell.gradients.values()) gradient.fill(0.1);
    cell.update();
    const second = cell.step(inputOf(0), state).output;
    expect(second).not.toEqual(first);
    for (const { data } of cell.parameters.values()) data.fill(0);
    cell.parametersChanged();
    expect(cell.step(inputOf(0), state).output).toEqual(new Float32Array(BATCH * UNITS));
  });
});

describe('a cell takes batches of any size', () => {
  it('one after the other, and each row is what it is alone', () => {
    const cell = cellOf(gru({ units: UNITS }));
    const whole = cell.step(inputOf(0), cell.newState(BATCH)).output;
    for (let row = 0; row < BATCH; row++) {
      const alone = cell.step(inputOf(0).slice(row * INPUTS, (row + 1) * INPUTS), cell.newState(1));
      expect(alone.output).toEqual(whole.slice(row * UNITS, (row + 1) * UNITS));
    }
    expect(cell.step(randomNumbers(9 * INPUTS), cell.newState(9)).output).toHaveLength(9 * UNITS);
  });
});

describe('a cell of a layer that gives its last step', () => {
  it('steps like one that gives all of them: a step is the last of its sequence', () => {
    const [last, all] = [cellOf(lstm({ units: UNITS, output: 'last' })), cellOf(lstm({ units: UNITS }))];
    const state = randomState(all, 5);
    expect(last.step(inputOf(0), state)).toEqual(all.step(inputOf(0), state));
    const upstream = { output: randomNumbers(BATCH * UNITS, 6), state: randomState(all, 7) };
    const [a, b] = [last.gradient(inputOf(0), state, upstream), all.gradient(inputOf(0), state, upstream)];
    expect([...a.input]).toEqual([...b.input].map((value) => expect.closeTo(value, 6)));
  });
});

describe('a cell refuses', () => {
  const cell = cellOf(lstm({ units: UNITS }));
  const state = cell.newState(BATCH);
  const output = new Float32Array(BATCH * UNITS);

  it('layers that are no single recurrent one', () => {
    expect(() => recurrentCell(lstm({ units: 2, layers: 2 }), { inputs: 1 })).toThrow(/has 2 layers/);
    expect(() => recurrentCell(dense({ units: 2 }) as never, { inputs: 1 })).toThrow(code('invalid_option'));
    for (const direction of ['reverse', 'bidirectional'] as const) {
      expect(() => recurrentCell(gru({ units: 2, direction }), { inputs: 1 })).toThrow(/has another direction/);
    }
    expect(() => recurrentCell(undefined as never, { inputs: 1 })).toThrow(code('invalid_option'));
  });

  it('options that are wrong', () => {
    const layer = rnn({ units: 2 });
    expect(() => recurrentCell(layer, {} as never)).toThrow(code('invalid_option'));
    expect(() => recurrentCell(layer, { inputs: 0 })).toThrow(code('invalid_option'));
    expect(() => recurrentCell(layer, { inputs: 1, loss: 'meanSquaredError' } as never)).toThrow(
      code('unknown_option'),
    );
    expect(() => cell.newState(0)).toThrow(code('invalid_option'));
    expect(() => cell.update({ learningRate: -1 })).toThrow(code('invalid_option'));
    expect(() => cell.update({ state } as never)).toThrow(code('unknown_option'));
  });

  it('inputs and gradients of another size or type', () => {
    expect(() => cell.step(new Float32Array(5), state)).toThrow(code('length_mismatch'));
    expect(() => cell.step(new Int32Array(BATCH * INPUTS) as never, state)).toThrow(code('rank_mismatch'));
    expect(() => cell.step(undefined as never, state)).toThrow(code('rank_mismatch'));
    expect(() => cell.gradient(inputOf(0), state, { output: new Float32Array(1) })).toThrow(code('length_mismatch'));
    expect(() => cell.gradient(inputOf(0), state, {})).toThrow(code('invalid_option'));
    expect(() => cell.gradient(inputOf(0), state, { outputs: output } as never)).toThrow(code('unknown_option'));
  });

  it('states of others', () => {
    const other = cellOf(lstm({ units: UNITS + 1 })).newState(BATCH);
    for (const wrong of [undefined, {}, other, cellOf(gru({ units: UNITS })).newState(BATCH)]) {
      expect(() => cell.step(inputOf(0), wrong as never)).toThrow(code('state_mismatch'));
      expect(() => cell.gradient(inputOf(0), wrong as never, { output })).toThrow(code('state_mismatch'));
    }
    const ofBatch = (batch: number) =>
      new CarriedState(batch, new Map([...cell.stateSizes.keys()].map((name) => [name, new Float32Array()])));
    for (const batch of [0, -1, Number.NaN]) {
      expect(() => cell.step(new Float32Array(), ofBatch(batch))).toThrow(code('state_mismatch'));
    }
    for (const wrong of [{}, other, cell.newState(BATCH + 1)]) {
      expect(() => cell.gradient(inputOf(0), state, { state: wrong as never })).toThrow(code('state_mismatch'));
    }
    expect([...cell.gradients.values()].every((gradient) => gradient.every((value) => value === 0))).toBe(true);
  });

  it('everything once it was disposed of, and disposing twice does nothing', () => {
    const gone = cellOf(rnn({ units: UNITS }));
    const before = gone.newState(BATCH);
    gone.step(inputOf(0), before);
    gone.update();
    gone.dispose();
    gone.dispose();
    expect(() => gone.step(inputOf(0), before)).toThrow(code('model_disposed'));
    expect(() => gone.gradient(inputOf(0), before, { output })).toThrow(code('model_disposed'));
    expect(() => gone.update()).toThrow(code('model_disposed'));
  });
});

describe('a cell in memory', () => {
  it('counts its parameters and its memory as the model of the same layer does, and its programs as they are made', () => {
    const options = { seed: 3, threads: 1 };
    const cell = recurrentCell(lstm({ units: 5 }), { inputs: 2, ...options });
    const model = sequential([lstm({ units: 5 })], { features: 2 }).compileSync(options);
    expect(cell.description).toEqual(model.description);
    expect(cell.parameterCount).toBe(model.parameterCount);
    expect(cell.stateSizes).toEqual(model.stateSizes);
    const { arena, total, ...planned } = cell.memory;
    expect(arena).toBe(0);
    expect(planned).toEqual({ ...model.memory, arena: undefined, total: undefined });
    cell.step(new Float32Array(2), cell.newState(1));
    expect(cell.memory.arena).toBeGreaterThan(0);
    expect(cell.memory.total).toBe(total + cell.memory.arena + cell.memory.scratch - planned.scratch);
    cell.dispose();
    expect(cell.memory.arena).toBe(0);
    expect(() => cell.update()).toThrow('the cell has been disposed of');
    model.dispose();
    expect(() => model.evaluateSync({ batchSizes: Int32Array.of(1), inputs: {} })).toThrow(
      'the model has been disposed of',
    );
  });
});
