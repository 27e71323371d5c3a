/** The update of parameters as a separate program, for gradients that several executions have summed. */
import { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { OptimizerDescription } from '../../network/optimizers/optimizer.js';
import type { ProgramGraph } from '../build/build-graph.js';
import { buildUpdate } from '../build/build-update.js';
import type { ParameterLayout } from '../build/parameters.js';
import { writeTrainingNumbers } from './execution.js';
import type { TrainingNumbers } from './execution-options.js';
import type { ModelProgram } from './programs.js';

/** Clipping and one step of an optimizer over all parameters. */
export interface UpdateGraph extends ProgramGraph {
  /** Norm of the gradient before clipping by norm. */
  readonly norm: Value;
}

/** The graph of an update. @throws {OptionError} `invalid_option` when there are no parameters */
export function updateGraph(optimizer: OptimizerDescription, layout: ParameterLayout): UpdateGraph {
  const graph = new Graph();
  const norm = buildUpdate(graph, optimizer, layout);
  return { graph, norm, outputs: [norm], prepare: false };
}

/** Updates the parameters if the gradient is finite, and returns its norm before clipping by norm. */
export function executeUpdate({ program, built }: ModelProgram<UpdateGraph>, numbers: TrainingNumbers): number {
  writeTrainingNumbers(program, numbers);
  program.execute([]);
  return program.doubles(built.norm)[0] as number;
}
