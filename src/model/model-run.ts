/** One run of a compiled program: a batch and a state go in, a loss, outputs and the next state come out. */
import type { CompiledProgram } from '../graph/program.js';
import type { Extent, Value } from '../graph/value.js';
import type { Batch } from './batch.js';
import { RUN, stateInput } from './build-forward.js';
import type { BuiltGraph } from './build-graph.js';
import type { CarriedState } from './carried-state.js';
import type { NetworkDescription } from './network.js';
import type { ModelProgram } from './programs.js';
import type { TrainingNumbers } from './run-options.js';

/** What a run works on. Everything has been checked. */
export interface RunInputs {
  readonly description: NetworkDescription;
  /** What the targets are, where the run computes a loss. */
  readonly target?: 'indices' | 'features' | undefined;
  readonly batch: Batch;
  /** Rows of the batch. */
  readonly rows: number;
  readonly state: CarriedState | undefined;
  /** Version of the parameters; counts up with every change. */
  readonly version: number;
}

/** Writes what an update needs into the memory of its program, besides a batch. */
export function writeTrainingNumbers(
  program: CompiledProgram,
  { clipNorm, clipValue, hyperparameters, seed, step }: TrainingNumbers,
): void {
  program.doubles(RUN.clipNorm).fill(clipNorm);
  program.doubles(RUN.clipValue).fill(clipValue);
  program.doubles(RUN.hyperparameters).set(hyperparameters);
  if (program.hasInput(RUN.one)) program.real(RUN.one).fill(1);
  if (!program.hasInput(RUN.key)) return;
  program.integers(RUN.key).set([seed, step].flatMap((value) => [value % 2 ** 32, Math.floor(value / 2 ** 32)]));
}

/** A program with its inputs in place. Results may be read once it has run, until the next run of the program begins. */
export class ModelRun<Built extends BuiltGraph = BuiltGraph> {
  /** Rows N of the batch. */
  readonly rows: number;
  readonly compiled: ModelProgram<Built>;
  readonly #version: number;
  readonly #batchSizes: readonly Int32Array[];

  /** Writes the inputs into the memory of the program. */
  constructor(compiled: ModelProgram<Built>, { description, target, batch, rows, state, version }: RunInputs) {
    const { program, built } = compiled;
    for (const [name, input] of Object.entries(description.inputs)) {
      if (!program.hasInput(name)) continue; // nothing reads it
      const memory = input.kind === 'indices' ? program.integers(name) : program.real(name);
      memory.set(batch.inputs[name] as Int32Array | Float32Array);
    }
    if (target !== undefined) {
      const memory = target === 'indices' ? program.integers('target') : program.real('target');
      memory.set(batch.targets?.['target'] as Int32Array | Float32Array);
    }
    for (const name of built.initialStates.keys()) {
      const memory = program.real(stateInput(name));
      if (state === undefined) memory.fill(0);
      else memory.set(state.values.get(name) as Float32Array);
    }
    this.rows = rows;
    this.compiled = compiled;
    this.#version = version;
    this.#batchSizes = [batch.batchSizes];
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

  /** Rows of the output: of all steps N, or of the sequences B. */
  get outputRows(): number {
    return this.rowsOf(this.compiled.built.output);
  }

  /** Rows that a value of the program has in this run. */
  rowsOf({ rows }: { readonly rows: Extent }): number {
    if (typeof rows === 'number') return rows;
    return rows.kind === 'steps' ? this.rows : (this.#batchSizes[0]?.[0] as number);
  }

  /** A value of the program, row-major, in its memory. */
  view(value: Value): Float32Array {
    return this.compiled.program.real(value).subarray(0, this.rowsOf(value) * value.columns) as Float32Array;
  }

  /** A copy of the output, row-major. */
  outputs(): Float32Array {
    return this.view(this.compiled.built.output).slice();
  }

  /** Writes the final states. */
  writeStateTo(state: CarriedState): void {
    for (const [name, value] of this.compiled.built.finalStates) state.values.get(name)?.set(this.view(value));
  }

  /** Whether the packed weights of the program are of this version of the parameters. */
  get #isPrepared(): boolean {
    return this.compiled.preparedVersion === this.#version;
  }
}
