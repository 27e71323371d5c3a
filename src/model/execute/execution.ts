/** One execution of a compiled program: a batch and a state go in, a loss, outputs and the next state come out. */

import { countOf, executionSizes, type PackedAxes, TIME } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import type { Extent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import type { CompiledProgram } from '../../program/program.js';
import type { CheckedBuffer } from '../build/build-buffers.js';
import { PROGRAM_INPUTS, stateInput } from '../build/build-forward.js';
import type { BuiltGraph, LossTotal } from '../build/build-graph.js';
import type { CarriedState } from './carried-state.js';
import type { TrainingNumbers } from './execution-options.js';
import type { HeldState } from './held-state.js';
import type { ModelProgram } from './programs.js';

/** The input of an execution. Everything has been checked. */
export interface ExecutionInputs {
  readonly description: NetworkDescription;
  readonly batch: Pick<Batch, 'inputs' | 'targets'>;
  /** Time axes of the batch. */
  readonly axes: PackedAxes;
  readonly state: CarriedState | undefined;
  /** That state, when the execution leaves its final states there; omitted where it does not. */
  readonly held?: HeldState | undefined;
  /** Version of the parameters; counts up with every change. */
  readonly version: number;
}

/** Writes the data that an update needs, except the batch, into the memory of its program. */
export function writeTrainingNumbers(
  program: CompiledProgram,
  { clipNorm, clipValue, hyperparameters, seed, step }: TrainingNumbers,
): void {
  program.doubles(PROGRAM_INPUTS.clipNorm).fill(clipNorm);
  program.doubles(PROGRAM_INPUTS.clipValue).fill(clipValue);
  if (program.hasInput(PROGRAM_INPUTS.hyperparameters)) {
    program.doubles(PROGRAM_INPUTS.hyperparameters).set(hyperparameters);
  }
  if (program.hasInput(PROGRAM_INPUTS.ownNumbers)) program.real(PROGRAM_INPUTS.ownNumbers).set(hyperparameters);
  if (program.hasInput(PROGRAM_INPUTS.one)) program.real(PROGRAM_INPUTS.one).fill(1);
  if (!program.hasInput(PROGRAM_INPUTS.key)) return;
  program
    .integers(PROGRAM_INPUTS.key)
    .set([seed, step].flatMap((value) => [value % 2 ** 32, Math.floor(value / 2 ** 32)]));
}

/** Writes rows of an input of the network, or of a target: indices, or real numbers. */
export function writeRows(
  program: CompiledProgram,
  name: string,
  rows: Int32Array | Float32Array,
  isIndex: boolean,
): void {
  if (!program.hasInput(name)) return; // the program does not read it
  const memory = isIndex ? program.integers(name) : program.real(name);
  memory.set(rows);
}

function countFrom(ids: ArrayLike<number>, least: number): number {
  let count = 0;
  for (let row = 0; row < ids.length; row++) if ((ids[row] as number) >= least) count++;
  return count;
}

/** A program with its inputs in place. Results may be read once it has been executed, until the next execution of the program begins. */
export class Execution<Built extends BuiltGraph = BuiltGraph> {
  readonly compiled: ModelProgram<Built>;
  readonly #version: number;
  readonly #axes: PackedAxes;
  readonly #held: HeldState | undefined;
  /** Rows that are not ignored, by the names of targets of classes that may be. */
  readonly #counted = new Map<string, number>();

  /** Writes the inputs into the memory of the program. */
  constructor(compiled: ModelProgram<Built>, { description, batch, axes, state, held, version }: ExecutionInputs) {
    const { program, built } = compiled;
    for (const [name, { kind }] of Object.entries(description.inputs)) {
      writeRows(program, name, batch.inputs[name] as Int32Array | Float32Array, kind === 'indices');
    }
    for (const [name, target] of built.targets ?? []) {
      const rows = batch.targets?.[name] as Int32Array | Float32Array;
      writeRows(program, target.name as string, rows, target.type === 'int32');
      if (target.type === 'int32' && target.low < 0) this.#counted.set(name, countFrom(rows, 0));
    }
    for (const name of built.initialStates.keys()) {
      if (!program.hasInput(stateInput(name))) continue;
      const memory = program.real(stateInput(name));
      const carried = built.finalStates.has(name) ? state?.values.get(name) : undefined;
      if (carried === undefined) memory.fill(0);
      else memory.set(carried);
    }
    this.compiled = compiled;
    this.#held = held;
    this.#version = version;
    this.#axes = axes;
  }

  /** Executes on the calling thread. */
  execute(): void {
    const { batchSizes, samples } = executionSizes(this.#axes);
    this.compiled.program.execute(batchSizes, this.#isPrepared, samples);
    this.compiled.preparedVersion = this.#version;
  }

  /**
   * Executes off the event loop. Rejects with the signal's reason when it was stopped; no parameter has changed then.
   */
  async start(signal?: AbortSignal): Promise<void> {
    const { batchSizes, samples } = executionSizes(this.#axes);
    await this.compiled.program.start(batchSizes, {
      prepared: this.#isPrepared,
      ...(signal !== undefined && { signal }),
      ...(samples !== undefined && { samples }),
    });
    // Uses the version from before the execution: parameters may have been written while it was working.
    this.compiled.preparedVersion = this.#version;
  }

  /** Rows N of the axis `time`. */
  get rows(): number {
    return this.#axes.get(TIME)?.rows as number;
  }

  get loss(): number {
    const { program, built } = this.compiled;
    return program.real(built.loss as Value)[0] as number;
  }

  /** Before clipping by norm. */
  get gradientNorm(): number {
    const { program, built } = this.compiled;
    return program.doubles(built.norm as Value)[0] as number;
  }

  /** The first buffer whose new value is not finite, after a training step; undefined where there is none. */
  get nonFiniteBuffer(): CheckedBuffer | undefined {
    const { program, built } = this.compiled;
    return built.checkedBuffers?.find(({ check }) => !Number.isFinite(program.real(check)[0]));
  }

  /** The losses by output. */
  get losses(): Record<string, number> {
    const { program, built } = this.compiled;
    const values = [...(built.losses ?? [])];
    return Object.fromEntries(values.map(([name, value]) => [name, program.real(value)[0] as number]));
  }

  /** The divisor of the loss of an output; undefined when the program does not return it. */
  totalOf(output: string): (Pick<LossTotal, 'isWeighted' | 'isSum'> & { readonly total: number }) | undefined {
    const { program, built } = this.compiled;
    const found = built.totals?.get(output);
    if (found === undefined) return undefined;
    const { value, ...kind } = found;
    return { ...kind, total: program.real(value)[0] as number };
  }

  /** Rows of a target that are not ignored; undefined for a target whose rows all count. */
  countedRows(target: string): number | undefined {
    return this.#counted.get(target);
  }

  /** Rows of an output of the network: of all steps N, or of the sequences B. */
  outputRows(name: string): number {
    return this.rowsOf(this.compiled.built.results.get(name) as Value);
  }

  /** Sequences of the batch. */
  get sequences(): number {
    return this.#axes.get(TIME)?.batchSizes[0] as number;
  }

  /** Rows that a value of the program has in this execution. */
  rowsOf({ rows }: { readonly rows: Extent }): number {
    return typeof rows === 'number' ? rows : countOf(rows, this.#axes);
  }

  /** A value of the program, row-major, in its memory. */
  view(value: Value): Float32Array {
    return this.compiled.program.real(value).subarray(0, this.rowsOf(value) * value.columns) as Float32Array;
  }

  /** An output of the network, row-major, in the memory of the program. */
  output(name: string): Float32Array {
    return this.view(this.compiled.built.results.get(name) as Value);
  }

  /** Copies of the outputs of the network by name, row-major. */
  outputs(): Record<string, Float32Array> {
    const results = [...this.compiled.built.results];
    return Object.fromEntries(results.map(([name, value]) => [name, this.view(value).slice()]));
  }

  /** The final states by name, in the order of the batch, in the memory of the program. */
  get finalStates(): (readonly [name: string, rows: Float32Array])[] {
    return [...this.compiled.built.finalStates].map(([name, value]) => [name, this.view(value)] as const);
  }

  /** @throws {NumericError} `non_finite_state` where final states are not finite that `takeStates` would leave; nothing has changed */
  requireFiniteStates(): void {
    this.#held?.requireFinite(this.finalStates);
  }

  /** Leaves the final states in the state that the execution began with. It cannot fail. */
  takeStates(): void {
    this.#held?.take(this.finalStates);
  }

  /** Whether the packed weights of the program were made from this version of the parameters. */
  get #isPrepared(): boolean {
    return this.compiled.preparedVersion === this.#version;
  }
}
