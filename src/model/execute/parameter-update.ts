/** The update of parameters as a program of its own, for gradients that several executions have summed. */
import { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { OptimizerDescription } from '../../network/optimizers/optimizer.js';
import { CompiledProgram } from '../../program/program.js';
import { buildUpdate } from '../build/build-update.js';
import type { ParameterBlocks, ParameterLayout } from '../build/parameters.js';
import { writeTrainingNumbers } from './execution.js';
import type { TrainingNumbers } from './execution-options.js';

/** Clipping and one step of an optimizer over all parameters. */
export class ParameterUpdate {
  readonly #program: CompiledProgram;
  readonly #norm: Value;

  /** @throws {OptionError} `invalid_option` when there are no parameters */
  constructor(optimizer: OptimizerDescription, layout: ParameterLayout, blocks: ParameterBlocks, threads: number) {
    const graph = new Graph();
    this.#norm = buildUpdate(graph, optimizer, layout);
    this.#program = new CompiledProgram(graph, { outputs: [this.#norm], axes: new Map(), blocks, threads });
  }

  /** Updates, where the gradient is finite, and returns its norm before clipping by norm. */
  execute(numbers: TrainingNumbers): number {
    writeTrainingNumbers(this.#program, numbers);
    this.#program.execute([]);
    return this.#program.doubles(this.#norm)[0] as number;
  }

  /** Frees the program. */
  dispose(): void {
    this.#program.dispose();
  }
}
