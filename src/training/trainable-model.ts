import type { Batch } from '../batch/batch.js';
import type { PlainForm } from '../batch/plain-examples.js';
import type { StreamObstacle } from '../model/build/causality.js';
import type { CarriedState } from '../model/execute/carried-state.js';
import type { Metric } from '../model/use/metric.js';
import type { TensorHolder } from '../saved/model-tensors.js';

/** The amount of work of a run. */
export interface StepCounts {
  /** Valid steps: the tokens of a run, and the measure of its speed. */
  readonly steps: number;
  /** Rows of the target: one for each step, or for each sequence. */
  readonly targets: number;
  /** The sum of the weights that the loss was divided by, where it has weights. */
  readonly weight?: number;
}

/** The part of a model that training needs; every compiled model has it. */
export interface TrainableModel extends TensorHolder {
  /** The network as JSON; it must be the same in a resumed run. */
  readonly description: object;
  /** Name or description of the loss. */
  readonly loss: string | object;
  readonly optimizer: { readonly learningRate: number };
  /** Name of the initializer scheme. */
  readonly initializer: string;
  /** How products with weights are computed; left out: float32. A resumed run may have another. */
  readonly precision?: string;
  /** Optimizer steps done. Writable: a checkpoint sets it. */
  step: number;
  readonly seed: number;
  /** The form of plain sequences for training; a model without it is trained on batches only. */
  readonly plainForm?: PlainForm;
  /** Steps of the shortest sequence that can be trained on in a batch by itself; default 1, Infinity where none can. */
  readonly shortestAlone?: number;
  /** Refuses a batch that it cannot be trained on, as it has too few rows for a layer. */
  requireTrainable?(batch: Batch): void;
  /** A layer that cannot be read step by step, so that states cannot be carried; undefined when there is none. */
  readonly streamObstacle?: StreamObstacle | undefined;
  /** Refuses metrics that it cannot compute, before anything is computed. */
  checkMetrics?(metrics: readonly Metric[]): void;
  /** Must be called after parameters were written from outside the model. */
  parametersChanged(): void;
  /** Calls a function while no other call reads or changes the parameters. A model without it has one call at a time. */
  whileIdle?<T>(action: () => Promise<T>): Promise<T>;
  newState(batch: number): CarriedState;
  /** One optimizer step. The state, and everything else, changes only when the step succeeds. */
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

/** Changes the parameters of a model between the calls that read them. */
export async function whileIdle(model: Pick<TrainableModel, 'whileIdle'>, change: () => void): Promise<void> {
  if (model.whileIdle === undefined) change();
  else await model.whileIdle(async () => change());
}
