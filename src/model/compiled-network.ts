/** What a compiled network is: its settings, its outputs, and parameters in memory. */
import { UsageError } from '../core/errors.js';
import { requireNumber } from '../core/options.js';
import type { NetworkDescription } from '../network/description.js';
import type { OptimizerDescription } from '../network/optimizers/optimizer.js';
import type { ModelLoss } from '../network/output-losses.js';
import type { OutputPer } from './build/build-graph.js';
import type { Parameter } from './build/parameters.js';
import { CarriedState } from './carried-state.js';
import { type CompileOptions, checkCompileOptions } from './compile-options.js';
import { BatchExecutions, type OutputShape } from './execute/batch-executions.js';
import { type ModelMemory, plannedMemory } from './execute/results.js';

/** A compiled network without its executions, which `Model` adds. */
export class CompiledNetwork {
  readonly description: NetworkDescription;
  /** The loss of the output, or those of several. */
  readonly loss: ModelLoss;
  readonly optimizer: OptimizerDescription;
  readonly seed: number;
  readonly threads: number;
  readonly initializer: string;
  protected readonly executions: BatchExecutions;
  #step = 0;
  #version = 0;
  #disposed = false;

  /** Use `network(...).compile(...)`. */
  constructor(description: NetworkDescription, options: CompileOptions) {
    const checked = checkCompileOptions(description, options);
    this.description = description;
    this.loss = checked.loss;
    this.optimizer = checked.optimizer;
    this.seed = checked.seed;
    this.threads = checked.threads;
    this.initializer = checked.initializer;
    this.executions = new BatchExecutions(description, checked);
  }

  /** The outputs of the network by name; one without a name is `output`. */
  get outputShapes(): ReadonlyMap<string, OutputShape> {
    return this.executions.outputs;
  }

  /** Width of the first output. */
  get outputs(): number {
    return this.#firstOutput.columns;
  }

  /** Whether there is a first output, and a target of it, for every step or for every sequence. */
  get outputPer(): OutputPer {
    return this.#firstOutput.per;
  }

  /** Width of every carried state by name, for example `lstm.h_l0`: those of the axis `time` that the network does not give. */
  get stateSizes(): ReadonlyMap<string, number> {
    return this.executions.stateSizes;
  }

  /** Parameters by name, for example `lstm.weight_ih_l0`, as views into the memory that training works on. */
  get parameters(): ReadonlyMap<string, Parameter> {
    return this.executions.blocks.parameters;
  }

  /** Number of trainable values. */
  get parameterCount(): number {
    return [...this.parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
  }

  /** What the optimizer keeps, as views by `SLOT/PARAMETER`. */
  get optimizerState(): ReadonlyMap<string, Float32Array> {
    return this.executions.blocks.optimizerState;
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
    return plannedMemory(this.executions.blocks, this.executions.programs);
  }

  /**
   * Name of the first layer whose output at a step depends on later steps: it refuses streams, and states carried from window
   * to window.
   */
  get lookAheadLayer(): string | undefined {
    return this.executions.lookAheadLayer;
  }

  /** Tells the model that its parameters were written from outside: packed copies of them are made again. */
  parametersChanged(): void {
    this.#version++;
  }

  /**
   * States of zero for `batch` sequences, of every recurrent layer and direction whose states are carried. Set its values to
   * begin elsewhere; as the option `state` of an execution it gives the initial states and receives the final ones.
   *
   * @throws {OptionError} `invalid_option`
   */
  newState(batch: number): CarriedState {
    return CarriedState.zero(requireNumber('batch', batch, { min: 1, integer: true }), this.stateSizes);
  }

  /** Version of the parameters. @throws {UsageError} `model_disposed` */
  protected currentVersion(): number {
    if (this.#disposed) throw new UsageError('model_disposed', 'the model has been disposed of');
    return this.#version;
  }

  /** Counts a training step. */
  protected stepDone(): void {
    this.#step++;
    this.#version++;
  }

  /** Whether the model has been disposed of. */
  protected get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Frees all programs. @throws {UsageError} `model_busy` */
  protected disposePrograms(): void {
    this.executions.dispose();
    this.#disposed = true;
  }

  get #firstOutput(): OutputShape {
    const [first] = this.executions.outputs.values();
    return first as OutputShape;
  }
}
