/** A compiled network and its predictions. */
import type { Batch } from '../batch/batch.js';
import type { PlainForm } from '../batch/plain-examples.js';
import { OptionError } from '../core/errors.js';
import { atOnce, inSlices } from '../core/time-slices.js';
import { requireFunctions } from '../network/layers/define-layer.js';
import type { Mode } from './build/build-graph.js';
import { CompiledNetwork } from './compiled-network.js';
import type { CarriedState } from './execute/carried-state.js';
import type { Execution } from './execute/execution.js';
import { checkExecutionOptions, type ExecutionOptions } from './execute/execution-options.js';
import { ExecutionQueue } from './execute/execution-queue.js';
import { HeldState } from './execute/held-state.js';
import { disposed } from './network-instance.js';
import { plainForm } from './use/plain-form.js';
import {
  type PaddedOutput,
  PREDICT_OPTIONS,
  type PredictedOutput,
  type PredictInput,
  Prediction,
  type PredictOptions,
} from './use/predictions.js';
import { type SampleOptions, type SymbolTable, sampleSymbols } from './use/sampling.js';
import { steppingModel } from './use/stepping-model.js';
import { Stream } from './use/stream.js';
import { StreamGroup, type StreamGroupOptions } from './use/stream-group.js';
import { StreamSteps } from './use/stream-steps.js';

const EXECUTION_OPTIONS = ['state'];

/** A compiled network that predicts: a model without training. */
export class PredictingNetwork extends CompiledNetwork {
  /** Order among the executions. */
  protected readonly queue = new ExecutionQueue(this.blocks.lock);
  #form: PlainForm | undefined;
  #streamSteps: StreamSteps | undefined;

  /** The form that plain sequences of inputs and targets must have for this network. */
  get plainForm(): PlainForm {
    const { description, loss, executions, outputShapes } = this;
    this.#form ??= plainForm(description, loss, executions.targets, outputShapes, executions.graph);
    return this.#form;
  }

  /**
   * The outputs for sequences, in the order in which these are given: for each sequence [length * outputs], or
   * [outputs] if the network has one output per sequence. The number of sequences and their lengths are free. The
   * sequences are read when their turn comes, so do not change them until the promise has settled.
   *
   * @param input ids or rows of features of each sequence; by name where the network has several inputs; or a packed batch
   * @param options.as `padded` for one array [B, T, outputs] with the lengths
   * @throws {OptionError} `invalid_option` for a network of several outputs
   * @throws {ShapeError} {RangeIndexError} {DataError} naming the input and the number of the sequence; others as `trainStep`
   * @example const [first, second] = await model.predict([[3, 1, 4], [1, 5]]);
   * @example const { values, lengths, shape } = await model.predict(sequences, { as: 'padded' });
   */
  predict(input: PredictInput, options: PredictOptions & { readonly as: 'padded' }): Promise<PaddedOutput>;
  predict(input: PredictInput, options?: PredictOptions & { readonly as?: 'sequences' }): Promise<Float32Array[]>;
  async predict(input: PredictInput, options: PredictOptions = {}): Promise<PredictedOutput> {
    const name = this.#onlyOutput('predictAll');
    return (await this.#predict('predict', input, options))[name] as PredictedOutput;
  }

  /** As `predict`, all outputs by name; an output without a name is `output`. */
  predictAll(
    input: PredictInput,
    options: PredictOptions & { readonly as: 'padded' },
  ): Promise<Record<string, PaddedOutput>>;
  predictAll(
    input: PredictInput,
    options?: PredictOptions & { readonly as?: 'sequences' },
  ): Promise<Record<string, Float32Array[]>>;
  predictAll(input: PredictInput, options: PredictOptions = {}): Promise<Record<string, PredictedOutput>> {
    return this.#predict('predictAll', input, options);
  }

  /** As `predict`, on the calling thread, also while a training step works. @throws {UsageError} `model_busy` during `whileIdle` */
  predictSync(input: PredictInput, options: Omit<PredictOptions, 'signal'> & { readonly as: 'padded' }): PaddedOutput;
  predictSync(
    input: PredictInput,
    options?: Omit<PredictOptions, 'signal'> & { readonly as?: 'sequences' },
  ): Float32Array[];
  predictSync(input: PredictInput, options: Omit<PredictOptions, 'signal'> = {}): PredictedOutput {
    return this.queue.readNow(() => {
      checkExecutionOptions('predictSync', options as PredictOptions, PREDICT_OPTIONS);
      const name = this.#onlyOutput('predictAll');
      const prediction = atOnce(Prediction.reading(this.outputShapes, this.plainForm, input, options));
      for (const part of prediction.batches()) {
        const execution = this.beginNow('predict', part.batch, undefined);
        execution.execute();
        prediction.take(part, execution.outputs());
      }
      return prediction.results()[name] as PredictedOutput;
    });
  }

  /**
   * The output of a batch as it is in memory, row-major, in packed order (longest sequence first, step by step): [N,
   * outputs], or [B, outputs] if the network has one output per sequence. `predict` returns it in the order of the
   * sequences. Errors as `trainStep`. @throws {OptionError} `invalid_option` for a network of several outputs
   */
  async predictPacked(batch: Batch, options: ExecutionOptions = {}): Promise<Float32Array> {
    const name = this.#onlyOutput('predictPackedAll');
    return (await this.predictPackedAll(batch, options))[name] as Float32Array;
  }

  /** As `predictPacked`, all outputs by name; an output without a name is `output`. */
  predictPackedAll(batch: Batch, options: ExecutionOptions = {}): Promise<Record<string, Float32Array>> {
    return this.queue.shareTurn(options, async () => {
      checkExecutionOptions('predictPacked', options, [...EXECUTION_OPTIONS, 'signal']);
      const execution = this.begin('predict', batch, options.state);
      await execution.start(options.signal);
      return finishPrediction(execution);
    });
  }

  /**
   * As `predictPacked`, on the calling thread. Calls with the same `use` share one program. Different values of `use`
   * keep the program of a stream's single steps apart from the program of long batches. @throws {UsageError}
   * `model_busy` during `whileIdle`, or while an asynchronous call with the same state works or waits
   */
  predictPackedSync(
    batch: Batch,
    options: Omit<ExecutionOptions, 'signal'> & { readonly use?: string } = {},
  ): Float32Array {
    return this.queue.readNow(() => {
      checkExecutionOptions('predictPackedSync', options, [...EXECUTION_OPTIONS, 'use']);
      const name = this.#onlyOutput('predictPackedAll');
      // Programs of the library's own have names of this kind, too.
      const use = options.use === undefined ? undefined : `use ${options.use}`;
      const execution = this.beginNow('predict', batch, options.state, use);
      execution.execute();
      return finishPrediction(execution)[name] as Float32Array;
    }, options?.state);
  }

  /**
   * A stream of one sequence, step by step, with a state of its own.
   *
   * @throws {UsageError} `not_streamable` when a layer reads later steps; `state_mismatch` for a model of several
   * inputs
   */
  stream(): Stream {
    return new Stream(this, this.#steps());
  }

  /**
   * A group of streams that advance together: a tick reads the weights once for all of its sessions. Sessions come and go at any time,
   * and a tick may leave some of them out. Each gets the bits that a stream of its own would give.
   *
   * @param options.capacity sessions that memory is made for; it grows with more. Default 16
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {UsageError} as `stream`
   * @example
   * const group = model.streamGroup();
   * const [first, second] = [group.open(), group.open()];
   * const outputs = group.step([first, second], [3, 5]); // [2 * outputs]
   * group.step([second], [7]);
   * first.close();
   */
  streamGroup(options: StreamGroupOptions = {}): StreamGroup {
    return new StreamGroup(this, this.#steps(), options);
  }

  #steps(): StreamSteps {
    const { description, queue, executions, outputPer } = this;
    const newState = (batch: number) => this.newState(batch);
    const version = () => this.currentVersion();
    const output = () => this.#onlyOutput('predictPackedAll');
    const host = { description, queue, executions, outputPer, newState, version, output };
    this.#streamSteps ??= new StreamSteps(steppingModel(host));
    return this.#streamSteps;
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
    // One set of weights for all symbols, also while the model is trained.
    return this.queue.readNow(() => [...this.sampleStream(vocabulary, options)].join(''));
  }

  /**
   * Calls a function when all executions that were requested before have finished. Executions that are requested later
   * wait until its promise has settled, and synchronous ones and steps of streams are refused (`model_busy`). Meanwhile only
   * the caller changes the parameters, so it can write them; to read them, `whileUnchanged` is enough. The function must not
   * wait for an asynchronous call of the same model, which waits for its end.
   *
   * @throws {UsageError} `model_busy` within the function of another `whileIdle` or `whileUnchanged` of this model; such a function
   *   gets it from any asynchronous call of the model
   */
  whileIdle<T>(action: () => Promise<T>): Promise<T> {
    requireFunctions({ action });
    return this.queue.changeBy(action);
  }

  /**
   * Calls a function when all training steps that were requested before have finished. Those that are requested later wait
   * until its promise has settled; predictions and streams go on, also those that the function requests. So the function can save
   * the parameters.
   *
   * @throws {UsageError} `model_busy` within the function of `whileIdle`; a function of `whileUnchanged` gets it from `trainStep`,
   *   `whileIdle` and `fit` of the same model, and from an asynchronous step of a stream for which a training step would come first
   */
  whileUnchanged<T>(action: () => Promise<T>): Promise<T> {
    requireFunctions({ action });
    return this.queue.shareBy(action);
  }

  /** As `whileIdle`, on the calling thread. @throws {UsageError} `model_busy` */
  whileIdleSync<T>(action: () => T): T {
    requireFunctions({ action });
    return this.queue.changeNow(action);
  }

  /**
   * Frees the programs of the model. Executions that wait for their turn, and all later ones, are refused
   * (`model_disposed`). One that works goes on to its end, and the memory is freed then; an evaluation or a prediction of several
   * batches ends after the one at work, with the same error.
   */
  dispose(): void {
    if (this.isDisposed) return;
    this.refuseExecutions();
    this.queue.end(disposed('model'), () => this.disposePrograms());
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Checks a batch and a state and writes them into the program of the mode. */
  protected begin(mode: Mode, batch: Batch, state: CarriedState | undefined, use?: string): Execution {
    const held = state && new HeldState(state, batch?.order);
    return this.executions.begin({ mode, batch, held, use, version: this.currentVersion() });
  }

  /**
   * As `begin`, for a synchronous execution that reads: where an asynchronous one works with the program of the mode, it
   * has a program of its own.
   */
  protected beginNow(mode: Mode, batch: Batch, state: CarriedState | undefined, use: string = mode): Execution {
    return this.begin(mode, batch, state, use === mode && this.queue.isInTurn ? `${mode} meanwhile` : use);
  }

  #predict(name: string, input: PredictInput, options: PredictOptions): Promise<Record<string, PredictedOutput>> {
    return this.queue.share(options, async () => {
      checkExecutionOptions(name, options, [...PREDICT_OPTIONS, 'signal']);
      const reading = Prediction.reading(this.outputShapes, this.plainForm, input, options);
      const prediction = await inSlices(reading, options.signal);
      for (const part of prediction.batches()) {
        await this.queue.turn(options, async () => {
          const execution = this.begin('predict', part.batch, undefined);
          await execution.start(options.signal);
          prediction.take(part, execution.outputs());
        });
      }
      return prediction.results();
    });
  }

  /** @param other what gives all outputs */
  #onlyOutput(other: string): string {
    const names = [...this.outputShapes.keys()];
    if (names.length === 1) return names[0] as string;
    const message = `the network has the outputs ${names.join(', ')}; ${other} gives all of them`;
    throw new OptionError('invalid_option', message, { name: 'outputs', outputs: names });
  }
}

function finishPrediction(execution: Execution): Record<string, Float32Array> {
  execution.requireFiniteStates();
  execution.takeStates();
  return execution.outputs();
}
