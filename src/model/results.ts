/** What the runs of a model and the model itself tell. */
import type { ParameterBlocks } from './parameters.js';
import type { Programs } from './programs.js';

/** What a training step tells. */
export interface StepResult {
  /** Mean over the targets, nats for cross-entropies. Penalties of the layers are not part of it. */
  readonly loss: number;
  /** Euclidean norm of the whole gradient before `clipNorm`. */
  readonly gradientNorm: number;
  /** Valid steps N of the batch. */
  readonly steps: number;
  /** Rows of the target, ignored ones included: N, or B where the network has one output per sequence. */
  readonly targets: number;
}

/** What an evaluation tells. */
export interface EvaluationResult {
  readonly loss: number;
  readonly steps: number;
  readonly targets: number;
}

/** Planned memory in bytes. */
export interface ModelMemory {
  readonly parameters: number;
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
  { arenaBytes: arena, scratchBytes: scratch }: Pick<Programs<never>, 'arenaBytes' | 'scratchBytes'>,
): ModelMemory {
  const parameters = blocks.parameter.byteLength;
  const gradients = blocks.gradient.byteLength;
  const optimizer = blocks.optimizer.byteLength;
  const total = parameters + gradients + optimizer + arena + scratch;
  return { parameters, gradients, optimizer, arena, scratch, total };
}
