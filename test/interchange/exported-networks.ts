/** Networks that are written as modules of PyTorch, of all layers and many of their variants. */
import {
  activation,
  add,
  attention,
  average,
  batchNormalization,
  concatenate,
  conv1d,
  dense,
  dropout,
  embedding,
  gru,
  layerNormalization,
  lstm,
  multiply,
  type Network,
  network,
  penalty,
  pool,
  rnn,
  sequential,
  sum,
} from '../../src/index.js';
import { columnConvolution } from '../../src/network/layers/column-convolution.js';
import { operation } from '../../src/network/layers/operation.js';

const features = { features: 3 };

/** An encoder-decoder whose decoder begins with states of the encoder. */
function pair(score: 'dot' | 'general' | 'additive', cell: 'gru' | 'lstm'): Network {
  const layer = { gru, lstm }[cell]({ units: 4 });
  const states = cell === 'lstm' ? { h_l0: 'bridge', c_l0: 'encoder.c_l0' } : { h_l0: 'bridge' };
  return network({
    inputs: { source: { kind: 'indices', size: 9, axis: 'source' }, previous: { kind: 'indices', size: 7 } },
    nodes: [
      { name: 'words', layer: embedding({ size: 9, units: 3 }), inputs: ['source'] },
      { name: 'encoder', layer, inputs: ['words'] },
      { name: 'bridge', layer: dense({ units: 4 }), inputs: ['encoder.h_l0'] },
      { name: 'symbols', layer: embedding({ size: 7, units: 3 }), inputs: ['previous'] },
      { name: 'decoder', layer, inputs: ['symbols'], states },
      {
        name: 'context',
        layer: attention(score === 'additive' ? { score, units: 5 } : { score, scale: 0.5 }),
        inputs: ['decoder', 'encoder'],
      },
      { name: 'joined', layer: concatenate(), inputs: ['decoder', 'context', 'encoder.h_l0'] },
      { name: 'dense', layer: dense({ units: 7 }), inputs: ['joined'] },
    ],
    output: 'dense',
  });
}

/** Functions as layers, several outputs, an input of sequences, and names that Python cannot have. */
const functions = network({
  inputs: { 'x y': { kind: 'features', units: 4 }, speaker: { kind: 'features', units: 2, per: 'sequence' } },
  nodes: [
    { name: 'class', layer: gru({ units: 4 }), inputs: ['x y'] },
    { name: '2nd', layer: dense({ units: 2 }), inputs: ['class'] },
    { name: 'inverse', layer: operation('subtract', { number: 1, isFirst: true }), inputs: ['2nd'] },
    { name: 'scaled', layer: operation('multiply', { row: 2 }), inputs: ['inverse'] },
    { name: 'with speaker', layer: operation('add'), inputs: ['scaled', 'speaker'] },
    { name: 'capped', layer: operation('minimum', { number: 0.5 }), inputs: ['with speaker'] },
    { name: 'larger', layer: operation('maximum'), inputs: ['speaker', 'capped'] },
    { name: 'part', layer: operation('slice', { begin: 1, end: 3 }), inputs: ['class'] },
    { name: 'order', layer: operation('permuteColumns', { order: [1, 0, 1] }), inputs: ['part'] },
    { name: 'square', layer: operation('power', { number: 2 }), inputs: ['order'] },
    { name: 'total', layer: operation('sumOverColumns'), inputs: ['square'] },
    { name: 'joined', layer: concatenate(), inputs: ['larger', 'total', 'speaker'] },
    { name: 'grown', layer: operation('exp'), inputs: ['joined'] },
    { name: 'log', layer: operation('log'), inputs: ['grown'] },
    { name: 'mean', layer: operation('meanOverTime'), inputs: ['log'] },
    { name: 'spread', layer: operation('repeatOverTime'), inputs: ['mean'] },
    { name: 'relu', layer: operation('relu'), inputs: ['spread'] },
    { name: 'product', layer: multiply(), inputs: ['relu', 'joined'] },
    { name: 'middle', layer: average(), inputs: ['product', 'spread'] },
    { name: 'shares', layer: operation('softmax'), inputs: ['middle'] },
  ],
  outputs: { steps: 'shares', sequence: 'mean' },
});

/** By the names of their goldens. */
export const exportedNetworks: Readonly<Record<string, Network>> = {
  chain: sequential([
    embedding({ size: 11, units: 5 }),
    lstm({ units: 4, layers: 2, direction: 'bidirectional', dropout: 0.5 }),
    layerNormalization({ epsilon: 1e-3 }),
    activation('tanh'),
    dropout({ rate: 0.2 }),
    dense({ units: 3 }),
  ]),
  tied: sequential([
    embedding({ size: 7, units: 4 }),
    gru({ units: 4, biases: 'one' }),
    dense({ units: 7, tied: 'embedding' }),
  ]),
  last: sequential(
    [
      gru({ units: 4, layers: 2, direction: 'bidirectional', output: 'last', biases: 'none' }),
      dense({ units: 2, bias: false }),
    ],
    features,
  ),
  projected: sequential(
    [lstm({ units: 5, projection: 2, layers: 2, biases: 'one' }), rnn({ units: 3, activation: 'relu' })],
    features,
  ),
  peepholes: sequential(
    [lstm({ units: 4, layers: 2, peepholes: true, zoneout: { hidden: 0.1, cell: 0.3 }, cellClip: 0.3, projection: 3 })],
    features,
  ),
  coupled: sequential(
    [
      lstm({
        units: 4,
        coupledGates: true,
        peepholes: true,
        layerNormalization: true,
        direction: 'reverse',
        biases: 'one',
      }),
    ],
    features,
  ),
  normalized: sequential(
    [
      lstm({
        units: 4,
        layerNormalization: { epsilon: 1e-3 },
        gateActivation: 'hardSigmoid',
        outputActivation: 'identity',
      }),
      rnn({ units: 3, layerNormalization: true, zoneout: 0.2 }),
      gru({ units: 3, layerNormalization: true, biases: 'none' }),
    ],
    features,
  ),
  residual: sequential(
    [
      gru({ units: 4, layers: 3, residual: true, direction: 'bidirectional', merge: 'sum' }),
      lstm({ units: 4, layers: 2, residual: true, output: 'last' }),
      dense({ units: 2 }),
      activation('softmax'),
    ],
    features,
  ),
  'reset-before': sequential(
    [
      gru({
        units: 4,
        resetAfter: false,
        gateActivation: 'hardSigmoid02',
        activation: 'relu',
        direction: 'bidirectional',
      }),
      gru({ units: 3, resetAfter: false, biases: 'none', recurrentDropout: 0.1, output: 'last', direction: 'reverse' }),
    ],
    features,
  ),
  convolutions: sequential(
    [
      conv1d({ units: 6, kernelSize: 2, stride: 1, padding: 'causal', dilation: 2, groups: 3 }),
      conv1d({ units: 4, kernelSize: 4, padding: 'same', bias: false }),
      activation('relu'),
      conv1d({ units: 4, kernelSize: 3, padding: 'same', stride: 2 }),
      conv1d({ units: 4, kernelSize: 2, stride: 2 }),
      gru({ units: 3 }),
      pool({ over: 'max' }),
    ],
    features,
  ),
  windows: network({
    inputs: { input: { kind: 'features', units: 8 } },
    nodes: [
      {
        name: 'columns',
        layer: columnConvolution({ units: 4, channels: 2, kernelSize: 2, stride: 2, groups: 2, padding: [1, 0] }),
        inputs: ['input'],
      },
      { name: 'wide', layer: conv1d({ units: 3, kernelSize: 2, padding: [1, 2], stride: 2 }), inputs: ['columns'] },
      { name: 'early', layer: conv1d({ units: 3, kernelSize: 3, padding: [2, 0] }), inputs: ['wide'] },
      { name: 'elu', layer: operation('elu', { alpha: 0.5 }), inputs: ['early'] },
      { name: 'leaky', layer: operation('leakyRelu'), inputs: ['elu'] },
      { name: 'gelu', layer: operation('gelu'), inputs: ['leaky'] },
      { name: 'selu', layer: operation('selu'), inputs: ['gelu'] },
      { name: 'softplus', layer: operation('softplus'), inputs: ['selu'] },
      { name: 'sin', layer: operation('sin'), inputs: ['softplus'] },
      { name: 'cos', layer: operation('cos'), inputs: ['sin'] },
      { name: 'erf', layer: operation('erf'), inputs: ['cos'] },
      { name: 'order', layer: operation('permuteColumns', { order: [2, -1, 0] }), inputs: ['early'] },
      { name: 'largest', layer: operation('maxOverColumns'), inputs: ['order'] },
      { name: 'smallest', layer: operation('minOverColumns'), inputs: ['order'] },
      { name: 'first', layer: operation('firstStep'), inputs: ['early'] },
      { name: 'joined', layer: concatenate(), inputs: ['erf', 'order', 'largest', 'smallest', 'first'] },
      { name: 'log', layer: operation('logSoftmax'), inputs: ['joined'] },
      { name: 'logs', layer: activation('logSoftmax'), inputs: ['log'] },
    ],
    output: 'logs',
  }),
  elementwise: network({
    inputs: { input: { kind: 'features', units: 4 } },
    nodes: [
      { name: 'gru', layer: gru({ units: 4 }), inputs: ['input'] },
      { name: 'abs', layer: operation('abs'), inputs: ['gru'] },
      { name: 'sqrt', layer: operation('sqrt'), inputs: ['abs'] },
      { name: 'negate', layer: operation('negate'), inputs: ['gru'] },
      { name: 'sigmoid', layer: operation('sigmoid'), inputs: ['negate'] },
      { name: 'tanh', layer: operation('tanh'), inputs: ['sigmoid'] },
      { name: 'sign', layer: operation('sign'), inputs: ['gru'] },
      { name: 'same', layer: operation('identity'), inputs: ['sign'] },
      { name: 'halves', layer: operation('divide', { number: 2 }), inputs: ['same'] },
      { name: 'mean', layer: operation('meanOverColumns'), inputs: ['tanh'] },
      { name: 'last', layer: operation('lastStep'), inputs: ['sqrt'] },
      { name: 'most', layer: operation('maxOverTime'), inputs: ['sqrt'] },
      { name: 'all', layer: operation('sumOverTime'), inputs: ['halves'] },
      { name: 'quotient', layer: operation('divide'), inputs: ['last', 'most'] },
      { name: 'joined', layer: operation('concatenate'), inputs: ['quotient', 'all'] },
      { name: 'apart', layer: operation('subtract'), inputs: ['quotient', 'sqrt'] },
      { name: 'shares', layer: operation('multiply'), inputs: ['apart', 'mean'] },
      { name: 'sum', layer: sum(), inputs: ['apart', 'halves'] },
      { name: 'pooled', layer: pool({ over: 'mean' }), inputs: ['sum'] },
      { name: 'rest', layer: operation('meanOverTime'), inputs: ['shares'] },
      { name: 'result', layer: concatenate(), inputs: ['pooled', 'joined', 'rest'] },
    ],
    output: 'result',
  }),
  limited: sequential(
    [
      lstm({
        ...{ units: 4, inputClip: 0.5, peepholes: true, direction: 'bidirectional', merge: 'sum' },
        ...{ gateActivation: { name: 'hardSigmoid', alpha: 0.3, beta: 0.4 }, activation: 'softsign' },
        outputActivation: { name: 'scaledTanh', alpha: 1.5, beta: 0.7 },
      }),
      gru({ units: 4, inputClip: 0.75, activation: { name: 'elu', alpha: 0.5 } }),
      gru({ units: 3, inputClip: 0.25, resetAfter: false, gateActivation: { name: 'affine', alpha: 0.4, beta: 0.5 } }),
      rnn({ units: 4, inputClip: 1, layerNormalization: true, activation: { name: 'thresholdedRelu', alpha: 0.1 } }),
      rnn({ units: 4, activation: { name: 'leakyRelu', alpha: 0.2 }, direction: 'reverse' }),
      lstm({ units: 3, coupledGates: true, activation: 'softplus', output: 'last' }),
    ],
    features,
  ),
  statistics: sequential(
    [
      batchNormalization(),
      rnn({ units: 4 }),
      dropout({ rate: 0.5, perSequence: true }),
      batchNormalization({ momentum: null, affine: false, epsilon: 1e-2 }),
      penalty({ activation: 0.1 }),
      pool({ over: 'mean' }),
      batchNormalization({ momentum: 0.2 }),
    ],
    features,
  ),
  pooled: network({
    inputs: { input: { kind: 'features', units: 3 } },
    nodes: [
      { name: 'rnn', layer: rnn({ units: 4, direction: 'bidirectional' }), inputs: ['input'] },
      { name: 'attended', layer: pool({ over: 'attention', units: 5 }), inputs: ['rnn'] },
      { name: 'last', layer: pool({ over: 'last' }), inputs: ['rnn'] },
      { name: 'both', layer: add(), inputs: ['attended', 'last'] },
      { name: 'dense', layer: dense({ units: 2 }), inputs: ['both'] },
    ],
    output: 'dense',
  }),
  functions,
  'pair-dot': pair('dot', 'gru'),
  'pair-general': pair('general', 'lstm'),
  'pair-additive': pair('additive', 'gru'),
};
