/** Checks batches and writes them into the programs of a model. */
import { type PackedAxes, TIME } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import { packedAxes } from '../../batch/check-axes.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import { type ModelLoss, type OutputLoss, outputLosses } from '../../network/output-losses.js';
import type { RowsRequirement } from '../build/build-forward.js';
import type { Mode, OutputPer } from '../build/build-graph.js';
import { networkAxes } from '../build/network-axes.js';
import { checkBatch, checkState, checkStateForm, requireRows, type StateForm } from './check-batch.js';
import { checkLabels, type LabelledFrames } from './check-values.js';
import { Execution } from './execution.js';
import type { HeldState } from './held-state.js';
import type { Programs } from './programs.js';
import { type EvaluationResult, reportedLosses } from './results.js';
import { StepPrograms } from './step-programs.js';

/** The arguments of an execution. */
export interface ExecutionRequest {
  readonly mode: Mode;
  readonly batch: Batch;
  readonly held: HeldState | undefined;
  /** Separates programs of the same mode. */
  readonly use?: string | undefined;
  /** As in `Programs.get`. */
  readonly room?: number | undefined;
  /** Version of the parameters. */
  readonly version: number;
}

/** What batches are checked against, and the programs that receive them. */
export interface BatchExecutionsParts extends StateForm {
  readonly description: NetworkDescription;
  readonly loss: ModelLoss;
  /** Targets by name, as values of the graph. */
  readonly targets: ReadonlyMap<string, Value>;
  /** The targets among them that are labels of frames. */
  readonly labelled: readonly LabelledFrames[];
  /** Knows the time axes that layers make. */
  readonly graph: Pick<Graph, 'derivedAxes'>;
  /** What a batch must have at least for a training step. */
  readonly leastRows: readonly RowsRequirement[];
  readonly programs: Programs<Mode>;
}

/** Checks batches, and begins executions with them. */
export class BatchExecutions {
  readonly #parts: BatchExecutionsParts;

  constructor(parts: BatchExecutionsParts) {
    this.#parts = parts;
  }

  /** Targets by name, as values of the graph. */
  get targets(): ReadonlyMap<string, Value> {
    return this.#parts.targets;
  }

  /** Knows the time axes that layers make. */
  get graph(): Pick<Graph, 'derivedAxes'> {
    return this.#parts.graph;
  }

  /** Steps of sequences that go on, for a network of one input. @param output name of the only output */
  steps(output: string, outputPer: OutputPer): StepPrograms {
    return new StepPrograms({ ...this.#parts, output, outputPer });
  }

  /** Checks a batch and a state and writes them into the program of the mode. Errors as `Model.trainStep`. */
  begin({ mode, batch, held, use, room, version }: ExecutionRequest): Execution {
    const { description, programs } = this.#parts;
    const targets = mode === 'predict' ? new Map<string, Value>() : this.#parts.targets;
    const axes = packedAxes(batch, networkAxes(description, this.#parts.graph, targets.values()));
    checkBatch(batch, axes, description, targets);
    if (mode !== 'predict') for (const each of this.#parts.labelled) checkLabels(each, batch, axes);
    if (held !== undefined) this.#checkState(mode, held, axes.get(TIME)?.batchSizes[0] as number);
    if (mode === 'train') this.#requireRows(axes);
    const compiled = programs.get(mode, axes, use, room);
    return new Execution(compiled, { description, batch, axes, state: held?.packed, held, version });
  }

  #checkState(mode: Mode, held: HeldState, sequences: number): void {
    // A diagnosis is to find out what is not finite.
    if (held.isOwn || mode === 'diagnose') checkStateForm(held.packed, sequences, this.#parts);
    else checkState(held.packed, sequences, this.#parts, held.order);
  }

  /** @throws {DataError} `too_few_rows` for a batch with too few rows to train a layer; others as `begin` */
  requireTrainable(batch: Batch): void {
    const { description, leastRows, targets, graph } = this.#parts;
    if (leastRows.length > 0) this.#requireRows(packedAxes(batch, networkAxes(description, graph, targets.values())));
  }

  #requireRows(axes: PackedAxes): void {
    for (const required of this.#parts.leastRows) requireRows(required, axes);
  }

  /** The losses of the model one by one. */
  get losses(): readonly OutputLoss[] {
    const { description, loss } = this.#parts;
    return outputLosses(description, loss);
  }

  /** The results of a finished execution with targets. */
  report(execution: Execution): EvaluationResult {
    const { loss } = this.#parts;
    const isNamed = typeof loss === 'object' && 'losses' in loss;
    return reportedLosses(execution, this.losses, isNamed);
  }
}
