/** The names that examples with sequences of ids and classes use without declaring them. */
import { adam, dense, embedding, gru, sequential } from 'bptt';

/** Sequences of ids, and the class of each. */
export const sentences = Array.from({ length: 40 }, (_, at) =>
  Array.from({ length: 1 + (at % 5) }, (_, step) => (at + step) % 8),
);
export const classes = sentences.map((sentence) => (sentence[0] as number) % 2);
export const inputs = sentences;
export const targets = classes;
export const sequences = sentences;

const all = sentences.map((sentence, at) => ({ input: Int32Array.from(sentence), target: classes[at] as number }));
export const examples = all.slice(0, 30);
export const held = all.slice(30);

export const model = await sequential([
  embedding({ size: 8, units: 4 }),
  gru({ units: 4, output: 'last' }),
  dense({ units: 2 }),
]).compile({ loss: 'softmaxCrossEntropy', optimizer: adam({ learningRate: 1e-2 }), threads: 1, seed: 1 });
