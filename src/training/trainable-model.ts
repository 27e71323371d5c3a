import type { Batch } from '../model/batch.js';
import type { CarriedState } from '../model/carried-state.js';

/** A tensor that training reads and writes in place. */
export interface TensorView {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What training needs of a model; every compiled model is one. */
export interface TrainableModel {
  /** The network as JSON: a resumed run must have the same. */
  readonly description: object;
  readonly loss: string;
  readonly optimizer: { readonly learningRate: number };
  /** Name of the scheme of initial values. */
  readonly initializer: string;
  readonly parameters: ReadonlyMap<string, TensorView>;
  readonly optimizerState: ReadonlyMap<string, Float32Array>;
  /** Optimizer steps done. Writable: a checkpoint sets it. */
  step: number;
  readonly seed: number;
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
  ): Promise<{ readonly loss: number; readonly gradientNorm: number; readonly steps: number }>;
  evaluate(
    batch: Batch,
    options: { state?: CarriedState; signal?: AbortSignal },
  ): Promise<{ readonly loss: number; readonly steps: number }>;
}
