/** A recurrent cell against the same layer in a model, which reads whole sequences. */
import { expect } from 'vitest';
import type { CarriedState } from '../../src/model/execute/carried-state.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import { type RecurrentCell, recurrentCell } from '../../src/model/recurrent-cell.js';
import type { RecurrentDescription } from '../../src/network/layers/recurrent.js';
import { sgd } from '../../src/network/optimizers/optimizer.js';
import { bitsOf, randomNumbers } from './small-models.js';

export const INPUTS = 3;
export const BATCH = 4;
const STEPS = 5;
const ROWS = BATCH * STEPS;
const batchSizes = new Int32Array(STEPS).fill(BATCH);
const inputs = randomNumbers(ROWS * INPUTS);

/** Rows of one step of values [STEPS * BATCH * width]. */
function stepOf(values: Float32Array, step: number, width: number): Float32Array {
  return values.slice(step * BATCH * width, (step + 1) * BATCH * width);
}

/** Input of a step. */
export const inputOf = (step: number) => stepOf(inputs, step, INPUTS);

const OPTIONS = { seed: 7, threads: 1, optimizer: sgd({ learningRate: 0.1 }) } as const;

/** A cell of the layer. */
export function cellOf(layer: RecurrentDescription): RecurrentCell {
  return recurrentCell(layer, { inputs: INPUTS, ...OPTIONS });
}

/** The same layer as a model. */
export function modelOf(layer: RecurrentDescription): Model {
  return sequential([layer], { features: INPUTS }).compileSync({ loss: 'meanSquaredError', ...OPTIONS });
}

/** A state of random numbers. */
export function randomState(cell: RecurrentCell, seed: number): CarriedState {
  const state = cell.newState(BATCH);
  let next = seed;
  for (const [name, values] of state.values) state.set(name, randomNumbers(values.length, next++));
  return state;
}

/** All steps from a state: the state before each step, and after the last; the outputs. */
function walk(cell: RecurrentCell, first: CarriedState) {
  const states = [first];
  const outputs: Float32Array[] = [];
  for (let step = 0; step < STEPS; step++) {
    const taken = cell.step(inputOf(step), states[step] as CarriedState);
    states.push(taken.state);
    outputs.push(taken.output);
  }
  return { states, outputs };
}

const bytesOf = (state: CarriedState) => [...state.values].map(([name, values]) => [name, bitsOf(values)]);

/** Steps give what a prediction of the whole sequence gives, bit for bit: outputs and states. */
export function checkSteps(layer: RecurrentDescription): void {
  const [cell, model] = [cellOf(layer), modelOf(layer)];
  const first = randomState(cell, 11);
  const kept = first.clone();
  const { states, outputs } = walk(cell, first);
  const carried = first.clone();
  const whole = model.predictPackedSync({ batchSizes, inputs: { input: inputs } }, { state: carried });
  expect(outputs.map(bitsOf).join('')).toBe(bitsOf(whole));
  expect(bytesOf(states[STEPS] as CarriedState)).toEqual(bytesOf(carried));
  expect(first).toEqual(kept);
}

/** Gradients summed over the steps are those that a model has of the whole sequence, but for rounding. */
export function checkSummedGradients(layer: RecurrentDescription, tolerance: number): void {
  const [cell, model] = [cellOf(layer), modelOf(layer)];
  const target = randomNumbers(ROWS * cell.outputs, 3);
  const first = randomState(cell, 11);
  const batch = { batchSizes, inputs: { input: inputs }, targets: { target } };
  model.trainStepSync(batch, { state: first.clone(), learningRate: 0 });
  const { states, outputs } = walk(cell, first);
  let state: CarriedState | undefined;
  for (let step = STEPS - 1; step >= 0; step--) {
    const wanted = stepOf(target, step, cell.outputs);
    const output = (outputs[step] as Float32Array).map((y, index) => {
      return (2 * (y - (wanted[index] as number))) / target.length;
    });
    const upstream = { output, ...(state !== undefined && { state }) };
    ({ state } = cell.gradient(inputOf(step), states[step] as CarriedState, upstream));
  }
  for (const [name, { gradient }] of model.parameters) {
    const summed = cell.gradients.get(name) as Float32Array;
    const size = Math.hypot(...gradient);
    expect(size, name).toBeGreaterThan(0);
    const distance = Math.hypot(...summed.map((value, index) => value - (gradient[index] as number)));
    expect(distance / size, name).toBeLessThan(tolerance);
  }
}

/** The gradients of input and state are those that differences of a step show. */
export function checkStepGradients(layer: RecurrentDescription): void {
  const cell = cellOf(layer);
  const before = randomState(cell, 21);
  const upstream = { output: randomNumbers(BATCH * cell.outputs, 31), state: randomState(cell, 41) };
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  const objective = (input: Float32Array, state: CarriedState) => {
    const { output, state: after } = cell.step(input, state);
    const states = [...after.values].map(([name, values]) => {
      return dot(values, upstream.state.values.get(name) as Float32Array);
    });
    return dot(output, upstream.output) + states.reduce((sum, value) => sum + value, 0);
  };
  const { input, state } = cell.gradient(inputOf(0), before, upstream);
  const width = 1e-2;
  const checkAll = (gradient: Float32Array, change: (index: number, by: number) => number) => {
    for (let index = 0; index < gradient.length; index += 3) {
      const slope = (change(index, width) - change(index, -width)) / (2 * width);
      expect(Math.abs(slope - (gradient[index] as number))).toBeLessThan(2e-3);
    }
  };
  checkAll(input, (index, by) => {
    const moved = inputOf(0);
    (moved[index] as number) += by;
    return objective(moved, before);
  });
  for (const [name, gradient] of state.values) {
    checkAll(gradient, (index, by) => {
      const moved = before.clone();
      ((moved.values.get(name) as Float32Array)[index] as number) += by;
      return objective(inputOf(0), moved);
    });
  }
}
