/** A network in memory: its settings, its parameters, and the programs that work on them. */
import { UsageError } from '../core/errors.js';
import { requireNumber } from '../core/options.js';
import type { NetworkDescription } from '../network/description.js';
import { initialSlots } from '../network/optimizers/emit-update.js';
import type { OptimizerDescription } from '../network/optimizers/optimizer.js';
import type { BuiltGraph, ProgramGraph } from './build/build-graph.js';
import type { ParameterOptions } from './build/compile-options.js';
import { type ModelBuffer, type Parameter, ParameterBlocks, type ParameterLayout } from './build/parameters.js';
import type { Precision } from './build/precision.js';
import { CarriedState } from './execute/carried-state.js';
import { type BuildProgram, Programs } from './execute/programs.js';
import { type ModelMemory, plannedMemory } from './execute/results.js';

/** Parameters that come from elsewhere, for example from a file. */
export interface RestoredParameters {
  /** Whether there is memory for the state of the optimizer; without it the model cannot be trained. */
  readonly hasOptimizer: boolean;
  /** Writes the values of the parameters and of the optimizer's state, in place of the initializer. */
  fill(blocks: ParameterBlocks): void;
}

/** The error of calls of what has been disposed of. */
export function disposed(what: string): UsageError {
  return new UsageError('model_disposed', `the ${what} has been disposed of`);
}

/** The input of an instance. Everything has been checked. */
export interface InstanceParts {
  /** Its name in messages. */
  readonly what: 'model' | 'cell';
  readonly description: NetworkDescription;
  readonly settings: Required<ParameterOptions>;
  /** Holds every parameter of the network. */
  readonly layout: ParameterLayout;
  /** Final states that are carried on, by name. */
  readonly finalStates: BuiltGraph['finalStates'];
  /** Where the parameters come from; default the initializer of the settings. */
  readonly restored?: RestoredParameters | undefined;
}

/** The common part of `Model` and `RecurrentCell`. Each adds its executions. */
export abstract class NetworkInstance {
  readonly description: NetworkDescription;
  readonly optimizer: OptimizerDescription;
  readonly seed: number;
  readonly threads: number;
  readonly initializer: string;
  /** How products with weights are computed. */
  readonly precision: Precision;
  /**
   * Width of every carried state by name, for example `lstm.h_l0`: the states of the axis `time` that the network does
   * not compute.
   */
  readonly stateSizes: ReadonlyMap<string, number>;
  protected readonly layout: ParameterLayout;
  protected readonly blocks: ParameterBlocks;
  readonly #what: string;
  readonly #hasOptimizer: boolean;
  readonly #programs: Pick<Programs<never>, 'arenaBytes' | 'scratchBytes' | 'dispose'>[] = [];
  #updates = 0;
  #version = 0;
  #disposed = false;

  protected constructor({ what, description, settings, layout, finalStates, restored }: InstanceParts) {
    const { optimizer, seed, threads, initializer, precision } = settings;
    this.#what = what;
    this.#hasOptimizer = restored?.hasOptimizer ?? true;
    this.description = description;
    this.optimizer = optimizer;
    this.seed = seed;
    this.threads = threads;
    this.initializer = initializer;
    this.precision = precision;
    this.stateSizes = new Map([...finalStates].map(([name, { columns }]) => [name, columns]));
    this.layout = layout;
    this.blocks = new ParameterBlocks(layout, this.#hasOptimizer ? initialSlots(optimizer) : new Map());
    if (restored === undefined) this.blocks.initialize(layout, initializer, seed);
    else restored.fill(this.blocks);
  }

  /** Parameters by name, for example `lstm.weight_ih_l0`, as views into the memory that training uses. */
  get parameters(): ReadonlyMap<string, Parameter> {
    return this.blocks.parameters;
  }

  /** Numbers of layers that are not trained, such as running statistics, by name, as views: a training step computes them. */
  get buffers(): ReadonlyMap<string, ModelBuffer> {
    return this.blocks.buffers;
  }

  /** Number of trainable values. */
  get parameterCount(): number {
    return [...this.parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
  }

  /** The state of the optimizer, as views by `SLOT/PARAMETER`. */
  get optimizerState(): ReadonlyMap<string, Float32Array> {
    return this.blocks.optimizerState;
  }

  /** Planned memory. Grows when a batch needs a larger program. */
  get memory(): ModelMemory {
    return plannedMemory(this.blocks, this.#programs);
  }

  /** Call this after writing parameters: packed copies of them are made again. */
  parametersChanged(): void {
    this.#version++;
  }

  /**
   * States of zero for `batch` sequences, of every recurrent layer and direction whose states are carried. Set its
   * values to start from other states. An execution with this state reads the initial states from it.
   *
   * @throws {OptionError} `invalid_option`
   */
  newState(batch: number): CarriedState {
    return CarriedState.zero(requireNumber('batch', batch, { min: 1, integer: true }), this.stateSizes);
  }

  /** Programs for the parameters of this instance, compiled when they are first needed; they are freed with it. */
  protected programsOf<Mode extends string, Built extends ProgramGraph>(
    build: BuildProgram<Mode, Built>,
  ): Programs<Mode, Built> {
    const programs = new Programs(build, this.blocks, this.threads);
    this.#programs.push(programs);
    return programs;
  }

  /** Number of updates of the parameters so far. */
  protected get updateCount(): number {
    return this.#updates;
  }

  /** @param name name of the number, for the error @throws {OptionError} `invalid_option` */
  protected restoreUpdateCount(name: string, value: number): void {
    this.#updates = requireNumber(name, value, { min: 0, integer: true });
    this.#version++;
  }

  /** Counts an update. */
  protected stepDone(): void {
    this.#updates++;
  }

  /**
   * Version of the parameters: counts the changes, of which an update counts when it begins. So a synchronous execution beside a
   * training step knows whether it sees the parameters before or after the update. @throws {UsageError} `model_disposed`
   */
  protected currentVersion(): number {
    if (this.#disposed) throw disposed(this.#what);
    return this.#version + this.blocks.lock.updates();
  }

  /** @throws {UsageError} `not_trainable` when there is no memory for the state of the optimizer */
  protected requireOptimizer(): void {
    if (this.#hasOptimizer) return;
    const message = `the ${this.#what} has no memory for what its optimizer keeps: load it with the option training: true; a snapshot cannot be trained`;
    throw new UsageError('not_trainable', message, { optimizer: this.optimizer.kind });
  }

  /** Whether the instance has been disposed of. */
  protected get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Refuses all executions from now on. */
  protected refuseExecutions(): void {
    this.#disposed = true;
  }

  /** Frees all programs. @throws {UsageError} `model_busy` while one executes */
  protected disposePrograms(): void {
    for (const programs of this.#programs) programs.dispose();
    this.#disposed = true;
  }
}
