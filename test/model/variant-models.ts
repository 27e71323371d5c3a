/** Telling variants of recurrent networks, and batches of sequences of many lengths for them. */
import {
  type AnyLayer,
  adam,
  type Batch,
  dense,
  dropout,
  gru,
  layerNormalization,
  lstm,
  type Model,
  type PackedBatch,
  packSequences,
  penalty,
  pool,
  rnn,
  sequential,
} from '../../src/index.js';
import { randomNumbers } from './small-models.js';

/** Numbers in a row of the input. */
export const FEATURES = 3;

/** Width of the output. */
export const OUTPUTS = 2;

/** A network's layers, all but the affine one at its end. */
export type Variant = readonly [name: string, layers: readonly AnyLayer[]];

/** Units that fill no vector and no tile, nor are divided by a number of threads. */
const units = 37;

/** Networks that read forward, with one output per step. */
export const CAUSAL: readonly Variant[] = [
  [
    'lstm, projected, with peepholes and residuals',
    [lstm({ units, layers: 3, projection: 9, peepholes: true, residual: true, dropout: 0.3, recurrentDropout: 0.2 })],
  ],
  [
    'lstm, coupled gates, clipped, with peepholes and zoneout',
    [lstm({ units, coupledGates: true, peepholes: true, cellClip: 0.2, zoneout: { hidden: 0.2, cell: 0.4 } })],
  ],
  [
    'lstm, normalized, projected, with dropped weights',
    [lstm({ units, layers: 2, layerNormalization: true, projection: 10, weightDropout: 0.4, biases: 'one' })],
  ],
  [
    'lstm, coupled gates, normalized, with other activations and penalties',
    [
      lstm({
        units,
        coupledGates: true,
        layerNormalization: { epsilon: 1e-3 },
        gateActivation: 'hardSigmoid',
        outputActivation: 'identity',
        inputDropout: 0.3,
        activationPenalty: 0.5,
        temporalPenalty: 0.5,
      }),
    ],
  ],
  [
    'gru, normalized, with zoneout and dropped inputs',
    [gru({ units, layers: 2, layerNormalization: true, zoneout: 0.3, inputDropout: 0.3 })],
  ],
  [
    'gru, reset before, with dropped states, residuals and no biases',
    [gru({ units, layers: 3, resetAfter: false, recurrentDropout: 0.4, zoneout: 0.1, residual: true, biases: 'none' })],
  ],
  [
    'rnn, normalized, with all dropouts',
    [
      rnn({ units, layers: 2, layerNormalization: true, dropout: 0.2, recurrentDropout: 0.2, weightDropout: 0.2 }),
      dropout({ rate: 0.2, perSequence: true }),
    ],
  ],
  [
    'rnn of relu before a normalized gru',
    [
      rnn({ units: 12, activation: 'relu', zoneout: 0.5 }),
      layerNormalization(),
      penalty({ activation: 0.1, temporal: 0.2 }),
      gru({ units, weightDropout: 0.5 }),
    ],
  ],
];

/** Networks that read in reverse or both ways, with one output per step. */
const STEPS_BOTH_WAYS: readonly Variant[] = [
  [
    'lstm both ways, projected, with zoneout',
    [lstm({ units, layers: 2, direction: 'bidirectional', projection: 5, zoneout: 0.2, dropout: 0.2 })],
  ],
  [
    'lstm both ways, coupled gates, with peepholes, normalized, summed',
    [
      lstm({
        units,
        direction: 'bidirectional',
        merge: 'sum',
        coupledGates: true,
        peepholes: true,
        layerNormalization: true,
        weightDropout: 0.3,
      }),
    ],
  ],
  [
    'gru both ways, summed, with residuals and dropped inputs',
    [gru({ units, layers: 3, direction: 'bidirectional', merge: 'sum', residual: true, inputDropout: 0.3 })],
  ],
  [
    'gru in reverse, reset before, behind an rnn both ways',
    [
      rnn({ units: 7, direction: 'bidirectional', layerNormalization: true, recurrentDropout: 0.3 }),
      gru({ units, direction: 'reverse', resetAfter: false, zoneout: 0.2, biases: 'one' }),
    ],
  ],
];

/** Networks with one output per sequence. */
const SEQUENCES: readonly Variant[] = [
  [
    'lstm both ways, the last of both',
    [lstm({ units, layers: 2, direction: 'bidirectional', output: 'last', recurrentDropout: 0.3, cellClip: 1 })],
  ],
  [
    'gru both ways, the maximum over time',
    [gru({ units, direction: 'bidirectional', weightDropout: 0.3, temporalPenalty: 0.3 }), pool({ over: 'max' })],
  ],
  [
    'rnn in reverse, the mean over time',
    [rnn({ units, layers: 2, direction: 'reverse', zoneout: 0.2, residual: true }), pool({ over: 'mean' })],
  ],
  [
    'gru both ways, attention over time',
    [gru({ units, direction: 'bidirectional', recurrentDropout: 0.2 }), pool({ over: 'attention', units: 11 })],
  ],
];

/** Networks that cannot be read step by step. */
export const LOOKING_AHEAD: readonly Variant[] = [...STEPS_BOTH_WAYS, ...SEQUENCES];

/** All of them. */
export const VARIANTS: readonly Variant[] = [...CAUSAL, ...LOOKING_AHEAD];

/** A compiled model of these layers and an affine one. */
export function variantModel(layers: readonly AnyLayer[], { threads = 1, seed = 5 } = {}): Model {
  const network = sequential([...layers, dense({ units: OUTPUTS })], { features: FEATURES });
  const optimizer = adam({ learningRate: 0.01 });
  return network.compileSync({ loss: 'meanSquaredError', optimizer, threads, seed, initializer: 'pytorch' });
}

/** Random sequences of these lengths, one after the other. */
export function randomSequences(lengths: readonly number[], seed = 1): Float32Array[] {
  return lengths.map((length, index) => randomNumbers(length * FEATURES, 100 * seed + index));
}

/** A packed batch of random sequences with random targets, as the model wants them. */
export function variantBatch(model: Model, lengths: readonly number[], seed = 1): PackedBatch {
  const sequences = randomSequences(lengths, seed);
  const shape = { features: FEATURES, targetFeatures: OUTPUTS };
  if (model.outputPer === 'sequence') {
    return packSequences(sequences, { ...shape, sequenceTargets: randomNumbers(lengths.length * OUTPUTS, seed) });
  }
  const targets = lengths.map((length, index) => randomNumbers(length * OUTPUTS, 1000 * seed + index));
  return packSequences(sequences, { ...shape, targets });
}

/** The outputs of a batch, sequence by sequence in the order of the batch. */
export function outputsOf(model: Model, batch: Batch): number[][] {
  const outputs = model.predictPackedSync(batch);
  const rows: number[][] = Array.from({ length: batch.batchSizes[0] as number }, () => []);
  let row = 0;
  for (const alive of model.outputPer === 'step' ? batch.batchSizes : [rows.length]) {
    for (let place = 0; place < alive; place++, row++) {
      rows[place]?.push(...outputs.subarray(row * OUTPUTS, (row + 1) * OUTPUTS));
    }
  }
  return rows;
}

/** The same layers without what is random while they are trained, but for zoneout, which has its expectation elsewhere. */
export function withoutDropout(layers: readonly AnyLayer[]): AnyLayer[] {
  const none = { dropout: 0, inputDropout: 0, recurrentDropout: 0, weightDropout: 0, rate: 0 };
  return layers.map((layer) => {
    const rates = Object.entries(none).filter(([name]) => name in layer);
    return { ...layer, ...Object.fromEntries(rates) } as AnyLayer;
  });
}
