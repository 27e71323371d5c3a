/** The parts of a compiled network: its losses, its outputs, and its programs. */
import { TIME } from '../batch/axes.js';
import type { Batch } from '../batch/batch.js';
import type { Value } from '../graph/value.js';
import type { NetworkDescription } from '../network/description.js';
import { type ModelLoss, requireChosenLoss } from '../network/output-losses.js';
import { buildGraph, type Mode, type OutputPer, type OutputShape, outputShapes } from './build/build-graph.js';
import { type StreamObstacle, streamObstacle } from './build/causality.js';
import { checkDefinitions } from './build/check-definitions.js';
import { type CompileOptions, checkCompileOptions } from './build/compile-options.js';
import { shortestAlone } from './build/least-rows.js';
import { ParameterLayout } from './build/parameters.js';
import { BatchExecutions } from './execute/batch-executions.js';
import { labelledFrames } from './execute/check-values.js';
import { NetworkInstance, type RestoredParameters } from './network-instance.js';

/** A compiled network without its executions, which `Model` adds. */
export class CompiledNetwork extends NetworkInstance {
  /** The loss of the output, or those of several. */
  readonly loss: ModelLoss;
  /** The outputs of the network by name; an output without a name is `output`. */
  readonly outputShapes: ReadonlyMap<string, OutputShape>;
  /**
   * The first layer that cannot be read step by step: its output at a step depends on later steps, or it has none for some steps. A
   * network with such a layer refuses streams, and states that are carried from window to window.
   */
  readonly streamObstacle: StreamObstacle | undefined;
  /**
   * Steps of the shortest sequence that can be trained on in a batch by itself; Infinity where none can, as with batch
   * normalisation of one row for each sequence. Else 1.
   */
  readonly shortestAlone: number;
  protected readonly executions: BatchExecutions;

  /**
   * Use `network(...).compile(...)`, or `loadModel`.
   *
   * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when layers do not fit together
   * @throws {UsageError} `invalid_definition` for a layer or an optimizer of one's own that is at fault
   */
  constructor(description: NetworkDescription, options: CompileOptions, restored?: RestoredParameters) {
    const settings = checkCompileOptions(description, options);
    const { loss, optimizer } = settings;
    const layout = new ParameterLayout(settings.precision);
    const request = { description, loss, optimizer, layout };
    const built = buildGraph({ ...request, mode: 'evaluate' });
    const shapes = outputShapes(built);
    const [{ columns }] = [...shapes.values()] as [OutputShape];
    // A model without a description of its loss, from a file, is of its caller's own making.
    if (restored === undefined) requireChosenLoss(options, columns);
    checkDefinitions(description, restored?.hasOptimizer === false ? undefined : optimizer, layout);
    super({ what: 'model', description, settings, layout, finalStates: built.finalStates, restored });
    this.loss = loss;
    this.outputShapes = shapes;
    this.streamObstacle = streamObstacle(built, TIME, [...built.results.values()]);
    const programs = this.programsOf((mode: Mode) => buildGraph({ ...request, mode }));
    const targets = built.targets as ReadonlyMap<string, Value>;
    const { stateSizes, streamObstacle: obstacle } = this;
    const states = { stateSizes, streamObstacle: obstacle };
    const { graph, leastRows } = built;
    this.shortestAlone = shortestAlone(leastRows);
    const labelled = labelledFrames(description, loss, shapes, targets);
    const parts = { description, loss, targets, labelled, ...states, graph, leastRows, programs };
    this.executions = new BatchExecutions(parts);
  }

  /**
   * Refuses a batch that cannot be trained on, as batch normalisation needs more rows; `trainStep` does so too.
   *
   * @throws {DataError} `too_few_rows`; errors of the batch as `trainStep`
   */
  requireTrainable(batch: Batch): void {
    this.executions.requireTrainable(batch);
  }

  /** Width of the first output. */
  get outputs(): number {
    return this.#firstOutput.columns;
  }

  /** Whether the first output and its target have a row for every step or for every sequence. */
  get outputPer(): OutputPer {
    return this.#firstOutput.per;
  }

  /**
   * Number of training steps done; bias correction and random masks depend on it. Set it only when a checkpoint is
   * restored.
   */
  get step(): number {
    return this.updateCount;
  }
  set step(value: number) {
    this.restoreUpdateCount('step', value);
  }

  get #firstOutput(): OutputShape {
    const [first] = this.outputShapes.values();
    return first as OutputShape;
  }
}
