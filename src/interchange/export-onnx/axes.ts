/** The time axes of an exported network: sizes, lengths and masks, computed in the graph where the file needs them. */
import { derivationOf, rootAxis } from '../../graph/derived-axis.js';
import { TIME } from '../../graph/extent.js';
import { type Dimension, int, Names, type OnnxGraph } from './onnx-graph.js';

/** A type of ONNX as `Cast` names it (TensorProto.DataType). */
const FLOAT = 1;
const INT32 = 6;

/** The name of the number of sequences. */
const BATCH = 'batch';

/** Where a tensor of an axis stands, to read the sizes from: [steps, batch, ...] or [batch, ...]. */
interface Measured {
  readonly tensor: string;
  readonly hasSteps: boolean;
}

/**
 * Every sequence has the same place in all axes. Tensors of steps are [steps, batch, columns]; behind the end of a sequence they may
 * hold anything, and no operation lets that reach what it computes.
 */
export class Axes {
  readonly #onnx: OnnxGraph;
  readonly #hasLengths: boolean;
  readonly #isStep: boolean;
  readonly #measured = new Map<string, Measured>();
  readonly #known = new Map<string, string>();
  readonly #withSteps = new Set<string>();
  readonly #dimensions = new Map<string, string>();
  readonly #dimensionNames = new Names();
  /** Names of the inputs that say how long sequences are, by axis. */
  readonly lengthInputs = new Map<string, string>();

  constructor(onnx: OnnxGraph, { hasLengths, isStep }: { readonly hasLengths: boolean; readonly isStep: boolean }) {
    this.#onnx = onnx;
    this.#hasLengths = hasLengths;
    this.#isStep = isStep;
    this.#dimensionNames.unique(BATCH);
  }

  /** Says where the sizes of an axis can be read. */
  measure(axis: string, tensor: string, hasSteps: boolean): void {
    if (this.#measured.get(axis)?.hasSteps !== true) this.#measured.set(axis, { tensor, hasSteps });
  }

  /** Says that an input has a row for each step of the axis. */
  addSteps(axis: string): void {
    this.#withSteps.add(axis);
  }

  /** Whether an input has a row for each step of the axis. */
  hasSteps(axis: string): boolean {
    return this.#withSteps.has(axis);
  }

  /** The name of the number of steps, for the types of inputs and outputs. */
  stepsDimension(axis: string): Dimension {
    if (this.#isStep || !this.hasSteps(rootAxis(axis))) return 1;
    const known = this.#dimensions.get(axis);
    if (known !== undefined) return known;
    const name = this.#dimensionNames.unique(axis.replace(/[^A-Za-z0-9_]+/g, '_'));
    this.#dimensions.set(axis, name);
    return name;
  }

  /** The name of the number of sequences, which is the same on all axes. */
  get batchDimension(): Dimension {
    return BATCH;
  }

  /** Number of steps of the padded tensors, int64 [1]. */
  steps(axis: string): string {
    if (this.#isStep) return this.#onnx.ints(1);
    return this.#once('steps', axis, () => {
      const derivation = derivationOf(axis);
      if (derivation !== undefined) return this.#fewer(this.steps(derivation.source), derivation);
      // Without an input of steps every sequence has a single one.
      if (!this.hasSteps(axis)) return this.#onnx.ints(1);
      return this.#onnx.emit('Shape', [this.#place(axis).tensor], { start: int(0), end: int(1) });
    });
  }

  /** Number of sequences, int64 [1]. */
  batch(axis: string): string {
    const derivation = derivationOf(axis);
    if (derivation !== undefined) return this.batch(derivation.source);
    return this.#once('batch', axis, () => {
      const { tensor, hasSteps } = this.#place(axis);
      const at = hasSteps ? 1 : 0;
      return this.#onnx.emit('Shape', [tensor], { start: int(at), end: int(at + 1) });
    });
  }

  /** Steps of every sequence, int64 [batch]; undefined where all have as many as the tensors. */
  lengths(axis: string): string | undefined {
    if (!this.#hasLengths || !this.hasSteps(rootAxis(axis))) return undefined;
    return this.#once('lengths', axis, () => {
      const derivation = derivationOf(axis);
      if (derivation !== undefined) return this.#fewer(this.lengths(derivation.source) as string, derivation);
      const name = this.#onnx.addInput(axis === TIME ? 'lengths' : `lengths.${axis}`, 'int64', [this.batchDimension]);
      this.lengthInputs.set(axis, name);
      return name;
    });
  }

  /** The same as int32, which recurrent operators want. */
  shortLengths(axis: string): string | undefined {
    return this.#ofLengths('int32', axis, (lengths) => this.#onnx.emit('Cast', [lengths], { to: int(INT32) }));
  }

  /** Steps of every sequence as real numbers, [batch, 1], or [1] where all have as many. */
  realLengths(axis: string): string {
    return this.#once('real', axis, () => {
      const lengths = this.lengths(axis);
      if (lengths === undefined) return this.#onnx.emit('Cast', [this.steps(axis)], { to: int(FLOAT) });
      return this.#onnx.unsqueeze(this.#onnx.emit('Cast', [lengths], { to: int(FLOAT) }), 1);
    });
  }

  /** Whether a step is one of its sequence, bool [steps, batch, 1]; undefined where all are. */
  mask(axis: string): string | undefined {
    return this.#ofLengths('mask', axis, (lengths) => {
      const places = this.#onnx.unsqueeze(this.range(this.steps(axis)), 1, 2);
      return this.#onnx.emit('Less', [places, this.#onnx.unsqueeze(lengths, 1)]);
    });
  }

  /** x [steps, batch, columns] with a number behind the end of every sequence. */
  masked(axis: string, x: string, number = 0): string {
    const mask = this.mask(axis);
    return mask === undefined ? x : this.#onnx.emit('Where', [mask, x, this.#onnx.float(number)]);
  }

  /** 0, 1, ... for so many (int64 [1]): int64 [n]. */
  range(count: string): string {
    return this.#onnx.emit('Range', [this.#onnx.int(0), this.#onnx.squeeze(count, 0), this.#onnx.int(1)]);
  }

  /** The numbers of the sequences, int64 [batch]. */
  sequences(axis: string): string {
    return this.#once('sequences', axis, () => this.range(this.batch(axis)));
  }

  /** max(0, n - reach + stride) / stride, whole: whole numbers are divided towards zero. */
  #fewer(count: string, { reach, stride }: { readonly reach: number; readonly stride: number }): string {
    const onnx = this.#onnx;
    const shifted = reach === stride ? count : onnx.emit('Add', [count, onnx.ints(stride - reach)]);
    const positive = onnx.emit('Max', [shifted, onnx.ints(0)]);
    return stride === 1 ? positive : onnx.emit('Div', [positive, onnx.ints(stride)]);
  }

  #place(axis: string): Measured {
    const place = this.#measured.get(axis);
    if (place === undefined) throw new Error(`no input of the network lies on the axis '${axis}'`);
    return place;
  }

  #ofLengths(what: string, axis: string, make: (lengths: string) => string): string | undefined {
    const lengths = this.lengths(axis);
    return lengths === undefined ? undefined : this.#once(what, axis, () => make(lengths));
  }

  /** What all layers of an axis share, under names of the axis. */
  #once(what: string, axis: string, make: () => string): string {
    const key = `${what} ${axis}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { scope } = this.#onnx;
    this.#onnx.scope = `${axis}.${what}`;
    const name = make();
    this.#onnx.scope = scope;
    this.#known.set(key, name);
    return name;
  }
}
