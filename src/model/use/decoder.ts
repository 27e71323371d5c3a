/** Decoding step by step. A search over sequences uses it with a network that was trained on whole sequences. */

import { countOf, executionSizes, type PackedAxes, type PackedAxis, TIME } from '../../batch/axes.js';
import { checkArray, checkType } from '../../batch/check-arrays.js';
import { ShapeError, UsageError } from '../../core/errors.js';
import { rejectUnknownKeys } from '../../core/options.js';
import { rootAxis } from '../../graph/derived-axis.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import type { ModelBlocks } from '../../program/program.js';
import { stateInput } from '../build/build-forward.js';
import type { ProgramGraph } from '../build/build-graph.js';
import type { ParameterLayout } from '../build/parameters.js';
import { type SplitGraph, splitGraph } from '../build/split-graph.js';
import { writeRows } from '../execute/execution.js';
import type { ExecutionQueue } from '../execute/execution-queue.js';
import { type ModelProgram, Programs } from '../execute/programs.js';
import {
  checkRange,
  type DecoderBatch,
  type DecoderOptions,
  memoryAxes,
  requireOnlyInput,
  requireOutput,
  requireSymbols,
} from './decoder-input.js';

/** The part of a model that a decoder needs. */
export interface DecoderHost {
  readonly description: NetworkDescription;
  readonly layout: ParameterLayout;
  readonly blocks: ModelBlocks;
  readonly threads: number;
  readonly queue: ExecutionQueue;
  /** Version of the parameters. @throws {UsageError} `model_disposed` */
  version(): number;
}

/** Rows by sample or by beam. */
interface Rows {
  readonly columns: number;
  readonly data: Float32Array;
}

/** The rows of `from` that `places` name, in this order. */
function selectRows({ columns, data }: Rows, places: Int32Array, to: Float32Array): void {
  for (const [row, place] of places.entries()) {
    to.set(data.subarray(place * columns, (place + 1) * columns), row * columns);
  }
}

/**
 * A network that computes the steps of one time axis one by one, for any number of beams. The part that does not depend
 * on the steps is computed when the decoder is made. A result of two sets of weights would be wrong, so a step is refused when
 * the parameters have changed since; for a model that is being trained, make the decoder from `model.snapshot()`. Use
 * `model.decoder()`.
 */
export class Decoder {
  /** Samples that are decoded. */
  readonly sentences: number;
  /** Scores that a step gives for each beam. */
  readonly outputs: number;
  readonly #host: DecoderHost;
  readonly #axis: string;
  readonly #input: string;
  readonly #split: SplitGraph;
  readonly #programs: Programs<'memory' | 'step', ProgramGraph>;
  /** The axes of the memory. The axis of the steps has one step for each sample, in their own order. */
  readonly #axes: PackedAxes;
  /** The values of the memory that each step reads, by the names of inputs. */
  readonly #handed = new Map<string, Float32Array>();
  /** States before the first step by sample; a state that is missing is zero. */
  readonly #given = new Map<string, Float32Array>();
  #states: ReadonlyMap<string, Float32Array> | undefined;
  #rows = 0;
  /** Of the parameters that the memory was computed with. */
  #version = 0;
  #isWorking = false;
  #closed = false;

  private constructor(host: DecoderHost, batch: DecoderBatch, options: DecoderOptions) {
    rejectUnknownKeys('decoder', options, ['input', 'output']);
    const { description, layout } = host;
    this.#host = host;
    this.#input = options.input;
    this.#axis = requireSymbols(description, options.input);
    this.#split = splitGraph({ description, layout, axis: this.#axis, output: requireOutput(description, options) });
    this.outputs = this.#split.output.columns;
    requireOnlyInput(description, this.#split, options.input, this.#axis);
    this.#programs = new Programs((part) => this.#split[part], host.blocks, host.threads);
    const made = [...this.#split.memory.graph.derivedAxes].filter((name) => rootAxis(name) !== this.#axis);
    this.#axes = memoryAxes(description, this.#axis, batch, made);
    this.sentences = this.#axes.get(this.#axis)?.batchSizes[0] as number;
  }

  /** Computes what is known before the first step. */
  static async create(host: DecoderHost, batch: DecoderBatch, options: DecoderOptions): Promise<Decoder> {
    const decoder = new Decoder(host, batch, options);
    await decoder.#remember(batch);
    return decoder;
  }

  /**
   * One step for all beams. It is a bound function, so that `beamSearch` can take it.
   *
   * @param tokens    [beams] the symbol that each beam has just taken
   * @param parents [beams] the row of the previous step whose state each beam continues: in the first step the number
   * of the sample
   * @param sentences [beams] the sample that each beam belongs to: its number in the caller's order
   * @returns [beams * outputs] a new array
   * @throws {ShapeError} `rank_mismatch`, `length_mismatch`
   * @throws {RangeIndexError} `index_out_of_range`; all errors leave the states as they were
   * @throws {UsageError} `stream_closed`, `model_disposed`; `state_mismatch` when the parameters have changed since the decoder was
   *   made
   */
  readonly step = (tokens: Int32Array, parents: Int32Array, sentences: Int32Array): Promise<Float32Array> =>
    this.#host.queue.shareTurn({}, async () => {
      if (this.#closed) throw new UsageError('stream_closed', 'the decoder has been disposed of');
      this.#isWorking = true;
      try {
        return await this.#step(tokens, parents, sentences);
      } finally {
        this.#isWorking = false;
        if (this.#closed) this.#programs.dispose();
      }
    });

  /** Returns to the state before the first step. */
  reset(): void {
    this.#states = undefined;
  }

  /** Frees the programs of the decoder, at the end of a step that works; steps that wait, and later ones, are refused. */
  dispose(): void {
    this.#closed = true;
    if (!this.#isWorking) this.#programs.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #remember(batch: DecoderBatch): Promise<void> {
    const { handed, states, memory } = this.#split;
    const version = this.#host.version();
    this.#version = version;
    const given = new Map([...states].flatMap(([name, { given: value }]) => (value ? [[name, value] as const] : [])));
    const compiled = memory.outputs.length > 0 ? this.#programs.get('memory', this.#axes) : undefined;
    if (compiled !== undefined) await this.#runMemory(compiled, batch, version);
    const read = (value: Value): Float32Array => {
      const length = countOf(value.rows as SymbolicExtent, this.#axes) * value.columns;
      // An input that the memory does not use is passed to the steps unchanged.
      if (value.node === undefined) return (batch.inputs[value.name as string] as Float32Array).slice();
      return (compiled as ModelProgram<ProgramGraph>).program.real(value).slice(0, length) as Float32Array;
    };
    for (const [name, value] of handed) this.#handed.set(name, this.#bySample(value, read(value)));
    for (const [name, value] of given) this.#given.set(name, this.#bySample(value, read(value)));
  }

  async #runMemory(compiled: ModelProgram<ProgramGraph>, batch: DecoderBatch, version: number): Promise<void> {
    const { program } = compiled;
    for (const [name, input] of Object.entries(this.#host.description.inputs)) {
      const { axis = TIME, per, kind } = input;
      if (axis === this.#axis && per === undefined) continue;
      writeRows(program, name, batch.inputs[name] as Int32Array | Float32Array, kind === 'indices');
    }
    for (const name of program.inputNames) if (name.startsWith(stateInput(''))) program.real(name).fill(0);
    const { batchSizes, samples } = executionSizes(this.#axes);
    await program.start(batchSizes, samples === undefined ? {} : { samples });
    compiled.preparedVersion = version;
  }

  /** Rows of the axis of the steps by sample; rows of other axes unchanged. */
  #bySample({ rows, columns }: Value, data: Float32Array): Float32Array {
    const { order } = this.#axes.get(this.#axis) as PackedAxis;
    if ((rows as SymbolicExtent).axis !== this.#axis || order === undefined) return data;
    const sorted = new Float32Array(data.length);
    for (const [place, sample] of order.entries()) {
      sorted.set(data.subarray(place * columns, (place + 1) * columns), sample * columns);
    }
    return sorted;
  }

  async #step(tokens: Int32Array, parents: Int32Array, sentences: Int32Array): Promise<Float32Array> {
    const version = this.#host.version();
    if (version !== this.#version) {
      const message =
        'the parameters have changed since the decoder was made, and what it has computed belongs to those before: make another decoder; while the model is trained, make it from await model.snapshot()';
      throw new UsageError('state_mismatch', message);
    }
    this.#check(tokens, parents, sentences);
    const beams = tokens.length;
    const axes = new Map(this.#axes);
    axes.set(this.#axis, { batchSizes: Int32Array.of(beams), rows: beams, order: sentences.slice() });
    const compiled = this.#programs.get('step', axes);
    const { program } = compiled;
    writeRows(program, this.#input, tokens, true);
    this.#writeMemory(program, sentences);
    for (const [name, { columns }] of this.#split.states) {
      const memory = program.real(stateInput(name));
      const data = this.#states === undefined ? this.#given.get(name) : this.#states.get(name);
      if (data === undefined) memory.fill(0, 0, beams * columns);
      else selectRows({ columns, data }, parents, memory as Float32Array);
    }
    const { batchSizes, samples } = executionSizes(axes);
    const prepared = compiled.preparedVersion === version;
    await program.start(batchSizes, { prepared, ...(samples !== undefined && { samples }) });
    compiled.preparedVersion = version;
    const read = (value: Value) => program.real(value).slice(0, beams * value.columns) as Float32Array;
    this.#states = new Map([...this.#split.states].map(([name, { after }]) => [name, read(after)]));
    this.#rows = beams;
    return read(this.#split.output);
  }

  #writeMemory(program: ModelProgram['program'], sentences: Int32Array): void {
    for (const [name, value] of this.#split.handed) {
      if (!program.hasInput(name)) continue;
      const data = this.#handed.get(name) as Float32Array;
      const memory = program.real(name) as Float32Array;
      if ((value.rows as SymbolicExtent).axis === this.#axis)
        selectRows({ columns: value.columns, data }, sentences, memory);
      else memory.set(data);
    }
  }

  #check(tokens: Int32Array, parents: Int32Array, sentences: Int32Array): void {
    checkType('tokens', tokens, true);
    const beams = tokens.length;
    if (beams === 0) {
      throw new ShapeError('length_mismatch', 'tokens is empty, expected at least one beam', { name: 'tokens' });
    }
    checkArray('parents', parents, true, beams);
    checkArray('sentences', sentences, true, beams);
    checkRange('parents', parents, this.#states === undefined ? this.sentences : this.#rows);
    checkRange('sentences', sentences, this.sentences);
  }
}
