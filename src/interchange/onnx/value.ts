/** What stands behind a name while an ONNX graph is taken over. */
import type { ConstantTensor } from './constants/constant-tensor.js';
import type { ShapeNumber, Size } from './sizes.js';

/** A tensor of the file, or one that was folded. It is read when it is needed. */
export interface Constant {
  readonly kind: 'constant';
  readonly shape: readonly number[];
  /** Whether its elements are real numbers: weights. */
  readonly isReal: boolean;
  /** For messages, and for the names of parameters. */
  readonly name: string;
  read(): ConstantTensor;
  /** Its numbers as float32, read anew and not kept: for weights, which may be large. */
  float32(): Float32Array;
}

/** A tensor of whole numbers of which some are known only when data arrive, such as a shape. */
export interface ShapeTensor {
  readonly kind: 'shape';
  readonly shape: readonly number[];
  readonly elements: readonly ShapeNumber[];
}

/** One number at all places of a tensor, whose size may be known only when data arrive: zeros as an initial state. */
export interface Fill {
  readonly kind: 'fill';
  readonly sizes: readonly Size[];
  readonly number: number;
}

/** A constant beside rows, the same for each of them: a learnt initial state, spread to all examples. */
export interface Repeated {
  readonly kind: 'repeated';
  readonly sizes: readonly Size[];
  /** As many axes, with one element along rows. */
  readonly constant: Constant;
}

/** A tensor that the network computes, or an input: the columns of a node. */
export interface Computed {
  readonly kind: 'computed';
  /** Name of the node or input. */
  readonly node: string;
  readonly sizes: readonly Size[];
  /** The axes of columns, in the order in which they stand in a row: the last one changes fastest. */
  readonly order: readonly number[];
}

/** Indices that come from outside, [rows]. */
export interface Indices {
  readonly kind: 'indices';
  /** Name of the input in the file. */
  readonly input: string;
  readonly sizes: readonly Size[];
}

/** Numbers of an input that is a state: it goes in before a call, and a later one comes out. */
export interface State {
  readonly kind: 'state';
  readonly input: string;
  readonly sizes: readonly Size[];
  /** Which number of a sequence's state each element is, in the order of the axes. */
  readonly elements: readonly number[];
}

/** One final state of a node: `h_l0`, [rows, width]. */
export interface FinalPart {
  readonly node: string;
  readonly state: string;
  readonly width: number;
  /** The output of the node's last step, where one row is one call: the state's own numbers. */
  readonly output?: Computed | undefined;
}

/** Final states of recurrent nodes. */
export interface Final {
  readonly kind: 'final';
  readonly sizes: readonly Size[];
  /** The state and the unit of it that each element is, in the order of the axes. */
  readonly elements: readonly { readonly part: FinalPart; readonly unit: number }[];
}

/** Anything that a name may stand for. */
export type GraphValue = Constant | ShapeTensor | Fill | Repeated | Computed | Indices | State | Final;

/** What can be moved about without computing anything. */
export type Movable = Computed | State | Final | Indices | Fill;

/** Sizes of what is no constant. */
export function sizesOf(value: GraphValue): readonly Size[] {
  return value.kind === 'constant' || value.kind === 'shape' ? value.shape : value.sizes;
}
