/** The programs of a model and its parameters, and the way of a batch into them. */

import { type PackedAxes, TIME } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import { packedAxes } from '../../batch/check-axes.js';
import type { SymbolicExtent, Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import { inputAxes } from '../../network/description.js';
import { optimizerSlots } from '../../network/optimizers/emit-update.js';
import { type ModelLoss, outputLosses } from '../../network/output-losses.js';
import { buildGradients, type GradientsGraph } from '../build/build-gradients.js';
import { type BuildRequest, buildGraph, type Mode, type OutputPer, outputPer } from '../build/build-graph.js';
import { lookAheadLayer } from '../build/causality.js';
import { ParameterBlocks, ParameterLayout } from '../build/parameters.js';
import type { CarriedState } from '../carried-state.js';
import type { CheckedCompileOptions } from '../compile-options.js';
import {
  type AttentionGraph,
  type AttentionMap,
  attentionGraph,
  attentionMaps,
  requireAttention,
} from '../use/attention-maps.js';
import { type GradientOptions, gradientNames, readGradients, writeUpstream } from '../use/gradients.js';
import { checkBatch, checkState } from './check-batch.js';
import { Execution } from './execution.js';
import { Programs } from './programs.js';
import { type EvaluationResult, reportedLosses } from './results.js';

/** What an output of a network is. */
export interface OutputShape {
  /** Numbers in a row. */
  readonly columns: number;
  /** Whether there is a row, and a target, for every step or for every sequence. */
  readonly per: OutputPer;
  /** Time axis of the rows. */
  readonly axis: string;
}

/** What an execution is begun with. */
export interface ExecutionRequest {
  readonly mode: Mode;
  readonly batch: Batch;
  readonly state: CarriedState | undefined;
  /** Keeps programs of the same mode apart. */
  readonly use?: string | undefined;
  /** Version of the parameters. */
  readonly version: number;
}

function shapeOf(value: Value): OutputShape {
  return { columns: value.columns, per: outputPer(value), axis: (value.rows as SymbolicExtent).axis };
}

/** Parameters and programs of a model. */
export class BatchExecutions {
  readonly blocks: ParameterBlocks;
  readonly layout = new ParameterLayout();
  /** Outputs by name. */
  readonly outputs: ReadonlyMap<string, OutputShape>;
  /** Width of every carried state by name. */
  readonly stateSizes: ReadonlyMap<string, number>;
  readonly lookAheadLayer: string | undefined;
  readonly #description: NetworkDescription;
  readonly #loss: ModelLoss;
  /** Targets by name, as values of the graph. */
  readonly #targets: ReadonlyMap<string, Value>;
  readonly #programs: Programs<Mode>;
  readonly #attention: Programs<string, AttentionGraph>;
  readonly #gradients: Programs<string, GradientsGraph>;

  /** @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when layers do not fit together */
  constructor(description: NetworkDescription, options: CheckedCompileOptions) {
    const { loss, optimizer, threads, initializer, seed } = options;
    this.#description = description;
    this.#loss = loss;
    const request: Omit<BuildRequest, 'mode'> = { description, loss, optimizer, layout: this.layout };
    const built = buildGraph({ ...request, mode: 'evaluate' });
    this.outputs = new Map([...built.results].map(([name, value]) => [name, shapeOf(value)]));
    this.stateSizes = new Map([...built.finalStates].map(([name, { columns }]) => [name, columns]));
    this.lookAheadLayer = lookAheadLayer(built, TIME, [...built.results.values()]);
    this.#targets = built.targets as ReadonlyMap<string, Value>;
    this.blocks = new ParameterBlocks(this.layout, optimizerSlots(optimizer));
    this.blocks.initialize(this.layout, initializer, seed);
    this.#programs = new Programs((mode) => buildGraph({ ...request, mode }), this.blocks, threads);
    this.#attention = new Programs(
      (node, capacities) => attentionGraph(description, this.layout, node, capacities),
      this.blocks,
      threads,
    );
    this.#gradients = new Programs(
      (names) => buildGradients({ description, loss, layout: this.layout }, JSON.parse(names)),
      this.blocks,
      threads,
    );
  }

  /** All programs, for counting their memory. */
  get programs(): readonly Pick<Programs<never>, 'arenaBytes' | 'scratchBytes'>[] {
    return [this.#programs, this.#attention, this.#gradients];
  }

  /** Checks a batch and a state and writes them into the program of the mode. Errors as `Model.trainStep`. */
  begin({ mode, batch, state, use, version }: ExecutionRequest): Execution {
    const description = this.#description;
    const targets = mode === 'predict' ? new Map<string, Value>() : this.#targets;
    const axes = this.#axesOf(batch, targets);
    checkBatch(batch, axes, description, targets);
    if (state !== undefined) checkState(state, axes.get(TIME)?.batchSizes[0] as number, this.stateSizes);
    const compiled = this.#programs.get(mode, axes, use);
    return new Execution(compiled, { description, batch, axes, state, version });
  }

  /** What a finished execution with targets tells. */
  report(execution: Execution): EvaluationResult {
    const isNamed = typeof this.#loss === 'object' && 'losses' in this.#loss;
    return reportedLosses(execution, outputLosses(this.#description, this.#loss), isNamed);
  }

  /** The weights of an attention node by sample. Errors as `Model.attention`. */
  async attention(node: string, batch: Batch, version: number, signal?: AbortSignal): Promise<AttentionMap[]> {
    const description = this.#description;
    requireAttention(description, node);
    const axes = this.#axesOf(batch, new Map());
    checkBatch(batch, axes, description);
    const compiled = this.#attention.get(node, axes);
    const execution = new Execution(compiled, { description, batch, axes, state: undefined, version });
    await execution.start(signal);
    return attentionMaps(execution, axes);
  }

  /** Gradients by name. Errors as `Model.gradients`. */
  async gradients(batch: Batch, options: GradientOptions, version: number): Promise<Record<string, Float32Array>> {
    const description = this.#description;
    const { state, signal } = options;
    const names = gradientNames(options, this.outputs);
    const targets = names.outputs.length > 0 ? new Map<string, Value>() : this.#targets;
    const axes = this.#axesOf(batch, targets);
    checkBatch(batch, axes, description, targets);
    if (state !== undefined) checkState(state, axes.get(TIME)?.batchSizes[0] as number, this.stateSizes);
    const compiled = this.#gradients.get(JSON.stringify(names), axes);
    const execution = new Execution(compiled, { description, batch, axes, state, version });
    writeUpstream(execution, options, axes);
    await execution.start(signal);
    return readGradients(execution);
  }

  /** Frees all programs. @throws {UsageError} `model_busy` */
  dispose(): void {
    this.#programs.dispose();
    this.#attention.dispose();
    this.#gradients.dispose();
  }

  /** The axes of the inputs, then those of labels. */
  #axesOf(batch: Batch, targets: ReadonlyMap<string, Value>): PackedAxes {
    const labels = [...targets.values()].map(({ rows }) => (rows as SymbolicExtent).axis);
    return packedAxes(batch, [...new Set([...inputAxes(this.#description), ...labels])]);
  }
}
