/** The outputs of a model for every example, in the order of the examples. */
import { type SequenceExample, SequencePacking, type SequencePackingOptions } from '../../batch/sequence-packing.js';
import type { Model } from '../../model/model.js';
import { examplesOf, type Part } from '../definition/parts.js';
import { packingOf } from './model-packing.js';

/** An example and its output. */
export interface ExampleOutput<E extends SequenceExample = SequenceExample> {
  readonly example: E;
  /** [outputs], or [length * outputs] when there is an output for every step. */
  readonly output: Float32Array;
}

/** Number of sequences in a batch. It changes memory and speed, not the result. */
const AT_ONCE = 256;

/**
 * Predicts every example of a part.
 *
 * @param options how examples are packed; default: the form of the model
 * @throws as `Model.predict`
 * @throws the signal's reason when it is aborted
 */
export async function* outputsOf<E extends SequenceExample>(
  model: Model,
  part: Part<E>,
  options: SequencePackingOptions = packingOf(model),
  signal?: AbortSignal,
): AsyncGenerator<ExampleOutput<E>, void, void> {
  const packing = new SequencePacking(options);
  let first = 0;
  for await (const examples of examplesOf(part, AT_ONCE)) {
    const numbers = Int32Array.from(examples, (_, at) => first + at);
    const batch = packing.pack(examples, numbers);
    const outputs = await model.predict(batch, signal === undefined ? {} : { signal });
    for (const [at, example] of examples.entries()) yield { example, output: outputs[at] as Float32Array };
    first += examples.length;
  }
}
