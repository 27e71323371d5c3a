/** The names that examples of language models use without declaring them. */
import { adam, dense, embedding, lstm, sequential } from 'bptt';
import { characterStreams } from 'bptt/data';

export const corpus = characterStreams('a wave, a bird, a wave. '.repeat(40), { batch: 4, steps: 20, validation: 0.2 });

/** Sequences of ids, and for each step the next one. */
export const inputs = Array.from({ length: 40 }, (_, at) =>
  Array.from({ length: 2 + (at % 5) }, (_, step) => (at + step) % 16),
);
export const targets = inputs.map((sequence) => sequence.map((id) => (id + 1) % 16));

/** Ids of a text. */
export const ids = Int32Array.from({ length: 20 * 35 * 2 + 1 }, (_, at) => (at * 7) % 11);

export const model = await sequential([
  embedding({ size: 16, units: 4 }),
  lstm({ units: 4 }),
  dense({ units: 16 }),
]).compile({ optimizer: adam({ learningRate: 1e-3 }), threads: 1, seed: 1 });
