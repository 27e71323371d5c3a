/** The names that examples with sequences of numbers use without declaring them. */
import { adam, dense, lstm, packSequences, Random, sequential } from 'bptt';

const random = new Random(1, 'series');
const rows = (length: number) => Float32Array.from({ length }, () => random.normal());

/** Rows of 8 numbers, one for each step of one sequence. */
export const steps = [rows(8), rows(8), rows(8)];
export const sequences = [rows(3), rows(5)];
export const batch = packSequences(sequences, { targets: [rows(3), rows(5)] });

export const model = await sequential([lstm({ units: 3 }), dense({ units: 1 })], { features: 1 }).compile({
  loss: 'meanSquaredError',
  optimizer: adam({ learningRate: 1e-3 }),
  threads: 1,
  seed: 1,
});
