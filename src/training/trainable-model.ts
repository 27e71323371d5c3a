import type { Batch } from '../batch/batch.js';
import type { CarriedState } from '../model/carried-state.js';

/** A tensor that training reads and writes in place. */
export interface TensorView {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** How much a run worked on. */
export interface StepCounts {
  /** Valid steps: the tokens of a run, and the measure of its speed. */
  readonly steps: number;
  /** Rows of the target: one for each step, or for each sequence. */
  readonly targets: number;
  /** The sum of the weights that the loss was divided by, where it has weights. */
  readonly weight?: number;
}

/** What training needs of a model; every compiled model is one. */
export interface TrainableModel {
  /** The network as JSON: a resumed run must have the same. */
  readonly description: object;
  /** Name or description of what is minimised. */
  readonly loss: string | object;
  readonly optimizer: { readonly learningRate: number };
  /** Name of the scheme of initial values. */
  readonly initializer: string;
  readonly parameters: ReadonlyMap<string, TensorView>;
  readonly optimizerState: ReadonlyMap<string, Float32Array>;
  /** Optimizer steps done. Writable: a checkpoint sets it. */
  step: number;
  readonly seed: number;
  /** Name of a layer that looks at later steps, which keeps states from being carried; undefined where there is none. */
  readonly lookAheadLayer?: string | undefined;
  newState(batch: number): CarriedState;
  /** One optimizer step. The state is replaced, and anything changed at all, only when it succeeds. */
  trainStep(
    batch: Batch,
    options: {
      learningRate: number;
      clipNorm?: number;
      clipValue?: number;
      state?: CarriedState;
      signal?: AbortSignal;
    },
  ): Promise<StepCounts & { readonly loss: number; readonly gradientNorm: number }>;
  evaluate(
    batch: Batch,
    options: { state?: CarriedState; signal?: AbortSignal },
  ): Promise<StepCounts & { readonly loss: number }>;
}
