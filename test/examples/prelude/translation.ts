/**
 * The names that examples of decoding use without declaring them: a network that reads a source and writes a target.
 */
import { dense, embedding, gru, network, packExamples } from 'bptt';
import type { BeamStep } from 'bptt/decoding';

const WORDS = 8000;

export const model = await network({
  inputs: {
    source: { kind: 'indices', size: WORDS, axis: 'source' },
    previous: { kind: 'indices', size: WORDS },
  },
  nodes: [
    { name: 'sourceEmbedding', layer: embedding({ size: WORDS, units: 2 }), inputs: ['source'] },
    { name: 'encoder', layer: gru({ units: 3 }), inputs: ['sourceEmbedding'] },
    { name: 'targetEmbedding', layer: embedding({ size: WORDS, units: 2 }), inputs: ['previous'] },
    { name: 'decoder', layer: gru({ units: 3 }), inputs: ['targetEmbedding'], states: { h_l0: 'encoder.h_l0' } },
    { name: 'words', layer: dense({ units: WORDS }), inputs: ['decoder'] },
  ],
  output: 'words',
}).compile({ threads: 1, seed: 1 });

export const batch = packExamples(
  [
    { source: Int32Array.of(5, 6, 7), previous: Int32Array.of(1) },
    { source: Int32Array.of(8), previous: Int32Array.of(1) },
  ],
  { inputs: { source: { axis: 'source' }, previous: {} } },
);

/** Where a search begins and ends. */
export const marks = { begin: 1, end: 2, beams: 2, maxLength: 3 };

/** Of 50 symbols the one after the last symbol is the most likely. */
export const step: BeamStep = (tokens) =>
  Float32Array.from({ length: tokens.length * 50 }, (_, at) =>
    at % 50 === (tokens[Math.floor(at / 50)] as number) + 1 ? 5 : 0,
  );
