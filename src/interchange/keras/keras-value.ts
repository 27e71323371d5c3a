/** What flows between the layers of a Keras model, and the time axes of it. */
import { derivedAxis } from '../../graph/derived-axis.js';

/** Steps of sequences. */
export interface KerasSteps {
  /** Time axis in the network. */
  readonly axis: string;
  /** Of the input from which the axis comes. */
  readonly root: string;
  /** How many steps there are, where the file says it. */
  readonly length?: number | undefined;
  /** Whether the last step stands first, as behind a layer with `go_backwards`. */
  readonly isReversed: boolean;
}

/** A tensor of Keras. */
export interface KerasValue {
  /** Name of the input, node or state that gives it. */
  readonly source: string;
  /** Axes in Keras, with that of the batch. */
  readonly rank: number;
  /** Size of the last axis; 1 for indices. */
  readonly columns: number;
  /** Undefined for one row for each sequence. */
  readonly steps?: KerasSteps | undefined;
  /** Of one row for each sequence: the steps of the sequences. */
  readonly origin?: KerasSteps | undefined;
  /** `mask` says which steps count; nothing but masks is computed from it. */
  readonly kind: 'real' | 'indices' | 'mask';
  /** Whether Keras would leave out steps that are masked. */
  readonly isMasked: boolean;
  /** Whether notes say already that layers behind it read masked steps in Keras. */
  readonly isNoted?: boolean | undefined;
}

/** Which inputs of a model have the same steps. What is joined step by step does. */
export class TimeAxes {
  readonly #parents = new Map<string, string>();

  /** The input that stands for all that have the same steps. */
  rootOf(input: string): string {
    let root = input;
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) root = next;
    return root;
  }

  join(left: string, right: string): void {
    const [a, b] = [this.rootOf(left), this.rootOf(right)];
    if (a !== b) this.#parents.set(b, a);
  }
}

/** The steps that a convolution leaves. */
export function convolvedSteps(steps: KerasSteps, reach: number, stride: number): KerasSteps {
  const { axis, length } = steps;
  const left = length === undefined ? undefined : Math.floor((length - reach) / stride) + 1;
  return { ...steps, axis: derivedAxis(axis, { reach, stride }), length: left };
}

/** One row for each sequence in the place of its steps. */
export function withoutSteps({ steps, ...value }: KerasValue): KerasValue {
  return {
    ...value,
    rank: 2,
    isMasked: false,
    isNoted: false,
    ...(steps !== undefined && { origin: { ...steps, isReversed: false } }),
  };
}
