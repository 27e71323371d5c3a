import type { Batch } from '../batch/batch.js';
import type { PlainForm } from '../batch/plain-examples.js';
import type { CarriedState } from '../model/execute/carried-state.js';
import type { Metric } from '../model/use/metric.js';
import type { TensorHolder } from '../saved/model-tensors.js';

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
export interface TrainableModel extends TensorHolder {
  /** The network as JSON: a resumed run must have the same. */
  readonly description: object;
  /** Name or description of what is minimised. */
  readonly loss: string | object;
  readonly optimizer: { readonly learningRate: number };
  /** Name of the scheme of initial values. */
  readonly initializer: string;
  /** Optimizer steps done. Writable: a checkpoint sets it. */
  step: number;
  readonly seed: number;
  /** What plain sequences must be to be trained on; a model without it is trained on batches only. */
  readonly plainForm?: PlainForm;
  /** Name of a layer that looks at later steps, which keeps states from being carried; undefined where there is none. */
  readonly lookAheadLayer?: string | undefined;
  /** Refuses metrics that it cannot compute, before anything is computed. */
  checkMetrics?(metrics: readonly Metric[]): void;
  /** Tells the model that its parameters were written from outside. */
  parametersChanged(): void;
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
    options: { state?: CarriedState; signal?: AbortSignal; metrics?: readonly Metric[] },
  ): Promise<StepCounts & { readonly loss: number }>;
}
