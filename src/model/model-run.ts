/** One run of a compiled program: a batch and a state go in, a loss, outputs and the next state come out. */
import type { Value } from '../graph/value.js';
import type { Batch } from './batch.js';
import { type Mode, RUN } from './build-graph.js';
import type { CarriedState } from './carried-state.js';
import type { NetworkDescription } from './network.js';
import type { ModelProgram } from './programs.js';

/** What a run works on. Everything has been checked. */
export interface RunInputs {
  readonly description: NetworkDescription;
  readonly mode: Mode;
  /** Whether targets are class indices. */
  readonly hasIndexTargets: boolean;
  readonly batch: Batch;
  /** Rows of the batch. */
  readonly rows: number;
  readonly state: CarriedState | undefined;
  /** Version of the parameters; counts up with every change. */
  readonly version: number;
}

/** The run-time numbers of a training step. */
export interface TrainingNumbers {
  readonly clipNorm: number;
  readonly clipValue: number;
  readonly hyperparameters: readonly number[];
  readonly seed: number;
  /** Training steps done before. */
  readonly step: number;
}

/** A program with its inputs in place. Results may be read once it has run, until the next run of the program begins. */
export class ModelRun {
  readonly rows: number;
  readonly compiled: ModelProgram;
  readonly #version: number;
  readonly #batchSizes: readonly Int32Array[];

  /** Writes the inputs into the memory of the program. */
  constructor(compiled: ModelProgram, { description, mode, hasIndexTargets, batch, rows, state, version }: RunInputs) {
    const { program, built } = compiled;
    for (const [name, input] of Object.entries(description.inputs)) {
      if (!program.hasInput(name)) continue; // nothing reads it
      const memory = input.kind === 'indices' ? program.integers(name) : program.real(name);
      memory.set(batch.inputs[name] as Int32Array | Float32Array);
    }
    if (mode !== 'predict') {
      const memory = hasIndexTargets ? program.integers('target') : program.real('target');
      memory.set(batch.targets?.['target'] as Int32Array | Float32Array);
    }
    for (const name of built.initialStates.keys()) {
      const memory = program.real(`state/${name}`);
      if (state === undefined) memory.fill(0);
      else memory.set(state.values.get(name) as Float32Array);
    }
    this.rows = rows;
    this.compiled = compiled;
    this.#version = version;
    this.#batchSizes = [batch.batchSizes];
  }

  /** Writes what a training step needs besides its batch. */
  writeTrainingNumbers({ clipNorm, clipValue, hyperparameters, seed, step }: TrainingNumbers): void {
    const { program } = this.compiled;
    program.real(RUN.one).fill(1);
    program.doubles(RUN.clipNorm).fill(clipNorm);
    program.doubles(RUN.clipValue).fill(clipValue);
    program.doubles(RUN.hyperparameters).set(hyperparameters);
    if (!program.hasInput(RUN.key)) return;
    program.integers(RUN.key).set([seed, step].flatMap((value) => [value % 2 ** 32, Math.floor(value / 2 ** 32)]));
  }

  /** Runs on the calling thread. */
  run(): void {
    this.compiled.program.run(this.#batchSizes, this.#isPrepared);
    this.compiled.preparedVersion = this.#version;
  }

  /** Runs off the event loop. Rejects with the signal's reason when it was stopped; no parameter has changed then. */
  async start(signal?: AbortSignal): Promise<void> {
    const options = { prepared: this.#isPrepared, ...(signal === undefined ? {} : { signal }) };
    await this.compiled.program.start(this.#batchSizes, options);
    // Not the version of now: parameters may have been written while the run was under way.
    this.compiled.preparedVersion = this.#version;
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

  /** A copy of the outputs, row-major [rows, columns]. */
  outputs(): Float32Array {
    const { program, built } = this.compiled;
    return program.real(built.output).slice(0, this.rows * built.columns) as Float32Array;
  }

  /** Writes the final states. */
  writeStateTo(state: CarriedState): void {
    const { program, built } = this.compiled;
    for (const [name, value] of built.finalStates) {
      const memory = state.values.get(name) as Float32Array;
      memory.set(program.real(value).subarray(0, memory.length));
    }
  }

  /** Whether the packed weights of the program are of this version of the parameters. */
  get #isPrepared(): boolean {
    return this.compiled.preparedVersion === this.#version;
  }
}
