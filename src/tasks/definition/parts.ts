/** The parts of the data of a task: examples, or a text as streams of tokens. */
import type { SequenceExample } from '../../batch/sequence-packing.js';
import type { Examples } from '../../data/examples.js';
import { TokenStreams } from '../../data/streams.js';

/** Examples in memory, or examples that are made when a batch needs them. */
export type Part<E = SequenceExample> = readonly E[] | Examples<E>;

/** The data of training or evaluation: examples, or a text as streams of tokens whose state is carried. */
export type AnyPart<E = never> = Part<E> | TokenStreams;

/** The examples of a part in their order, in groups. */
export async function* examplesOf<E>(part: Part<E>, atOnce: number): AsyncGenerator<readonly E[], void, void> {
  const count = 'read' in part ? part.count : part.length;
  for (let begin = 0; begin < count; begin += atOnce) {
    const end = Math.min(count, begin + atOnce);
    if ('read' in part) yield await part.read(Int32Array.from({ length: end - begin }, (_, at) => begin + at));
    else yield part.slice(begin, end);
  }
}

/** The examples of a part in their order. */
export async function* partExamples<E>(part: Part<E>): AsyncGenerator<E, void, void> {
  for await (const group of examplesOf(part, 32)) yield* group;
}

/** Number of examples of a part, or of its predicted symbols. */
export function sizeOf(part: AnyPart<unknown> | undefined): number {
  if (part === undefined) return 0;
  if (part instanceof TokenStreams) return part.predictions;
  return 'read' in part ? part.count : part.length;
}
