/** What the executions of a model and the model itself tell. */

import { isLossKind } from '../../network/losses/losses.js';
import type { OutputLoss } from '../../network/output-losses.js';
import type { ParameterBlocks } from '../build/parameters.js';
import type { Execution } from './execution.js';
import type { Programs } from './programs.js';

/** What a training step tells. */
export interface StepResult {
  /** Mean over the targets, nats for cross-entropies; of several losses the weighted sum. Without penalties of the layers. */
  readonly loss: number;
  /** Each loss by its output, without its weight, where the model was compiled with `losses`. */
  readonly losses?: Readonly<Record<string, number>>;
  /** Euclidean norm of the whole gradient before `clipNorm`. */
  readonly gradientNorm: number;
  /** Valid steps N of the batch on the axis `time`. */
  readonly steps: number;
  /**
   * Rows of the target, ignored ones included: N, or B where the network has one output per sequence, or a CTC loss. Of several
   * losses those of the first.
   */
  readonly targets: number;
  /** With a loss that has weights, the sum of those that count, by which its sum was divided. Of several losses that of the first. */
  readonly weight?: number;
}

/** What an evaluation tells. */
export interface EvaluationResult {
  readonly loss: number;
  /** As in a training step. */
  readonly losses?: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly targets: number;
  /** As in a training step. */
  readonly weight?: number;
  /** The results of the option `metrics` by their names. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * What a finished execution with targets tells.
 *
 * @param losses the losses of the model
 * @param isNamed whether it was compiled with `losses`
 */
export function reportedLosses(
  execution: Execution,
  losses: readonly OutputLoss[],
  isNamed: boolean,
): EvaluationResult {
  const [first] = losses as readonly [OutputLoss];
  // Labels of a CTC loss are not predictions one by one: what counts are the sequences.
  const targets = isLossKind(first.loss, 'ctc') ? execution.sequences : execution.outputRows(first.output);
  const weighting = execution.totalOf(first.output);
  return {
    loss: execution.loss,
    ...(isNamed && { losses: execution.losses }),
    steps: execution.rows,
    targets,
    ...(weighting?.isWeighted === true && { weight: weighting.total }),
  };
}

/** Planned memory in bytes. */
export interface ModelMemory {
  readonly parameters: number;
  /** Numbers of layers that are not trained. */
  readonly buffers: number;
  readonly gradients: number;
  readonly optimizer: number;
  /** Arenas of the programs compiled so far. */
  readonly arena: number;
  /** Native scratch memory of those programs. */
  readonly scratch: number;
  readonly total: number;
}

/** The planned memory of parameters and the programs that work on them. */
export function plannedMemory(
  blocks: ParameterBlocks,
  programs: readonly Pick<Programs<never>, 'arenaBytes' | 'scratchBytes'>[],
): ModelMemory {
  const parameters = blocks.parameter.byteLength;
  const buffers = blocks.bufferBytes;
  const gradients = blocks.gradient.byteLength;
  const optimizer = blocks.optimizer.byteLength;
  const arena = programs.reduce((sum, { arenaBytes }) => sum + arenaBytes, 0);
  const scratch = programs.reduce((sum, { scratchBytes }) => sum + scratchBytes, 0);
  const total = parameters + buffers + gradients + optimizer + arena + scratch;
  return { parameters, buffers, gradients, optimizer, arena, scratch, total };
}
