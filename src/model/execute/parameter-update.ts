/** The update of parameters as a separate program, for gradients that several executions have summed. */
import { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { OptimizerDescription } from '../../network/optimizers/optimizer.js';
import type { ProgramGraph } from '../build/build-graph.js';
import { buildUpdate, type EmittedUpdate } from '../build/build-update.js';
import type { ParameterLayout } from '../build/parameters.js';
import { nonFiniteError, requireFiniteValues } from './diagnose.js';
import { writeTrainingNumbers } from './execution.js';
import type { TrainingNumbers } from './execution-options.js';
import type { ModelProgram } from './programs.js';

/** Clipping and one step of an optimizer over all parameters. */
export interface UpdateGraph extends ProgramGraph {
  /** Norm of the gradient before clipping by norm. */
  readonly norm: Value;
  readonly checks: EmittedUpdate['checks'];
}

/** The graph of an update. @throws {OptionError} `invalid_option` when there are no parameters */
export function updateGraph(optimizer: OptimizerDescription, layout: ParameterLayout): UpdateGraph {
  const graph = new Graph();
  const { norm, checks } = buildUpdate(graph, optimizer, layout);
  return { graph, norm, checks, outputs: [...new Set([norm, ...checks.values()])], prepare: false };
}

/**
 * Updates the parameters, and returns the norm of the gradient before clipping by norm.
 *
 * @throws {NumericError} `non_finite_gradient`, `non_finite_update`; nothing has changed then
 */
export function executeUpdate({ program, built }: ModelProgram<UpdateGraph>, numbers: TrainingNumbers): number {
  writeTrainingNumbers(program, numbers);
  program.execute([]);
  const gradientNorm = program.doubles(built.norm)[0] as number;
  const step = numbers.step + 1;
  if (!Number.isFinite(gradientNorm)) throw nonFiniteError(undefined, gradientNorm, step, undefined);
  requireFiniteValues(program, built.checks, step);
  return gradientNorm;
}
