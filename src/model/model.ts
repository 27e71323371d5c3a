/** A compiled network: parameters in memory, and the runs that train, evaluate and use them. */
import { UsageError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { requireInitializer } from '../layers/initializer.js';
import { LOSSES, type LossName } from '../losses/losses.js';
import { threadCount } from '../native/threads.js';
import { hyperparameters, optimizerSlots } from '../optimizers/emit-update.js';
import { adam, type OptimizerDescription, optimizerFromJSON } from '../optimizers/optimizer.js';
import type { Batch } from './batch.js';
import { buildGraph, type Mode } from './build-graph.js';
import { CarriedState } from './carried-state.js';
import { checkBatch, checkState, countRows } from './check-batch.js';
import { type Culprit, findNonFinite, nonFiniteError } from './diagnose.js';
import { ModelRun } from './model-run.js';
import type { NetworkDescription } from './network.js';
import { type Parameter, ParameterBlocks, ParameterLayout } from './parameters.js';
import { Programs } from './programs.js';
import type { EvaluationResult, ModelMemory, StepResult } from './results.js';
import { checkRunOptions, type RunOptions, type TrainOptions, trainingNumbers } from './run-options.js';
import { RunQueue } from './run-queue.js';
import { type SampleOptions, type SymbolTable, sampleSymbols } from './sampling.js';
import { Stream } from './stream.js';

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
  readonly #queue = new RunQueue();
  #step = 0;
  #version = 0;
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
    return {
      parameters,
      gradients,
      optimizer,
      arena,
      scratch,
      total: parameters + gradients + optimizer + arena + scratch,
    };
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
   * `step` and the carried state are what they were. The batch is read when the run begins, behind those asked for
   * before: leave it alone until the promise has settled.
   *
   * @throws {NumericError} `non_finite_loss`, `non_finite_gradient` with the step and the first layer concerned
   * @throws {ShapeError} `shape_mismatch`, `rank_mismatch`, `length_mismatch`
   * @throws {RangeIndexError} `index_out_of_range`
   * @throws {UsageError} `state_mismatch`, `model_disposed`
   */
  trainStep(batch: Batch, options: TrainOptions = {}): Promise<StepResult> {
    return this.#queue.enqueue(options, async () => {
      checkRunOptions('trainStep', options, [...TRAIN_OPTIONS, 'signal']);
      const run = this.#beginTraining(batch, options);
      await run.start(options.signal);
      return this.#finishTraining(run, batch, options);
    });
  }

  /** As `trainStep`, on the calling thread. @throws {UsageError} `model_busy` while another run is under way */
  trainStepSync(batch: Batch, options: Omit<TrainOptions, 'signal'> = {}): StepResult {
    return this.#queue.now(() => {
      checkRunOptions('trainStepSync', options, TRAIN_OPTIONS);
      const run = this.#beginTraining(batch, options);
      run.run();
      return this.#finishTraining(run, batch, options);
    });
  }

  /** The loss of a batch; dropout is off. Errors as `trainStep`. */
  evaluate(batch: Batch, options: RunOptions = {}): Promise<EvaluationResult> {
    return this.#queue.enqueue(options, async () => {
      checkRunOptions('evaluate', options, [...RUN_OPTIONS, 'signal']);
      const run = this.#begin('evaluate', batch, options.state);
      await run.start(options.signal);
      return this.#finishEvaluation(run, options.state);
    });
  }

  /** As `evaluate`, on the calling thread. @throws {UsageError} `model_busy` */
  evaluateSync(batch: Batch, options: Omit<RunOptions, 'signal'> = {}): EvaluationResult {
    return this.#queue.now(() => {
      checkRunOptions('evaluateSync', options, RUN_OPTIONS);
      const run = this.#begin('evaluate', batch, options.state);
      run.run();
      return this.#finishEvaluation(run, options.state);
    });
  }

  /** The outputs of a batch, row-major [N, outputs], in packed order. Errors as `trainStep`. */
  predict(batch: Batch, options: RunOptions = {}): Promise<Float32Array> {
    return this.#queue.enqueue(options, async () => {
      checkRunOptions('predict', options, [...RUN_OPTIONS, 'signal']);
      const run = this.#begin('predict', batch, options.state);
      await run.start(options.signal);
      return this.#finishPrediction(run, options.state);
    });
  }

  /**
   * As `predict`, on the calling thread. Calls with the same `use` share one program, so that a stream of single steps and
   * long batches do not grow into each other's. @throws {UsageError} `model_busy`
   */
  predictSync(batch: Batch, options: Omit<RunOptions, 'signal'> & { readonly use?: string } = {}): Float32Array {
    return this.#queue.now(() => {
      checkRunOptions('predictSync', options, [...RUN_OPTIONS, 'use']);
      const run = this.#begin('predict', batch, options.state, options.use);
      run.run();
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
    return this.#queue.now(() => {
      checkRunOptions('diagnose', options, RUN_OPTIONS);
      return this.#diagnose(batch, options.state);
    });
  }

  #diagnose(batch: Batch, state: CarriedState | undefined): Culprit | undefined {
    const run = this.#begin('diagnose', batch, state);
    run.run();
    return findNonFinite(this.description, this.parameters, run.compiled, run.rows);
  }

  /** Frees the programs of the model. @throws {UsageError} `model_busy` */
  dispose(): void {
    if (this.#disposed) return;
    this.#queue.now(() => this.#programs.dispose());
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Checks a batch and a state and writes them into the program of the mode. */
  #begin(mode: Mode, batch: Batch, state: CarriedState | undefined, use?: string): ModelRun {
    if (this.#disposed) throw new UsageError('model_disposed', 'the model has been disposed of');
    const { description } = this;
    const rows = countRows(batch);
    const hasIndexTargets = this.loss === 'softmaxCrossEntropy';
    const target = { isIndex: hasIndexTargets, columns: this.outputs };
    checkBatch(batch, rows, description, mode === 'predict' ? undefined : target);
    if (state !== undefined) checkState(state, batch.batchSizes[0] as number, this.#stateUnits);
    const compiled = this.#programs.get(mode, batch.batchSizes, rows, use);
    const inputs = { description, mode, hasIndexTargets, batch, rows, state, version: this.#version };
    return new ModelRun(compiled, inputs);
  }

  #beginTraining(batch: Batch, options: TrainOptions): ModelRun {
    const { learningRate, clipNorm, clipValue } = trainingNumbers(options, this.optimizer.learningRate);
    const run = this.#begin('train', batch, options.state);
    const numbers = hyperparameters(this.optimizer, learningRate, this.#step + 1);
    run.writeTrainingNumbers({ clipNorm, clipValue, hyperparameters: numbers, seed: this.seed, step: this.#step });
    return run;
  }

  #finishTraining(run: ModelRun, batch: Batch, { state }: TrainOptions): StepResult {
    const { loss, gradientNorm, rows } = run;
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw nonFiniteError(loss, gradientNorm, this.#step + 1, this.#diagnose(batch, state));
    }
    if (state !== undefined) run.writeStateTo(state);
    this.#step++;
    this.#version++;
    return { loss, gradientNorm, steps: rows };
  }

  #finishEvaluation(run: ModelRun, state: CarriedState | undefined): EvaluationResult {
    if (state !== undefined) run.writeStateTo(state);
    return { loss: run.loss, steps: run.rows };
  }

  #finishPrediction(run: ModelRun, state: CarriedState | undefined): Float32Array {
    if (state !== undefined) run.writeStateTo(state);
    return run.outputs();
  }
}
