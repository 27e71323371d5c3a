/** A compiled network, and the executions that train, evaluate and use it. */

import type { Batch } from '../batch/batch.js';
import { type PlainExamples, packedBatch, packedInputs } from '../batch/plain-examples.js';
import { rejectUnknownKeys } from '../core/options.js';
import { atOnce, inSlices, type Pieces } from '../core/time-slices.js';
import type { ParameterBlocks } from './build/parameters.js';
import type { CarriedState } from './execute/carried-state.js';
import { type Culprit, findNonFinite, requireFiniteStep } from './execute/diagnose.js';
import { type Execution, writeTrainingNumbers } from './execute/execution.js';
import {
  checkExecutionOptions,
  type ExecutionOptions,
  type TrainOptions,
  trainingNumbers,
} from './execute/execution-options.js';
import { type LossPart, partsOf, rememberParts } from './execute/loss-sums.js';
import type { EvaluationResult, StepResult } from './execute/results.js';
import { PredictingNetwork } from './predicting-network.js';
import { type AttentionMap, AttentionReader } from './use/attention-maps.js';
import { Decoder } from './use/decoder.js';
import type { DecoderBatch, DecoderOptions } from './use/decoder-input.js';
import { EVALUATE_OPTIONS, type EvaluateOptions, Evaluation, measuredOutputs } from './use/evaluation.js';
import { type GradientOptions, GradientReader, type Gradients } from './use/gradients.js';
import type { Metric } from './use/metric.js';
import { showSummary, summaryOf } from './use/summary.js';

export type { CompileOptions } from './build/compile-options.js';

const EXECUTION_OPTIONS = ['state'];
const TRAIN_OPTIONS = [...EXECUTION_OPTIONS, 'learningRate', 'clipNorm', 'clipValue'];

/**
 * A compiled network. Any number of calls may be under way, also while it is trained. Asynchronous ones take their turn, and the
 * results are those of one after the other: a training step works alone, after all calls that were requested before it;
 * predictions and evaluations take turns, one batch each. A synchronous call that only reads the weights, such as a step of a
 * stream, works at once: beside a training step with the weights that it began with, until those have been replaced. A
 * synchronous call that changes the model is refused (`model_busy`) while another call works.
 */
export class Model extends PredictingNetwork {
  static {
    showSummary(Model.prototype, 'Model');
  }

  #gradients: GradientReader | undefined;
  readonly #attention = new AttentionReader(this.description, this.layout, this.executions.graph, (build) =>
    this.programsOf(build),
  );

  /**
   * One training step: forward pass, backward pass, clipping, update. When it rejects, parameters, optimizer, `step`
   * and the carried state have not changed. The batch is read when the execution begins, after all executions that were
   * requested before. So do not change the batch until the promise has settled.
   *
   * @param batch a packed batch, or plain sequences and their targets
   * @throws {NumericError} `non_finite_loss`, `non_finite_gradient`, `non_finite_buffer` with the step and the first layer concerned;
   *   `non_finite_update` where what an optimizer of one's own makes of a parameter would not be finite
   * @throws {ShapeError} `shape_mismatch`, `rank_mismatch`, `length_mismatch`
   * @throws {RangeIndexError} `index_out_of_range`
   * @throws {UsageError} `state_mismatch`, `model_disposed`
   * @example const { loss } = await model.trainStep({ inputs: [[3, 1, 4], [1, 5]], targets: [0, 1] });
   */
  trainStep(batch: Batch | PlainExamples, options: TrainOptions = {}): Promise<StepResult> {
    return this.queue.train(options, async () => {
      checkExecutionOptions('trainStep', options, [...TRAIN_OPTIONS, 'signal']);
      const packed = packedBatch(this.plainForm, batch);
      const execution = this.#beginTraining(packed, options);
      await execution.start(options.signal);
      return this.#finishTraining(execution, packed, options);
    });
  }

  /** As `trainStep`, on the calling thread. @throws {UsageError} `model_busy` while another execution is under way */
  trainStepSync(batch: Batch | PlainExamples, options: Omit<TrainOptions, 'signal'> = {}): StepResult {
    return this.queue.changeNow(() => {
      checkExecutionOptions('trainStepSync', options, TRAIN_OPTIONS);
      const packed = packedBatch(this.plainForm, batch);
      const execution = this.#beginTraining(packed, options);
      execution.execute();
      return this.#finishTraining(execution, packed, options);
    });
  }

  /**
   * The loss of a batch, or of any number of plain sequences, and the user's own metrics; dropout is off. Errors as
   * `trainStep`.
   *
   * @throws {OptionError} `invalid_option` for an object that is not a metric
   * @throws {NumericError} `non_finite_loss`, `non_finite_metric`; a carried state has not changed
   * @example const { loss } = await model.evaluate({ inputs: [[3, 1, 4], [1, 5]], targets: [0, 1] }, { batch: 32 });
   */
  evaluate(batch: Batch | PlainExamples, options: EvaluateOptions = {}): Promise<EvaluationResult> {
    return this.queue.share(options, async () => {
      checkExecutionOptions('evaluate', options, [...EVALUATE_OPTIONS, 'signal']);
      const evaluation = await inSlices(this.#evaluation(batch, options), options.signal);
      let result: EvaluationResult | undefined;
      const evaluatePart = async (part: Batch) => {
        const execution = this.begin(evaluation.mode, part, options.state);
        await execution.start(options.signal);
        evaluation.take(part, execution);
        // With a state this is the only part, and its turn ends when the state is taken.
        if (options.state !== undefined) result = evaluation.finish();
      };
      for (const part of evaluation.batches()) await this.queue.turn(options, () => evaluatePart(part));
      return result ?? evaluation.result();
    });
  }

  /** As `evaluate`, on the calling thread, also while a training step works. @throws {UsageError} `model_busy` as `predictPackedSync` */
  evaluateSync(batch: Batch | PlainExamples, options: Omit<EvaluateOptions, 'signal'> = {}): EvaluationResult {
    return this.queue.readNow(() => {
      checkExecutionOptions('evaluateSync', options, EVALUATE_OPTIONS);
      const evaluation = atOnce(this.#evaluation(batch, options));
      for (const part of evaluation.batches()) {
        const execution = this.beginNow(evaluation.mode, part, options.state);
        execution.execute();
        evaluation.take(part, execution);
      }
      return evaluation.finish();
    }, options?.state);
  }

  /**
   * The attention weights of a node: one map for each sequence, by sample (in the order in which the examples were given or
   * packed). @throws {OptionError} `invalid_option` when the node is not an attention layer
   */
  attention(
    examples: Batch | Pick<PlainExamples, 'inputs'>,
    node: string,
    options: Pick<ExecutionOptions, 'signal'> = {},
  ): Promise<AttentionMap[]> {
    return this.queue.shareTurn(options, async () => {
      checkExecutionOptions('attention', options, ['signal']);
      return this.#attention.read(node, packedInputs(this.plainForm, examples), this.currentVersion(), options.signal);
    });
  }

  /**
   * Gradients of the loss of a batch, or of outputs with given upstream gradients, with respect to inputs, outputs of
   * nodes, parameters and initial states. The model and the `state` do not change. Dropout is off, and penalties of
   * layers are not part of the loss. Every set of names has its own program, which is kept until the model is disposed.
   *
   * @param batch a packed batch, or plain sequences and their targets
   * @returns by name: parameters row-major, states [B * units]; for inputs and nodes packed rows, or for plain sequences one array
   *   for each, in their order
   * @throws {OptionError} `invalid_option`, `unknown_option`; others as `trainStep`
   * @example const { 'dense.weight': gradient } = await model.gradients({ inputs: [[0.1, 0.2], [0.3]], targets: [[0.2, 0.3], [0.4]] });
   * @example const { input, 'state:lstm.h_l0': state } = await model.gradients(batch, { of: ['input', 'state:lstm.h_l0'] });
   */
  gradients(batch: Batch, options?: GradientOptions): Promise<Record<string, Float32Array>>;
  gradients(examples: PlainExamples, options?: GradientOptions): Promise<Gradients>;
  gradients(batch: Batch | PlainExamples, options: GradientOptions = {}): Promise<Gradients> {
    return this.queue.shareTurn(options, async () => {
      checkExecutionOptions('gradients', options, [...EXECUTION_OPTIONS, 'signal', 'of', 'upstream']);
      this.#gradients ??= this.#newGradientReader();
      return this.#gradients.read(batch, options, this.currentVersion());
    });
  }

  /**
   * A copy of the network with the weights of this moment, which later training steps do not change: for streams and decoders
   * of which every step is to have the same weights while this model is trained. It takes its turn as a prediction does. The copy
   * needs memory for the weights and for its own programs, and cannot be trained. Call `dispose()` at its end.
   *
   * @param options.threads of the copy; default those of this model
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {UsageError} `model_disposed`; `too_large` where there is no memory for it
   * @example
   * const serving = await model.snapshot();
   * const [output] = await serving.predict([[3, 1, 4]]); // by the weights of this moment, also while `model` is trained
   * serving.dispose();
   */
  snapshot(options: { readonly threads?: number } = {}): Promise<Model> {
    return this.queue.share({}, async () => {
      rejectUnknownKeys('snapshot', options, ['threads']);
      this.currentVersion();
      const { description, loss, optimizer, seed, initializer, precision, blocks } = this;
      const losses = typeof loss === 'object' && 'losses' in loss ? loss : { loss };
      const settings = { ...losses, optimizer, seed, initializer, precision, threads: options.threads ?? this.threads };
      const fill = (copy: ParameterBlocks) => copy.copyWeights(blocks);
      const copy = new Model(description, settings, { hasOptimizer: false, fill });
      copy.step = this.step;
      return copy;
    });
  }

  /**
   * The network as a function of one step, for `beamSearch`: encoders and everything else that does not depend on the
   * steps are computed now.
   *
   * @param batch inputs of the other axes
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {UsageError} `not_streamable` when a layer reads later steps; others as `predictPacked`
   * @example
   * const decoder = await model.decoder(batch, { input: 'previous' });
   * const found = await beamSearch(decoder.step, { sentences: decoder.sentences, vocabulary: 8000, ...marks });
   */
  decoder(batch: DecoderBatch, options: DecoderOptions): Promise<Decoder> {
    const { description, threads, layout, blocks, queue } = this;
    const host = { description, threads, layout, blocks, queue, version: () => this.currentVersion() };
    return this.queue.shareTurn({}, () => Decoder.create(host, batch, options));
  }

  /**
   * The first layer, in the order of the network, that has a parameter, output or (after a training step) gradient that
   * is not finite; undefined when all are finite. @throws {UsageError} `model_busy`
   */
  diagnose(batch: Batch | PlainExamples, options: { readonly state?: CarriedState } = {}): Culprit | undefined {
    return this.queue.changeNow(() => {
      checkExecutionOptions('diagnose', options, EXECUTION_OPTIONS);
      return this.#diagnose(packedBatch(this.plainForm, batch), options.state);
    });
  }

  #diagnose(batch: Batch, state: CarriedState | undefined): Culprit | undefined {
    const execution = this.begin('diagnose', batch, state);
    execution.execute();
    return findNonFinite(this.description, this.parameters, execution);
  }

  /**
   * The layers with their outputs and parameters, memory, loss and optimizer as text; `console.log(model)` shows it.
   *
   * @example console.log(model.summary());
   */
  summary(): string {
    const { loss, optimizer, step, memory } = this;
    return summaryOf(this.description, { loss, optimizer, step, memory });
  }

  /** Refuses metrics that do not belong to this model. @throws {OptionError} `invalid_option`, `unknown_option` */
  checkMetrics(metrics: readonly Metric[]): void {
    measuredOutputs(this.executions.losses, metrics);
  }

  #newGradientReader(): GradientReader {
    const { description, loss, layout, outputShapes: outputs, stateSizes, streamObstacle, plainForm } = this;
    const { targets, graph } = this.executions;
    const parts = { description, loss, layout, outputs, targets, stateSizes, streamObstacle, graph, plainForm };
    return new GradientReader(parts, (build) => this.programsOf(build));
  }

  #beginTraining(batch: Batch, options: TrainOptions): Execution {
    this.requireOptimizer();
    const numbers = trainingNumbers(options, this);
    const execution = this.begin('train', batch, options.state);
    writeTrainingNumbers(execution.compiled.program, numbers);
    return execution;
  }

  #finishTraining(execution: Execution, batch: Batch, { state }: TrainOptions): StepResult {
    requireFiniteStep(execution, this.step + 1, () => this.#culprit(batch, state));
    // The parameters have changed: nothing from here on depends on what the caller has done to its arrays meanwhile.
    this.stepDone();
    execution.takeStates();
    const report = this.executions.report(execution);
    return rememberParts({ ...report, gradientNorm: execution.gradientNorm }, partsOf(report) as readonly LossPart[]);
  }

  /** The layer where a step failed; undefined where the batch is no longer what it was. */
  #culprit(batch: Batch, state: CarriedState | undefined): Culprit | undefined {
    try {
      return this.#diagnose(batch, state);
    } catch {
      return undefined;
    }
  }

  #evaluation(batch: Batch | PlainExamples, options: EvaluateOptions): Pieces<Evaluation> {
    const { plainForm, outputShapes, executions } = this;
    const { losses, targets } = executions;
    const report = (execution: Execution) => executions.report(execution);
    return Evaluation.reading({ plainForm, outputShapes, losses, targets, report }, batch, options);
  }
}
