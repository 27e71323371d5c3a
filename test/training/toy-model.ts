import type { Batch } from '../../src/batch/batch.js';
import { NumericError } from '../../src/core/errors.js';
import { CarriedState } from '../../src/model/execute/carried-state.js';
import type { TrainableModel } from '../../src/training/trainable-model.js';

const UNITS = 2;

/**
 * A model of a few numbers with the behaviour of a real one: every step depends on weights, momentum, step count, seed,
 * learning rate, batch and carried state. So anything that a resumed run forgets changes the weights. It computes in
 * double precision and rounds to single at the end, always in the same order.
 */
export class ToyModel implements TrainableModel {
  readonly description = { layers: [{ kind: 'toy', units: UNITS }] };
  readonly loss: string = 'softmaxCrossEntropy';
  readonly initializer = 'default';
  readonly optimizer = { kind: 'momentum', learningRate: 0.05 };
  readonly parameters = new Map([
    ['w', { shape: [2, 2], data: Float32Array.of(0.5, -0.25, 0.125, 1) }],
    ['b', { shape: [1], data: Float32Array.of(0.1) }],
  ]);
  readonly optimizerState = new Map([
    ['momentum/w', new Float32Array(4)],
    ['momentum/b', new Float32Array(1)],
  ]);
  step = 0;
  readonly seed: number;
  /** What was called, in order. */
  readonly calls: string[] = [];
  /** Model steps (from 1) at which the loss is not finite. */
  nonFiniteAt = Number.POSITIVE_INFINITY;
  /** How often the model was told that its parameters were written from outside. */
  changes = 0;
  /** Losses that evaluation returns instead of its own, one per validation, by optimizer step. */
  validationLoss: ((step: number) => number) | undefined;
  /** Called at the start of every evaluation. */
  onEvaluate: (() => void) | undefined;

  constructor(seed = 1) {
    this.seed = seed;
  }

  parametersChanged(): void {
    this.changes += 1;
  }

  newState(batch: number): CarriedState {
    return CarriedState.zero(batch, new Map([['h', UNITS]]));
  }

  async trainStep(
    batch: Batch,
    options: { learningRate: number; clipNorm?: number; state?: CarriedState; signal?: AbortSignal },
  ): Promise<{ loss: number; gradientNorm: number; steps: number; targets: number }> {
    await Promise.resolve();
    options.signal?.throwIfAborted();
    const ids = batch.inputs['input'] as Int32Array;
    const hidden = options.state?.values.get('h');
    const carried = hidden?.reduce((sum, value) => sum + value, 0) ?? 0;
    this.calls.push(`train ${ids.join(' ')} at ${options.learningRate.toPrecision(3)} from ${carried.toFixed(4)}`);
    if (this.step + 1 >= this.nonFiniteAt) {
      throw new NumericError('non_finite_loss', `step ${this.step + 1}: the loss is NaN; layer 'lstm.0'`, {
        step: this.step + 1,
        layer: 'lstm.0',
      });
    }
    const noise = Math.sin(this.seed * 12.9898 + this.step * 78.233);
    let squares = 0;
    let gradientSquares = 0;
    for (const [name, { data }] of this.parameters) {
      const momentum = this.optimizerState.get(`momentum/${name}`) as Float32Array;
      for (const [i, value] of data.entries()) {
        const target = Math.sin((ids[i % ids.length] as number) + carried) * 0.1;
        const gradient = value - target + 0.01 * noise;
        squares += (value - target) ** 2;
        gradientSquares += gradient ** 2;
        momentum[i] = 0.9 * (momentum[i] as number) + gradient;
        data[i] = value - options.learningRate * (momentum[i] as number);
      }
    }
    for (const [i, value] of hidden?.entries() ?? []) {
      if (hidden) hidden[i] = Math.tanh(0.5 * value + 0.1 * (ids[i % ids.length] as number));
    }
    this.step += 1;
    return { loss: squares / 5, gradientNorm: Math.sqrt(gradientSquares), steps: ids.length, targets: ids.length };
  }

  async evaluate(
    batch: Batch,
    options: { state?: CarriedState; signal?: AbortSignal } = {},
  ): Promise<{ loss: number; steps: number; targets: number }> {
    await Promise.resolve();
    this.onEvaluate?.();
    options.signal?.throwIfAborted();
    const ids = batch.inputs['input'] as Int32Array;
    this.calls.push(`evaluate ${ids.join(' ')}`);
    const w = this.parameters.get('w')?.data as Float32Array;
    const loss = this.validationLoss?.(this.step) ?? w.reduce((sum, value) => sum + value * value, 0);
    return { loss, steps: ids.length, targets: ids.length };
  }

  /** All numbers that training changes. */
  numbers(): number[] {
    const tensors = [...[...this.parameters.values()].map(({ data }) => data), ...this.optimizerState.values()];
    return [...tensors.flatMap((data) => [...data]), this.step];
  }
}
