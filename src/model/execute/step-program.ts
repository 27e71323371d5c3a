/** A program of steps whose states are carried on, with all that its executions need found once. */
import { TIME } from '../../batch/axes.js';
import type { Rows } from '../../batch/rows.js';
import { areFinite } from '../../core/finite.js';
import type { Value } from '../../graph/value.js';
import type { InputDescription } from '../../network/description.js';
import type { AxisCapacity } from '../../program/emit.js';
import { stateInput } from '../build/build-forward.js';
import { outputPer } from '../build/build-graph.js';
import type { ModelProgram } from './programs.js';

/** A carried state in the memory of a program, row-major [B * units]. */
export interface StateMemory {
  readonly name: string;
  readonly units: number;
  /** Undefined where no result depends on it. */
  readonly before: Float32Array | undefined;
  readonly after: Float32Array;
}

/** The sizes of one execution, as a program takes them. */
export interface StepSizes {
  readonly steps: number;
  readonly batch: number;
  readonly batchSizes: readonly Int32Array[];
  readonly samples: readonly (Int32Array | undefined)[] | undefined;
}

/**
 * Copies `count` numbers from a place of one array to a place of another. Parts are copied one by one: a view of a part would be a new
 * object, which costs more than some hundred numbers.
 */
export function copyNumbers(from: Rows, fromAt: number, to: Rows, toAt: number, count: number): void {
  if (count === from.length) to.set(from, toAt);
  else for (let at = 0; at < count; at++) to[toAt + at] = from[fromAt + at] as number;
}

/** Whether the first `batch` rows of all final states are finite. */
export function hasFiniteStates({ states }: Pick<StepProgram, 'states'>, batch: number): boolean {
  for (const { after, units } of states) if (!areFinite(after, batch * units)) return false;
  return true;
}

/**
 * A program and the places of its input, states and output in memory. What an execution takes is written there, and its results may be
 * read there until the next one is written. Nothing is allocated.
 */
export class StepProgram {
  readonly compiled: ModelProgram;
  readonly states: readonly StateMemory[];
  /** Row-major, at full capacity. */
  readonly output: Float32Array;
  /** Numbers in a row of the output. */
  readonly columns: number;
  /** Undefined where no result depends on it. */
  readonly input: Rows | undefined;
  /** Initial states that are not carried. */
  readonly #zeros: readonly Float32Array[];
  readonly #capacity: AxisCapacity;
  readonly #isPerStep: boolean;

  /** @param input the only one @param output name of the only one */
  constructor(compiled: ModelProgram, input: InputDescription, inputName: string, output: string) {
    const { program, built } = compiled;
    const { finalStates, initialStates, results } = built;
    const real = (value: Value | string) => program.real(value) as Float32Array;
    const before = (name: string) => (program.hasInput(stateInput(name)) ? real(stateInput(name)) : undefined);
    this.compiled = compiled;
    if (program.hasInput(inputName)) {
      this.input = input.kind === 'indices' ? program.integers(inputName) : real(inputName);
    }
    this.states = [...finalStates].map(([name, value]) => {
      return { name, units: value.columns, before: before(name), after: real(value) };
    });
    this.#zeros = [...initialStates.keys()].flatMap((name) => (finalStates.has(name) ? [] : (before(name) ?? [])));
    const result = results.get(output) as Value;
    this.output = real(result);
    this.columns = result.columns;
    this.#isPerStep = outputPer(result) === 'step';
    this.#capacity = program.axes.get(TIME) as AxisCapacity;
  }

  /** Steps of the longest sequence that there is room for. */
  get mostSteps(): number {
    return this.#capacity.steps;
  }

  /** Whether there is room for so many steps of so many sequences. */
  fits(steps: number, batch: number): boolean {
    const { steps: mostSteps, batch: mostBatch, rows } = this.#capacity;
    return steps <= mostSteps && batch <= mostBatch && steps * batch <= rows;
  }

  /** Executes on the calling thread. The input and the carried states must have been written. @param version of the parameters */
  execute({ batchSizes, samples }: StepSizes, version: number): void {
    for (const memory of this.#zeros) memory.fill(0);
    this.compiled.program.execute(batchSizes, this.compiled.preparedVersion === version, samples);
    this.compiled.preparedVersion = version;
  }

  /** As `execute`, off the event loop. @throws the signal's reason */
  async start({ batchSizes, samples }: StepSizes, version: number, signal?: AbortSignal): Promise<void> {
    for (const memory of this.#zeros) memory.fill(0);
    await this.compiled.program.start(batchSizes, {
      prepared: this.compiled.preparedVersion === version,
      ...(signal !== undefined && { signal }),
      ...(samples !== undefined && { samples }),
    });
    this.compiled.preparedVersion = version;
  }

  /** Numbers of the output of an execution of these sizes. */
  outputLength({ steps, batch }: StepSizes): number {
    return (this.#isPerStep ? steps * batch : batch) * this.columns;
  }
}
