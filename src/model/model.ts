/** A compiled network: parameters in memory, and the runs that train, evaluate and use them. */
import { UsageError } from '../core/errors.js';
import { requireNumber } from '../core/options.js';
import type { LossName } from '../losses/losses.js';
import { optimizerSlots } from '../optimizers/emit-update.js';
import type { OptimizerDescription } from '../optimizers/optimizer.js';
import type { Batch } from './batch.js';
import { buildGraph, type Mode, type OutputPer, outputPer } from './build-graph.js';
import { CarriedState } from './carried-state.js';
import { lookAheadLayer } from './causality.js';
import { checkBatch, checkState, countRows } from './check-batch.js';
import { type CompileOptions, checkCompileOptions } from './compile-options.js';
import { type Culprit, findNonFinite, nonFiniteError } from './diagnose.js';
import { ModelRun, writeTrainingNumbers } from './model-run.js';
import type { NetworkDescription } from './network.js';
import { type Parameter, ParameterBlocks, ParameterLayout } from './parameters.js';
import { Programs } from './programs.js';
import { type EvaluationResult, type ModelMemory, plannedMemory, type StepResult } from './results.js';
import { checkRunOptions, type RunOptions, type TrainOptions, trainingNumbers } from './run-options.js';
import { RunQueue } from './run-queue.js';
import { type SampleOptions, type SymbolTable, sampleSymbols } from './sampling.js';
import { Stream } from './stream.js';

export type { CompileOptions } from './compile-options.js';

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
  /** Whether there is an output, and a target, for every step or for every sequence. */
  readonly outputPer: OutputPer;
  /** Width of every state by name, for example `lstm.h_l0`. */
  readonly stateSizes: ReadonlyMap<string, number>;
  readonly #blocks: ParameterBlocks;
  readonly #programs: Programs<Mode>;
  readonly #queue = new RunQueue();
  #step = 0;
  #version = 0;
  #disposed = false;

  /** Use `network(...).compile(...)`. */
  constructor(description: NetworkDescription, options: CompileOptions) {
    const checked = checkCompileOptions(options);
    this.description = description;
    this.loss = checked.loss;
    this.optimizer = checked.optimizer;
    this.seed = checked.seed;
    this.threads = checked.threads;
    this.initializer = checked.initializer;
    const layout = new ParameterLayout();
    const request = { description, loss: this.loss, optimizer: this.optimizer, layout };
    const { output, initialStates } = buildGraph({ ...request, mode: 'evaluate' });
    this.outputs = output.columns;
    this.outputPer = outputPer(output);
    this.stateSizes = new Map([...initialStates].map(([name, value]) => [name, value.columns]));
    this.#blocks = new ParameterBlocks(layout, optimizerSlots(this.optimizer));
    this.#blocks.initialize(layout, this.initializer, this.seed);
    this.#programs = new Programs((mode) => buildGraph({ ...request, mode }), this.#blocks, this.threads);
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
    return plannedMemory(this.#blocks, this.#programs);
  }

  /**
   * Name of the first layer whose output at a step depends on later steps: it refuses streams, and states carried from window
   * to window.
   */
  get lookAheadLayer(): string | undefined {
    return lookAheadLayer(this.description);
  }

  /** Tells the model that its parameters were written from outside: packed copies of them are made again. */
  parametersChanged(): void {
    this.#version++;
  }

  /**
   * States of zero for `batch` sequences, of every recurrent layer and direction. Set its values to begin elsewhere; as the
   * option `state` of a run it gives the initial states and receives the final ones.
   *
   * @throws {OptionError} `invalid_option`
   */
  newState(batch: number): CarriedState {
    return CarriedState.zero(requireNumber('batch', batch, { min: 1, integer: true }), this.stateSizes);
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

  /**
   * The outputs of a batch, row-major, in packed order: [N, outputs], or [B, outputs] where the network has one output per
   * sequence. Errors as `trainStep`.
   */
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

  /**
   * A stream of one sequence, step by step, with a state of its own.
   *
   * @throws {UsageError} `not_streamable` when a layer looks at later steps; `state_mismatch` for a model of several inputs
   */
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
    return findNonFinite(this.description, this.parameters, run);
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
    const sequences = batch.batchSizes[0] as number;
    const isIndex = this.loss === 'softmaxCrossEntropy';
    const target = { isIndex, columns: this.outputs, rows: this.outputPer === 'step' ? rows : sequences };
    const hasTarget = mode !== 'predict';
    checkBatch(batch, rows, description, hasTarget ? target : undefined);
    if (state !== undefined) checkState(state, sequences, this.stateSizes);
    const compiled = this.#programs.get(mode, batch.batchSizes, rows, use);
    const kind = isIndex ? 'indices' : 'features';
    const version = this.#version;
    return new ModelRun(compiled, { description, target: hasTarget ? kind : undefined, batch, rows, state, version });
  }

  #beginTraining(batch: Batch, options: TrainOptions): ModelRun {
    const numbers = trainingNumbers(options, this);
    const run = this.#begin('train', batch, options.state);
    writeTrainingNumbers(run.compiled.program, numbers);
    return run;
  }

  #finishTraining(run: ModelRun, batch: Batch, { state }: TrainOptions): StepResult {
    const { loss, gradientNorm, rows, outputRows } = run;
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw nonFiniteError(loss, gradientNorm, this.#step + 1, this.#diagnose(batch, state));
    }
    if (state !== undefined) run.writeStateTo(state);
    this.#step++;
    this.#version++;
    return { loss, gradientNorm, steps: rows, targets: outputRows };
  }

  #finishEvaluation(run: ModelRun, state: CarriedState | undefined): EvaluationResult {
    if (state !== undefined) run.writeStateTo(state);
    return { loss: run.loss, steps: run.rows, targets: run.outputRows };
  }

  #finishPrediction(run: ModelRun, state: CarriedState | undefined): Float32Array {
    if (state !== undefined) run.writeStateTo(state);
    return run.outputs();
  }
}
