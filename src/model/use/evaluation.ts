/** One call of `evaluate`: its batches, and the losses and metrics of all of them together. */
import type { Batch } from '../../batch/batch.js';
import { CheckedExamples, isPlain, type PlainExamples, type PlainForm } from '../../batch/plain-examples.js';
import { NumericError, OptionError } from '../../core/errors.js';
import { requireNumber } from '../../core/options.js';
import type { Pieces } from '../../core/time-slices.js';
import type { Value } from '../../graph/value.js';
import { END_OF_TARGET } from '../../network/losses/ctc.js';
import { isLossKind } from '../../network/losses/losses.js';
import { WEIGHTS } from '../../network/losses/weighting.js';
import type { OutputLoss } from '../../network/output-losses.js';
import { type OutputShape, outputShape } from '../build/build-graph.js';
import type { Execution } from '../execute/execution.js';
import type { ExecutionOptions } from '../execute/execution-options.js';
import { type LossPart, LossSums, partsOf, rememberParts } from '../execute/loss-sums.js';
import type { EvaluationResult } from '../execute/results.js';
import { type Metric, type MetricSequence, RunningMetrics, requireMetrics } from './metric.js';
import { AT_ONCE, inOrder } from './predictions.js';

/** Options of an evaluation. */
export interface EvaluateOptions extends ExecutionOptions {
  /**
   * Number of plain sequences that are computed together, integer >= 1; default 64, or all sequences when there is a
   * `state`. The loss is that of all sequences. A packed batch is computed as it is.
   */
  readonly batch?: number;
  /** The user's own metrics. */
  readonly metrics?: readonly Metric[];
}

/** Names of the options, but for `signal`. */
export const EVALUATE_OPTIONS = ['state', 'batch', 'metrics'];

/** The part of a model that an evaluation needs. */
export interface EvaluatedModel {
  readonly plainForm: PlainForm;
  readonly outputShapes: ReadonlyMap<string, OutputShape>;
  readonly losses: readonly OutputLoss[];
  /** Targets by name, as values of the graph. */
  readonly targets: ReadonlyMap<string, Value>;
  /** The result of a finished execution. */
  report(execution: Execution): EvaluationResult;
}

/**
 * The outputs of the metrics.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`; also for a metric whose output has no loss
 */
export function measuredOutputs(losses: readonly OutputLoss[], metrics: readonly Metric[]): ReadonlySet<string> {
  const names = losses.map(({ output }) => output);
  const [only] = names.length === 1 ? names : [];
  return new Set(
    requireMetrics(metrics).map(({ name, output }) => {
      const found = output ?? only;
      if (found !== undefined && names.includes(found)) return found;
      const what = output === undefined ? 'must name its output' : `is of the output '${output}'`;
      const message = `the metric '${name}' ${what}; those that have a loss are ${names.join(', ')}`;
      throw new OptionError('invalid_option', message, { name: 'metrics', metric: name, outputs: names });
    }),
  );
}

/** The evaluation of some batches, one after the other. */
export class Evaluation {
  readonly #model: EvaluatedModel;
  readonly #batches: () => Iterable<Batch>;
  readonly #metrics: RunningMetrics | undefined;
  readonly #measured: readonly OutputLoss[];
  readonly #sums = new LossSums();
  readonly #reports: EvaluationResult[] = [];
  #last: Execution | undefined;

  private constructor(
    model: EvaluatedModel,
    { metrics }: Pick<EvaluateOptions, 'metrics'>,
    batches: () => Iterable<Batch>,
  ) {
    this.#model = model;
    const named = metrics && measuredOutputs(model.losses, metrics);
    this.#measured = model.losses.filter(({ output }) => named?.has(output));
    this.#metrics = metrics && new RunningMetrics(metrics);
    this.#batches = batches;
  }

  /** Reads the examples, in pieces. @throws {OptionError} `invalid_option`, `unknown_option`; others as `CheckedExamples.reading` */
  static *reading(
    model: EvaluatedModel,
    examples: Batch | PlainExamples,
    options: EvaluateOptions,
  ): Pieces<Evaluation> {
    const { state, batch, metrics } = options;
    const size = requireNumber('batch', batch ?? AT_ONCE, { integer: true, min: 1 });
    if (metrics !== undefined) measuredOutputs(model.losses, metrics);
    if (!isPlain(examples)) return new Evaluation(model, options, () => [examples]);
    const checked = yield* CheckedExamples.readingAll(model.plainForm, examples);
    return new Evaluation(model, options, batchesOf(checked, state === undefined ? size : Number.POSITIVE_INFINITY));
  }

  /** The mode of the executions. */
  get mode(): 'measure' | 'evaluate' {
    return this.#measured.length > 0 ? 'measure' : 'evaluate';
  }

  /** The batches, in the order of the sequences. */
  batches(): Iterable<Batch> {
    return this.#batches();
  }

  /** Adds the results of a batch. */
  take(batch: Batch, execution: Execution): void {
    this.#last = execution;
    const report = this.#model.report(execution);
    this.#reports.push(report);
    this.#sums.add(partsOf(report) as readonly LossPart[]);
    for (const loss of this.#measured) {
      this.#metrics?.update(loss.output, this.#sequences(loss, batch, execution));
    }
  }

  /** The results of all batches. @throws {NumericError} `non_finite_loss`, `non_finite_metric` */
  result(): EvaluationResult {
    const losses = this.#losses();
    if (!Number.isFinite(losses.loss)) {
      const message = `the loss of the evaluation is ${losses.loss}; model.diagnose(batch) names the first layer whose output is not finite`;
      throw new NumericError('non_finite_loss', message, { loss: losses.loss });
    }
    const metrics = this.#metrics && { metrics: this.#metrics.results() };
    return rememberParts({ ...losses, ...metrics }, this.#sums.parts());
  }

  /** As `result`; then the state of the last execution, if it has one, takes its final states. With a state it is the only execution. */
  finish(): EvaluationResult {
    const result = this.result(); // first, so that the state has not changed when a metric throws
    this.#last?.requireFiniteStates();
    this.#last?.takeStates();
    return result;
  }

  #losses(): EvaluationResult {
    const [first, ...others] = this.#reports as [EvaluationResult, ...EvaluationResult[]];
    if (others.length === 0) return first;
    const added = (pick: (report: EvaluationResult) => number) =>
      this.#reports.reduce((sum, report) => sum + pick(report), 0);
    const losses = Object.fromEntries(this.#sums.parts().map(({ output, loss }) => [output, loss]));
    return {
      loss: this.#sums.loss,
      ...(first.losses !== undefined && { losses }),
      steps: added(({ steps }) => steps),
      targets: added(({ targets }) => targets),
      ...(first.weight !== undefined && { weight: added(({ weight = 0 }) => weight) }),
    };
  }

  /** The sequences of an output, in the order in which they were packed. */
  #sequences({ output, target, loss }: OutputLoss, batch: Batch, execution: Execution): MetricSequence[] {
    const { outputShapes, targets } = this.#model;
    const shape = outputShapes.get(output) as OutputShape;
    const predictions = inOrder(batch, shape, execution.output(output));
    const given = (name: string) => {
      const value = targets.get(name);
      const rows = batch.targets?.[name];
      return value && rows && inOrder(batch, outputShape(value), rows);
    };
    const truths = given(target) as (Int32Array | Float32Array)[];
    const weights = given(`${target}/${WEIGHTS}`) as Float32Array[] | undefined;
    const isCtc = isLossKind(loss, 'ctc');
    return predictions.map((prediction, at) => {
      const truth = truths[at] as Int32Array | Float32Array;
      return {
        prediction,
        columns: shape.columns,
        target: isCtc ? truth.slice(0, truth.indexOf(END_OF_TARGET)) : truth,
        weights: weights?.[at],
      };
    });
  }
}

/** The examples in their order, in groups of `size`. */
function batchesOf(examples: CheckedExamples, size: number): () => Iterable<Batch> {
  const { count } = examples;
  if (count <= size) return () => [examples.packAll()];
  return function* () {
    for (let begin = 0; begin < count; begin += size) {
      yield examples.pack(Int32Array.from({ length: Math.min(size, count - begin) }, (_, index) => begin + index));
    }
  };
}
