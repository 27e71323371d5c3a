/** A compiled network: parameters in memory, and the runs that train, evaluate and use them. */
import { NumericError, UsageError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { requireInitializer } from '../layers/initializer.js';
import { LOSSES, type LossName } from '../losses/losses.js';
import { threadCount } from '../native/threads.js';
import { hyperparameters, optimizerSlots } from '../optimizers/emit-update.js';
import { adam, type OptimizerDescription, optimizerFromJSON } from '../optimizers/optimizer.js';
import type { Batch } from './batch.js';
import { buildGraph, type Mode, RUN } from './build-graph.js';
import { CarriedState } from './carried-state.js';
import { checkBatch, checkState, countRows } from './check-batch.js';
import { type Culprit, findNonFinite } from './diagnose.js';
import type { NetworkDescription } from './network.js';
import { type Parameter, ParameterBlocks, ParameterLayout } from './parameters.js';
import { type ModelProgram, Programs } from './programs.js';
import { checkRunOptions, type RunOptions, type TrainOptions, trainingNumbers } from './run-options.js';
import { type SampleOptions, type SymbolTable, sampleSymbols } from './sampling.js';
import { Stream } from './stream.js';

export type { RunOptions, TrainOptions };

/** Settings of a compilation. */
export interface CompileOptions {
  /** Default `softmaxCrossEntropy`. */
  readonly loss?: LossName;
  /** Default `adam()`. */
  readonly optimizer?: OptimizerDescription;
  /** Seed of everything random in the model: initial values, dropout. Integer >= 0, default 1. */
  readonly seed?: number;
  /** Threads that a run uses at most; default `BPTT_THREADS`, else all processors. Results do not depend on it. */
  readonly threads?: number;
  /** Initial values, as in layers/initializer; default `default`. */
  readonly initializer?: string;
}

/** What a training step tells. */
export interface StepResult {
  /** Mean over the valid steps, nats for cross-entropies. */
  readonly loss: number;
  /** Euclidean norm of the whole gradient before `clipNorm`. */
  readonly gradientNorm: number;
  /** Valid steps N of the batch. */
  readonly steps: number;
}

/** What an evaluation tells. */
export interface EvaluationResult {
  readonly loss: number;
  readonly steps: number;
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

interface PreparedRun {
  readonly compiled: ModelProgram;
  readonly program: ModelProgram['program'];
  readonly built: ModelProgram['built'];
  readonly batchSizes: Int32Array[];
  readonly rows: number;
  /** Version of the parameters at the begin of the run. */
  readonly version: number;
  /** Whether the packed weights of the program are of that version. */
  readonly prepared: boolean;
}

const RUN_OPTIONS = ['state'];
const TRAIN_OPTIONS = [...RUN_OPTIONS, 'learningRate', 'clipNorm', 'clipValue'];

/**
 * A compiled network. Asynchronous runs of one model happen one after the other, off the event loop; a synchronous run
 * while one is under way is refused.
 */
export class Model {
  readonly description: NetworkDescription;
  readonly loss: LossName;
  readonly optimizer: OptimizerDescription;
  readonly seed: number;
  readonly threads: number;
  readonly initializer: string;
  /** Width of the output. */
  readonly outputs: number;
  readonly #blocks: ParameterBlocks;
  readonly #programs: Programs;
  readonly #stateUnits: ReadonlyMap<string, number>;
  #step = 0;
  #version = 0;
  #busy = false;
  #queue: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /** Use `network(...).compile(...)`. */
  constructor(description: NetworkDescription, options: CompileOptions) {
    rejectUnknownKeys('compile', options, ['loss', 'optimizer', 'seed', 'threads', 'initializer']);
    this.description = description;
    this.loss = requireOneOf('loss', options.loss ?? 'softmaxCrossEntropy', LOSSES);
    this.optimizer = optimizerFromJSON(options.optimizer ?? adam());
    this.seed = requireNumber('seed', options.seed ?? 1, { min: 0, integer: true });
    this.threads = threadCount(options.threads);
    this.initializer = requireInitializer(options.initializer ?? 'default');
    const layout = new ParameterLayout();
    const request = { description, loss: this.loss, optimizer: this.optimizer, layout };
    const { columns, initialStates } = buildGraph({ ...request, mode: 'evaluate' });
    this.outputs = columns;
    this.#stateUnits = new Map([...initialStates].map(([name, value]) => [name, value.columns]));
    this.#blocks = new ParameterBlocks(layout, optimizerSlots(this.optimizer));
    this.#blocks.initialize(layout, this.initializer, this.seed);
    this.#programs = new Programs(request, this.#blocks, this.threads);
  }

  /** Parameters by name, for example `lstm.weight_ih_l0`, as views into the memory that training works on. */
  get parameters(): ReadonlyMap<string, Parameter> {
    return this.#blocks.parameters;
  }

  /** Number of trainable values. */
  get parameterCount(): number {
    return [...this.parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
  }

  /** What the optimizer keeps, as views by `SLOT/PARAMETER`. */
  get optimizerState(): ReadonlyMap<string, Float32Array> {
    return this.#blocks.optimizerState;
  }

  /** Training steps done; decides bias correction and random masks. Set it only when a checkpoint is restored. */
  get step(): number {
    return this.#step;
  }
  set step(value: number) {
    this.#step = requireNumber('step', value, { min: 0, integer: true });
    this.parametersChanged();
  }

  /** Planned memory. Grows when a batch needs a larger program. */
  get memory(): ModelMemory {
    const parameters = this.#blocks.parameter.byteLength;
    const gradients = this.#blocks.gradient.byteLength;
    const optimizer = this.#blocks.optimizer.byteLength;
    const { arenaBytes: arena, scratchBytes: scratch } = this.#programs;
    return { parameters, gradients, optimizer, arena, scratch, total: parameters + gradients + optimizer + arena + scratch };
  }

  /** Tells the model that its parameters were written from outside: packed copies of them are made again. */
  parametersChanged(): void {
    this.#version++;
  }

  /** States of zero for `batch` sequences. @throws {OptionError} `invalid_option` */
  newState(batch: number): CarriedState {
    return CarriedState.zero(requireNumber('batch', batch, { min: 1, integer: true }), this.#stateUnits);
  }

  /**
   * One training step: forward, backward, clipping, update. All or nothing: when it rejects, parameters, optimizer,
   * `step` and the carried state are what they were.
   *
   * @throws {NumericError} `non_finite_loss`, `non_finite_gradient` with the step and the first layer concerned
   * @throws {ShapeError} `shape_mismatch`, `rank_mismatch`, `length_mismatch`
   * @throws {RangeIndexError} `index_out_of_range`
   * @throws {UsageError} `state_mismatch`, `model_disposed`
   */
  trainStep(batch: Batch, options: TrainOptions = {}): Promise<StepResult> {
    return this.#exclusively(options, async () => {
      checkRunOptions('trainStep', options, [...TRAIN_OPTIONS, 'signal']);
      const run = this.#beginTraining(batch, options);
      await run.program.start(run.batchSizes, options);
      return this.#finishTraining(run, batch, options);
    });
  }

  /** As `trainStep`, on the calling thread. @throws {UsageError} `model_busy` while another run is under way */
  trainStepSync(batch: Batch, options: Omit<TrainOptions, 'signal'> = {}): StepResult {
    return this.#alone(() => {
      checkRunOptions('trainStepSync', options, TRAIN_OPTIONS);
      const run = this.#beginTraining(batch, options);
      run.program.run(run.batchSizes);
      return this.#finishTraining(run, batch, options);
    });
  }

  /** The loss of a batch; dropout is off. Errors as `trainStep`. */
  evaluate(batch: Batch, options: RunOptions = {}): Promise<EvaluationResult> {
    return this.#exclusively(options, async () => {
      checkRunOptions('evaluate', options, [...RUN_OPTIONS, 'signal']);
      const run = this.#begin('evaluate', batch, options.state);
      await run.program.start(run.batchSizes, options);
      return this.#finishEvaluation(run, options.state);
    });
  }

  /** As `evaluate`, on the calling thread. @throws {UsageError} `model_busy` */
  evaluateSync(batch: Batch, options: Omit<RunOptions, 'signal'> = {}): EvaluationResult {
    return this.#alone(() => {
      checkRunOptions('evaluateSync', options, RUN_OPTIONS);
      const run = this.#begin('evaluate', batch, options.state);
      run.program.run(run.batchSizes);
      return this.#finishEvaluation(run, options.state);
    });
  }

  /** The outputs of a batch, row-major [N, outputs], in packed order. Errors as `trainStep`. */
  predict(batch: Batch, options: RunOptions = {}): Promise<Float32Array> {
    return this.#exclusively(options, async () => {
      checkRunOptions('predict', options, [...RUN_OPTIONS, 'signal']);
      const run = this.#begin('predict', batch, options.state);
      await run.program.start(run.batchSizes, { ...options, prepared: run.prepared });
      return this.#finishPrediction(run, options.state);
    });
  }

  /** As `predict`, on the calling thread. @throws {UsageError} `model_busy` */
  predictSync(batch: Batch, options: Omit<RunOptions, 'signal'> & { readonly use?: string } = {}): Float32Array {
    return this.#alone(() => {
      checkRunOptions('predictSync', options, [...RUN_OPTIONS, 'use']);
      const run = this.#begin('predict', batch, options.state, options.use);
      run.program.run(run.batchSizes, run.prepared);
      return this.#finishPrediction(run, options.state);
    });
  }

  /** A stream of one sequence, step by step, with a state of its own. */
  stream(): Stream {
    return new Stream(this);
  }

  /** Text from the model, symbol by symbol. Options and errors as `sample`. */
  sampleStream(vocabulary: SymbolTable, options: SampleOptions = {}): Generator<string> {
    return sampleSymbols(this, vocabulary, options);
  }

  /**
   * Text from the model: reads the prompt, then draws `length` symbols.
   *
   * @throws {OptionError} `invalid_option`
   * @throws {VocabularyError} `unknown_symbol`, `vocabulary_mismatch`
   */
  sample(vocabulary: SymbolTable, options: SampleOptions = {}): string {
    return [...this.sampleStream(vocabulary, options)].join('');
  }

  /**
   * The first layer, in the order of the network, that has a parameter, output or (after a training step) gradient that
   * is not finite; undefined when all are finite. @throws {UsageError} `model_busy`
   */
  diagnose(batch: Batch, options: { readonly state?: CarriedState } = {}): Culprit | undefined {
    return this.#alone(() => {
      checkRunOptions('diagnose', options, RUN_OPTIONS);
      return this.#diagnose(batch, options.state);
    });
  }

  #diagnose(batch: Batch, state: CarriedState | undefined): Culprit | undefined {
    const run = this.#begin('diagnose', batch, state);
    run.program.run(run.batchSizes);
    return findNonFinite(this.description, this.parameters, run, run.rows);
  }

  /** Frees the programs of the model. @throws {UsageError} `model_busy` */
  dispose(): void {
    if (this.#disposed) return;
    this.#alone(() => this.#programs.dispose());
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Runs after all runs that were asked for before, unless the signal says by then that it is not wanted. */
  async #exclusively<T>(options: RunOptions, run: () => Promise<T>): Promise<T> {
    const before = this.#queue;
    let release = (): void => {};
    this.#queue = new Promise<void>((resolve) => {
      release = resolve;
    });
    await before;
    this.#busy = true;
    try {
      if (options?.signal?.aborted === true) throw options.signal.reason;
      return await run();
    } finally {
      this.#busy = false;
      release();
    }
  }

  #alone<T>(run: () => T): T {
    if (this.#busy) throw new UsageError('model_busy', 'an asynchronous run of this model is under way');
    return run();
  }

  #begin(mode: Mode, batch: Batch, state: CarriedState | undefined, use?: string): PreparedRun {
    if (this.#disposed) throw new UsageError('model_disposed', 'the model has been disposed of');
    const rows = countRows(batch);
    const isIndex = this.loss === 'softmaxCrossEntropy';
    checkBatch(batch, rows, this.description, mode === 'predict' ? undefined : { isIndex, columns: this.outputs });
    const compiled = this.#programs.get(mode, batch.batchSizes, rows, use);
    const { program, built } = compiled;
    if (state !== undefined) checkState(state, batch.batchSizes[0] as number, built);
    for (const [name, input] of Object.entries(this.description.inputs)) {
      const values = batch.inputs[name] as Float32Array;
      if (program.hasInput(name)) (input.kind === 'indices' ? program.integers(name) : program.real(name)).set(values);
    }
    if (mode !== 'predict') {
      (isIndex ? program.integers('target') : program.real('target')).set(batch.targets?.['target'] as Float32Array);
    }
    for (const name of built.initialStates.keys()) {
      const memory = program.real(`state/${name}`);
      if (state === undefined) memory.fill(0);
      else memory.set(state.values.get(name) as Float32Array);
    }
    const version = this.#version;
    const prepared = compiled.preparedVersion === version;
    return { compiled, program, built, batchSizes: [batch.batchSizes], rows, version, prepared };
  }

  #beginTraining(batch: Batch, options: TrainOptions): PreparedRun {
    const { learningRate, clipNorm, clipValue } = trainingNumbers(options, this.optimizer.learningRate);
    const run = this.#begin('train', batch, options.state);
    const { program } = run;
    program.real(RUN.one).fill(1);
    program.doubles(RUN.clipNorm).fill(clipNorm);
    program.doubles(RUN.clipValue).fill(clipValue);
    program.doubles(RUN.hyperparameters).set(hyperparameters(this.optimizer, learningRate, this.#step + 1));
    if (program.hasInput(RUN.key)) {
      const words = [this.seed, this.#step].flatMap((value) => [value % 2 ** 32, Math.floor(value / 2 ** 32)]);
      program.integers(RUN.key).set(words);
    }
    return run;
  }

  #finishTraining(run: PreparedRun, batch: Batch, { state }: TrainOptions): StepResult {
    const { program, built, rows } = run;
    const loss = program.real(built.loss as NonNullable<typeof built.loss>)[0] as number;
    const gradientNorm = program.doubles(built.norm as NonNullable<typeof built.norm>)[0] as number;
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw this.#nonFinite(loss, gradientNorm, batch, state);
    this.#takeState(run, state);
    this.#step++;
    this.#version++;
    return { loss, gradientNorm, steps: rows };
  }

  #nonFinite(loss: number, gradientNorm: number, batch: Batch, state: CarriedState | undefined): NumericError {
    const step = this.#step + 1;
    const culprit = this.#diagnose(batch, state);
    const isLoss = !Number.isFinite(loss);
    const what = isLoss ? `loss is ${loss}` : `gradient norm is ${gradientNorm}`;
    const where = culprit === undefined ? '' : `; first in layer '${culprit.layer}' (${culprit.what})`;
    return new NumericError(
      isLoss ? 'non_finite_loss' : 'non_finite_gradient',
      `the ${what} at step ${step}${where}; parameters are as before the step`,
      { step, loss, gradientNorm, layer: culprit?.layer, what: culprit?.what },
    );
  }

  #finishEvaluation(run: PreparedRun, state: CarriedState | undefined): EvaluationResult {
    this.#takeState(run, state);
    const loss = run.program.real(run.built.loss as NonNullable<typeof run.built.loss>)[0] as number;
    return { loss, steps: run.rows };
  }

  #finishPrediction(run: PreparedRun, state: CarriedState | undefined): Float32Array {
    // Not the version of now: parameters may have been written while the run was under way.
    run.compiled.preparedVersion = run.version;
    this.#takeState(run, state);
    return run.program.real(run.built.output).slice(0, run.rows * this.outputs) as Float32Array;
  }

  #takeState({ program, built }: PreparedRun, state: CarriedState | undefined): void {
    if (state === undefined) return;
    for (const [name, value] of built.finalStates) {
      const memory = state.values.get(name) as Float32Array;
      memory.set(program.real(value).subarray(0, memory.length));
    }
  }
}
