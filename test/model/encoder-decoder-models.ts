/** Encoder-decoders with attention, small enough for tests, and the task of giving a sequence in reverse. */

import type { Batch } from '../../src/batch/batch.js';
import { type ExampleForm, packExamples } from '../../src/batch/example-packing.js';
import { Random } from '../../src/core/random.js';
import { type Network, type NodeDescription, network } from '../../src/model/network.js';
import { type AttentionOptions, attention } from '../../src/network/layers/attention.js';
import { activation, dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { concatenate } from '../../src/network/layers/layers.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';

/** Marks of the target: before its first symbol, and behind its last. */
export const BEGIN = 0;
export const END = 1;

/** Symbols with the marks. */
export const SYMBOLS = 8;

/** A source, its target behind the begin mark, and its target before the end mark. */
export interface Pair {
  readonly source: Int32Array;
  readonly previous: Int32Array;
  readonly words: Int32Array;
}

/** What a batch of pairs is packed of, for a network whose only output has no name. */
export const PAIR_FORM: ExampleForm = {
  inputs: { source: { axis: 'source' }, previous: {} },
  targets: { target: { field: 'words' } },
};

/** A pair of a source and any target. */
export function pairOf(source: readonly number[], target: readonly number[]): Pair {
  const words = Int32Array.from([...target, END]);
  return { source: Int32Array.from(source), previous: Int32Array.from([BEGIN, ...target]), words };
}

/** Sources of 1 to `longest` random symbols, each with itself in reverse as the target. */
export function reversedPairs(count: number, longest: number, seed = 1): Pair[] {
  const random = new Random(seed, 'pairs');
  return Array.from({ length: count }, () => {
    const source = Array.from({ length: 1 + random.integer(longest) }, () => 2 + random.integer(SYMBOLS - 2));
    return pairOf(source, [...source].reverse());
  });
}

/** Pairs whose targets are of other lengths than their sources. */
export function raggedPairs(seed = 1): Pair[] {
  const random = new Random(seed, 'ragged pairs');
  const symbols = (count: number) => Array.from({ length: count }, () => 2 + random.integer(SYMBOLS - 2));
  const lengths = [
    [3, 5],
    [6, 1],
    [1, 2],
    [4, 0],
    [2, 5],
  ] as const;
  return lengths.map(([source, target]) => pairOf(symbols(source), symbols(target)));
}

/** Pairs as a batch of the axes `source` and `time`. */
export function pairBatch(pairs: readonly Pair[]): Batch {
  return packExamples(pairs, PAIR_FORM);
}

/** Shape of an encoder-decoder. */
export interface EncoderDecoderOptions {
  readonly attention?: AttentionOptions;
  readonly cell?: 'gru' | 'lstm';
  readonly units?: number;
  /** Whether the output's weights are the table of the target's embedding. */
  readonly tied?: boolean;
}

/** Bidirectional encoder, bridged states, decoder with attention over the encoder. */
export function encoderDecoder(options: EncoderDecoderOptions = {}): Network {
  const { attention: scores = { score: 'general' }, cell = 'gru', units = 6, tied = false } = options;
  const layer = { gru, lstm }[cell];
  const bridges = (cell === 'lstm' ? ['h', 'c'] : ['h']).flatMap((state) => [
    { name: `${state}Ends`, layer: concatenate(), inputs: [`encoder.${state}_l0`, `encoder.${state}_l0_reverse`] },
    { name: `${state}Bridge`, layer: dense({ units }), inputs: [`${state}Ends`] },
  ]);
  const states = { h_l0: 'hBridge', ...(cell === 'lstm' && { c_l0: 'cBridge' }) };
  return network({
    inputs: {
      source: { kind: 'indices', size: SYMBOLS, axis: 'source' },
      previous: { kind: 'indices', size: SYMBOLS },
    },
    nodes: [
      { name: 'sourceEmbedding', layer: embedding({ size: SYMBOLS, units: 5 }), inputs: ['source'] },
      { name: 'encoder', layer: layer({ units, direction: 'bidirectional' }), inputs: ['sourceEmbedding'] },
      ...bridges,
      { name: 'memory', layer: dense({ units }), inputs: ['encoder'] },
      { name: 'embedding', layer: embedding({ size: SYMBOLS, units }), inputs: ['previous'] },
      { name: 'decoder', layer: layer({ units }), inputs: ['embedding'], states },
      { name: 'context', layer: attention(scores), inputs: ['decoder', 'memory'] },
      { name: 'joined', layer: concatenate(), inputs: ['decoder', 'context'] },
      { name: 'combined', layer: dense({ units }), inputs: ['joined'] },
      { name: 'squashed', layer: activation('tanh'), inputs: ['combined'] },
      { name: 'words', layer: dense({ units: SYMBOLS, ...(tied && { tied: 'embedding' }) }), inputs: ['squashed'] },
    ],
    output: 'words',
  });
}

/** Every kind of attention, with a name for each. */
export const ATTENTIONS: readonly (readonly [string, AttentionOptions])[] = [
  ['dot', { score: 'dot' }],
  ['scaled dot', { score: 'dot', scale: 0.4 }],
  ['general', { score: 'general' }],
  ['additive', { score: 'additive', units: 7 }],
];

/** A picture for each sequence, which a dense layer makes the first state of a decoder. */
export function captioner(extra: readonly NodeDescription[] = [], last = 'decoder'): Network {
  return network({
    inputs: {
      picture: { kind: 'features', units: 3, per: 'sequence' },
      previous: { kind: 'indices', size: SYMBOLS },
    },
    nodes: [
      { name: 'seen', layer: dense({ units: 10 }), inputs: ['picture'] },
      { name: 'embedding', layer: embedding({ size: SYMBOLS, units: 4 }), inputs: ['previous'] },
      { name: 'told', layer: concatenate(), inputs: ['embedding', 'picture'] },
      { name: 'decoder', layer: gru({ units: 10 }), inputs: ['told'], states: { h_l0: 'seen' } },
      ...extra,
      { name: 'words', layer: dense({ units: SYMBOLS }), inputs: [last] },
    ],
    output: 'words',
  });
}
