/** What the examples of data take for granted. */
import { packSequences, Random } from 'bptt';

const random = new Random(1, 'data');
const draw = (length: number, size: number) => Int32Array.from({ length }, () => random.integer(size));
const words = (count: number) => Array.from(draw(count, 4), (at) => ['the', 'cat', 'dog', 'sleeps'][at] as string);

/** Text of 20,000 words, and of 2,000. */
export const text = words(20_000).join(' ');
export const validText = words(2_000).join(' ');

export const sentences = ['a cat sleeps', 'a dog sleeps'];

/** Sequences of tokens, each with the class 0 or 1. */
export const examples = Array.from({ length: 40 }, (_, at) => ({ input: draw(1 + (at % 7), 8), target: at % 2 }));
export const classes = Int32Array.of(0, 1, 1);
export const packed = packSequences([draw(3, 8), draw(5, 8), draw(2, 8)]);
export const order = [...draw(10, 100)];

/** Sources and targets of a translation. */
export const pairs = Array.from({ length: 100 }, (_, at) => {
  const target = draw(1 + (at % 5), 9);
  return { source: draw(1 + (at % 7), 9), previous: Int32Array.of(0, ...target.slice(1)), target };
});

/** A padded batch [32, 100, 8] with a class for each sequence. */
export const values = Float32Array.from({ length: 32 * 100 * 8 }, () => random.normal());
export const lengths = Int32Array.from({ length: 32 }, (_, at) => 1 + 3 * at);
export const labels = draw(32, 2);

/** A tokenizer with an id for each character. */
export const bpe = {
  vocabSize: 256,
  encode: (given: string) => [...given].map((character) => character.charCodeAt(0) % 256),
  decode: (ids: readonly number[]) => String.fromCharCode(...ids),
};

/** Options of a task as `read` gets them, as far as a split needs them. */
export const options = { valid: 0.1, test: 0.1, seed: 1 };
