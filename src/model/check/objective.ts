/** The objective of a model as a program in double precision, in which parameters are inputs like any other. */

import { executionSizes, type PackedAxes } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import type { PlainForm } from '../../batch/plain-examples.js';
import { isInt32Array } from '../../core/typed-array.js';
import { differentiate } from '../../graph/gradients.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import { type ModelLoss, outputLosses } from '../../network/output-losses.js';
import { CompiledProgram } from '../../program/program.js';
import { buildForward } from '../build/build-forward.js';
import { buildLosses } from '../build/build-graph.js';
import { type ModelBuffer, type Parameter, ParameterBlocks, ParameterLayout } from '../build/parameters.js';
import type { StateForm } from '../execute/check-batch.js';

/** The model and the mode of the check. */
export interface CheckedModel extends StateForm {
  readonly description: NetworkDescription;
  readonly loss: ModelLoss;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly buffers: ReadonlyMap<string, ModelBuffer>;
  readonly plainForm: PlainForm;
}

/** Numbers of an operand. */
export type Numbers = Float64Array<ArrayBuffer>;

/** A program of the objective in double precision, in which all real values are inputs. */
export class Objective {
  /** Real operands by the names of inputs of the program. */
  readonly operands = new Map<string, Value>();
  /** Targets, by their names in a batch. */
  readonly targets: ReadonlyMap<string, Value>;
  readonly initialStates: ReadonlyMap<string, Value>;
  /** Buffers by name: inputs that are not looked at. */
  readonly buffers: ReadonlyMap<string, Value>;
  readonly #forward;
  readonly #value: Value;
  #program: CompiledProgram | undefined;
  #gradients: ReadonlyMap<string, Value> = new Map();

  constructor({ description, loss }: CheckedModel, training: boolean) {
    const forward = buildForward(description, new ParameterLayout(), { training, parametersAreInputs: true });
    const { graph, parameters, penalties, initialStates, nodes } = forward;
    const losses = buildLosses(forward, outputLosses(description, loss));
    this.#forward = forward;
    this.targets = losses.targets;
    this.initialStates = initialStates;
    this.buffers = forward.buffers;
    this.#value = penalties.reduce((sum, { value, weight }) => {
      const term = graph.apply('scale', { x: value }, { factor: weight }).y;
      return graph.apply('add', { a: sum, b: term }).y;
    }, losses.loss);
    const inputs = Object.keys(description.inputs).map((name) => nodes.get(name) as Value);
    for (const value of [...parameters, ...inputs, ...initialStates.values()]) {
      if (value.type === 'real') this.operands.set(value.name as string, value);
    }
  }

  get graph(): Graph {
    return this.#forward.graph;
  }

  /** @param differentiated whether the gradients are computed, too */
  compile(axes: PackedAxes, differentiated: boolean): void {
    const { graph } = this.#forward;
    if (differentiated) {
      const reached = [{ value: this.#value, gradient: graph.constant(1, 1, [1]) }];
      const byId = differentiate(graph, reached, [...this.operands.values()]);
      const found = [...this.operands].flatMap(([name, { id }]) => {
        const gradient = byId.get(id);
        return gradient === undefined ? [] : [[name, gradient] as const];
      });
      this.#gradients = new Map(found);
    }
    const capacities = [...axes].map(([name, { batchSizes, rows }]) => {
      return [name, { steps: batchSizes.length, batch: batchSizes[0] as number, rows }] as const;
    });
    this.#program = new CompiledProgram(graph, {
      outputs: [...new Set([this.#value, ...this.#gradients.values()])],
      axes: new Map(capacities),
      blocks: new ParameterBlocks(new ParameterLayout(), new Map()),
      threads: 1,
      precision: 'float64',
    });
  }

  /** Computes the objective, and on request the gradients by operand. */
  execute(
    numbers: ReadonlyMap<string, Numbers>,
    fixed: ReadonlyMap<string, Batch['inputs'][string]>,
    axes: PackedAxes,
  ) {
    const program = this.#program as CompiledProgram;
    for (const [name, values] of numbers) if (program.hasInput(name)) program.real(name).set(values);
    for (const [name, values] of fixed) {
      if (!program.hasInput(name)) continue;
      const memory = isInt32Array(values) ? program.integers(name) : program.real(name);
      memory.set(values);
    }
    const { batchSizes, samples } = executionSizes(axes);
    program.execute(batchSizes, false, samples);
    const gradients = [...this.#gradients].map(([name, value]) => {
      return [name, Float64Array.from(program.real(value))] as const;
    });
    return { value: program.real(this.#value)[0] as number, gradients: new Map(gradients) };
  }

  dispose(): void {
    this.#program?.dispose();
  }
}
