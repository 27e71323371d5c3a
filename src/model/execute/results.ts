/** The results of a model's executions, and its memory report. */

import { ownLossDefinition } from '../../network/losses/loss.js';
import { isLossKind } from '../../network/losses/losses.js';
import type { OutputLoss } from '../../network/output-losses.js';
import type { ParameterBlocks } from '../build/parameters.js';
import type { Execution } from './execution.js';
import { type LossPart, rememberParts } from './loss-sums.js';
import type { Programs } from './programs.js';

/** The result of a training step. */
export interface StepResult {
  /**
   * Mean over the targets, in nats for cross-entropies; with several losses the weighted sum. Penalties of the layers
   * are not part of it.
   */
  readonly loss: number;
  /** Each loss by its output, without its weight, where the model was compiled with `losses`. */
  readonly losses?: Readonly<Record<string, number>>;
  /** Euclidean norm of the whole gradient before `clipNorm`. */
  readonly gradientNorm: number;
  /** Valid steps N of the batch on the axis `time`. */
  readonly steps: number;
  /**
   * Rows of the target, including ignored ones: N, or B if the network has one output per sequence, or for a CTC loss.
   * With several losses the rows of the first.
   */
  readonly targets: number;
  /**
   * For a loss with weights: the sum of the weights that count, by which the loss was divided. With several losses that
   * of the first.
   */
  readonly weight?: number;
}

/** The result of an evaluation. */
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
 * The result of a finished execution with targets.
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
  // The labels of a CTC loss are not predictions of single rows, so its sequences are counted.
  const targets = isLossKind(first.loss, 'ctc') ? execution.sequences : execution.outputRows(first.output);
  const weighting = execution.totalOf(first.output);
  const result: EvaluationResult = {
    loss: execution.loss,
    ...(isNamed && { losses: execution.losses }),
    steps: execution.rows,
    targets,
    ...(weighting?.isWeighted === true && { weight: weighting.total }),
  };
  return rememberParts(result, lossParts(execution, losses));
}

function lossParts(execution: Execution, losses: readonly OutputLoss[]): LossPart[] {
  const values = execution.losses;
  return losses.map(({ output, target, loss, weight: factor }) => {
    const divisor = execution.totalOf(output);
    const total = divisor?.total ?? execution.countedRows(target) ?? execution.outputRows(output);
    const isSum = divisor?.isSum ?? ownLossDefinition(loss)?.isSum ?? false;
    return { output, factor, loss: values[output] as number, total, isSum };
  });
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
  /** Scratch memory of those programs. */
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
