/**
 * Random networks for ONNX files, as a function of a seed: every layer, with few and with many of its options. The scripts that write the files
 * and the tests have the library from different places, so it is handed in.
 */

/** The library: what `bptt` and `bptt/operations` export. Set by `networksOf`. */
let lib;
let ops;
/** Layers of the library by their names, read when they are called. */
const layer = (name) => (options) => (lib[name] ?? ops[name])(options);
const [embedding, rnn, lstm, gru, dense] = ['embedding', 'rnn', 'lstm', 'gru', 'dense'].map(layer);
const [activation, conv1d, columnConvolution, pool] = ['activation', 'conv1d', 'columnConvolution', 'pool'].map(layer);
const [layerNormalization, batchNormalization, dropout] = ['layerNormalization', 'batchNormalization', 'dropout'].map(
  layer,
);
const [attention, concatenate, add] = ['attention', 'concatenate', 'add'].map(layer);
const [multiply, average] = ['multiply', 'average'].map(layer);
const operation = (name, options) => ops.operation(name, options);
const cells = { rnn, lstm, gru };

/** A small generator of random numbers (mulberry32). */
function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    chance: (p) => next() < p,
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    one: (list) => list[Math.floor(next() * list.length)],
    real: () => Math.fround(next() * 2 - 1),
  };
}

const ACTIVATIONS = ['tanh', 'relu', 'sigmoid', 'identity', 'hardSigmoid', 'hardSigmoid02'];

/** Options of a recurrent layer, of which a part is left at its default. */
function recurrentOptions(random, kind, { streams = false } = {}) {
  // Half of the cells have few options: those that are one operator of ONNX.
  const share = random.chance(0.5) ? 1 : 0.4;
  const maybe = (p, value) => (random.chance(p * share) ? value : undefined);
  const options = {
    units: random.whole(1, 7),
    layers: maybe(0.3, random.whole(2, 3)),
    direction: streams ? undefined : maybe(0.5, random.one(['reverse', 'bidirectional', 'bidirectional'])),
    merge: maybe(0.3, 'sum'),
    biases: maybe(0.5, random.one(['none', 'one', 'two'])),
    output: streams ? undefined : maybe(0.25, 'last'),
    zoneout: maybe(0.2, 0.3),
    layerNormalization: maybe(0.2, true),
    activation: maybe(0.4, random.one(ACTIVATIONS)),
    dropout: maybe(0.2, 0.5),
  };
  if (kind !== 'rnn') options.gateActivation = maybe(0.3, random.one(['sigmoid', 'hardSigmoid', 'hardSigmoid02']));
  if (kind === 'gru') {
    options.resetAfter = maybe(0.4, false);
    if (options.resetAfter === false) delete options.layerNormalization;
  }
  if (kind === 'lstm') {
    options.outputActivation = maybe(0.3, random.one(ACTIVATIONS));
    options.projection = maybe(0.2, random.whole(1, 6));
    options.peepholes = maybe(0.3, true);
    options.coupledGates = maybe(0.3, true);
    options.cellClip = maybe(0.2, 0.4);
    if (random.chance(0.2)) options.zoneout = { hidden: 0.2, cell: 0.1 };
  }
  // States of units without bounds would grow with every step.
  if (['relu', 'identity'].includes(options.activation) && kind !== 'rnn') options.units = Math.min(options.units, 3);
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function recurrent(random, choice) {
  const kind = random.one(['rnn', 'lstm', 'gru']);
  return cells[kind](recurrentOptions(random, kind, choice));
}

/** A network node by node, with the width of what was made last. */
class Maker {
  inputs = {};
  nodes = [];
  outputs = {};
  own = { recurrence: recurrenceOf(), functions: functionsOf() };
  node(name, layer, ...inputs) {
    this.nodes.push({ name, layer, inputs });
    return name;
  }
  features(name, units, place = {}) {
    this.inputs[name] = { kind: 'features', units, ...place };
    return name;
  }
  ids(name, size, units, place = {}) {
    this.inputs[name] = { kind: 'indices', size, ...place };
    return this.node(`embed_${name}`, embedding({ size, units }), name);
  }
  finish(output) {
    const outputs = { ...this.outputs };
    if (output !== undefined && Object.keys(outputs).length === 0)
      return { network: lib.network({ inputs: this.inputs, nodes: this.nodes, output }) };
    if (output !== undefined) outputs.main = output;
    return { network: lib.network({ inputs: this.inputs, nodes: this.nodes, outputs }) };
  }
}

const recurrenceOf = () =>
  lib.defineLayer({
    name: 'ownRecurrence',
    options: {},
    build([x], { parameter, initialState, finalState, constant }) {
      const weights = parameter('weights', [x.columns, x.columns]);
      const initial = initialState('y', x.columns);
      const masked = ops.multiply(weights, constant([0.5]));
      const { output, final } = ops.recurrence(ops.add(x, 0.25), masked, { activation: 'tanh', initial });
      finalState('y', final);
      return ops.concatenate(output, ops.multiply(x, initial));
    },
  });

const functionsOf = () =>
  lib.defineLayer({
    name: 'ownFunctions',
    options: {},
    build([x], { parameter, apply, constant }) {
      const row = parameter('row', [x.columns]);
      const matrix = parameter('matrix', [3, x.columns]);
      const positive = ops.add(ops.exp(ops.scale(x, 0.5)), 0.5);
      const centred = ops.subtract(x, ops.meanOverTime(x));
      const ratio = ops.divide(centred, ops.sqrt(positive));
      const bounded = ops.maximum(ops.minimum(ratio, row), -1);
      const scores = ops.softmax(ops.linear(ops.log(positive), matrix));
      const most = ops.add(ops.repeatOverTime(ops.maxOverTime(x)), ops.repeatOverTime(ops.firstStep(x)));
      const inverse = ops.divide(1, positive);
      const shares = ops.multiply(x, ops.sumOverColumns(ops.power(x, 2)));
      const means = ops.subtract(shares, ops.meanOverColumns(shares));
      const steps = apply(
        gru({ units: 2 }),
        ops.slice(ops.concatenate(bounded, scores, most), 1, x.columns + 2),
        'inner',
      );
      const all = ops.add(ops.multiply(ops.meanOverRows(x), 0.5), ops.sumOverRows(constant([0.1, 0.2, 0.3], [3, 1])));
      const penalties = ops.add(ops.meanSquare(x), ops.temporalDifference(x));
      return ops.add(
        ops.concatenate(steps, inverse, means, ops.sign(ops.abs(x)), ops.layerNormalization(x)),
        ops.add(ops.sumOverColumns(ops.multiply(all, 0.1)), penalties),
      );
    },
  });

/** One recurrent layer. */
function cell(random) {
  const maker = new Maker();
  const options = recurrentOptions(random, 'lstm');
  const kinds = {
    lstm: lstm({
      ...options,
      ...random.one([{ coupledGates: true }, { peepholes: true }, { coupledGates: true, peepholes: true }]),
    }),
    gru: gru(recurrentOptions(random, 'gru')),
    rnn: rnn(recurrentOptions(random, 'rnn')),
  };
  return maker.finish(
    maker.node('cell', kinds[random.one(['lstm', 'lstm', 'gru', 'rnn'])], maker.features('x', random.whole(1, 5))),
  );
}

/** Layers one after the other. */
function chain(random) {
  const maker = new Maker();
  let at = random.chance(0.4) ? maker.ids('ids', 9, random.whole(1, 5)) : maker.features('x', random.whole(1, 5));
  let isPooled = false;
  const count = random.whole(1, 5);
  for (let index = 0; index < count; index++) {
    const name = `n${index}`;
    const kinds = [
      'recurrent',
      'recurrent',
      'dense',
      'activation',
      'norm',
      'batchNorm',
      'conv',
      'conv',
      'own',
      'functions',
      'dropout',
      'operation',
      'columns',
    ];
    const kind = random.one(isPooled ? ['dense', 'activation', 'norm', 'batchNorm', 'operation', 'columns'] : kinds);
    if (kind === 'recurrent') {
      const layer = recurrent(random);
      at = maker.node(name, layer, at);
      isPooled = layer.output === 'last';
    } else if (kind === 'dense')
      at = maker.node(name, dense({ units: random.whole(1, 5), bias: random.chance(0.7) }), at);
    else if (kind === 'activation')
      at = maker.node(name, activation(random.one(['tanh', 'sigmoid', 'relu', 'softmax', 'logSoftmax'])), at);
    else if (kind === 'norm') at = maker.node(name, layerNormalization(), at);
    else if (kind === 'batchNorm') at = maker.node(name, batchNormalization({ affine: random.chance(0.6) }), at);
    else if (kind === 'conv') {
      const options = { units: random.whole(1, 4), kernelSize: random.whole(1, 4), groups: random.one([1, 1, 2]) };
      if (random.chance(0.5)) options.stride = random.whole(1, 3);
      if (random.chance(0.3)) options.dilation = 2;
      options.padding = random.one(['valid', 'same', 'same', 'causal', [random.whole(0, 3), random.whole(0, 3)]]);
      options.bias = random.chance(0.7);
      at = maker.node(name, conv1d(options), at);
    } else if (kind === 'own') at = maker.node(name, maker.own.recurrence(), at);
    else if (kind === 'functions') at = maker.node(name, maker.own.functions(), at);
    else if (kind === 'columns') {
      const groups = random.one([1, 1, 2]);
      const options = {
        units: 2,
        channels: groups,
        kernelSize: random.whole(1, 2),
        stride: random.whole(1, 2),
        dilation: random.whole(1, 2),
        groups,
      };
      at = maker.node(
        name,
        columnConvolution({ ...options, ...(random.chance(0.5) && { padding: [random.whole(0, 2), 1] }) }),
        at,
      );
    } else if (kind === 'dropout') at = maker.node(name, dropout({ rate: 0.5 }), at);
    else
      at = maker.node(
        name,
        random.one([
          operation('subtract', { number: 1, isFirst: true }),
          operation('abs'),
          operation('divide', { number: 2 }),
          operation('sumOverColumns'),
          operation('minOverColumns'),
          operation('elu', { alpha: 0.7 }),
          operation('leakyRelu'),
          operation(random.one(['softplus', 'erf', 'sin', 'cos', 'gelu', 'selu'])),
          operation('permuteColumns', { order: [0, -1, 0] }),
          operation('tanh'),
        ]),
        at,
      );
  }
  if (!isPooled && random.chance(0.5)) {
    const over = random.one(['last', 'max', 'mean', 'attention']);
    at = maker.node('pooled', pool({ over }), at);
    maker.node('classes', dense({ units: 3 }), at);
    at = 'classes';
  }
  return maker.finish(at);
}

/** Several inputs, joined; initial states that the network gives; several outputs. */
function joined(random) {
  const maker = new Maker();
  const x = maker.features('x', random.whole(1, 4));
  const who = maker.ids('who', 4, random.whole(1, 3), { per: 'sequence' });
  const kind = random.one(['rnn', 'lstm', 'gru']);
  const units = random.whole(2, 5);
  const direction = random.one(['forward', 'reverse', 'bidirectional']);
  const { output: _, layers: __, ...own } = recurrentOptions(random, kind);
  const layer = cells[kind]({ ...own, units, direction });
  maker.features('begin', layer.projection ?? units, { per: 'sequence' });
  const suffixes = direction === 'bidirectional' ? ['', '_reverse'] : direction === 'reverse' ? ['_reverse'] : [''];
  maker.node('both', concatenate(), x, who);
  const states = Object.fromEntries(suffixes.map((suffix) => [`h_l0${suffix}`, 'begin']));
  if (kind === 'lstm') {
    maker.features('cell', units, { per: 'sequence' });
    for (const suffix of suffixes) states[`c_l0${suffix}`] = 'cell';
  }
  maker.nodes.push({ name: 'rnn', layer, inputs: ['both'], states });
  maker.node('left', dense({ units: 3 }), 'rnn');
  maker.node('right', dense({ units: 3 }), 'both');
  maker.node('sum', random.one([add(), multiply(), average()]), 'left', 'right');
  maker.node('end', pool({ over: random.one(['max', 'mean', 'last']) }), 'sum');
  maker.node('mixed', concatenate(), 'end', 'begin');
  for (const suffix of suffixes) {
    maker.node(`state${suffix}`, operation('identity'), `rnn.h_l0${suffix}`);
    maker.outputs[`state${suffix}`] = `state${suffix}`;
  }
  maker.outputs.steps = 'sum';
  maker.outputs.whole = 'mixed';
  return maker.finish();
}

/** A source and a target axis, with attention or a carried state. */
function translation(random) {
  const maker = new Maker();
  const source = random.chance(0.5)
    ? maker.ids('source', 7, 3, { axis: 'source' })
    : maker.features('source', 3, { axis: 'source' });
  const target = maker.ids('previous', 6, random.whole(2, 4));
  const units = random.whole(2, 5);
  const convolved = random.chance(0.4)
    ? maker.node(
        'fewer',
        conv1d({ units: 4, kernelSize: 2, stride: 2, padding: random.one(['same', 'valid', 'causal']) }),
        source,
      )
    : source;
  const kind = random.one(['gru', 'lstm', 'rnn']);
  maker.node('encoder', cells[kind]({ units, ...(random.chance(0.3) && { direction: 'reverse' }) }), convolved);
  const suffix = maker.nodes.at(-1).layer.direction === 'reverse' ? '_l0_reverse' : '_l0';
  const states = random.chance(0.7)
    ? { h_l0: `encoder.h${suffix}`, ...(kind === 'lstm' && { c_l0: `encoder.c${suffix}` }) }
    : undefined;
  maker.nodes.push({
    name: 'decoder',
    layer: cells[kind]({ units, ...(random.chance(0.3) && { zoneout: 0.2 }) }),
    inputs: [target],
    ...(states && { states }),
  });
  const score = random.one(['dot', 'general', 'additive']);
  const options = score === 'additive' ? { score, units: 3 } : { score, ...(random.chance(0.5) && { scale: 0.5 }) };
  maker.node('context', attention(options), 'decoder', 'encoder');
  maker.node('joined', concatenate(), 'decoder', 'context');
  if (random.chance(0.4)) {
    maker.node('of_source', pool({ over: 'mean' }), 'encoder');
    maker.node('joined2', concatenate(), 'joined', 'of_source');
    maker.node('words', dense({ units: 6 }), 'joined2');
  } else maker.node('words', dense({ units: 6 }), 'joined');
  return maker.finish('words');
}

/** What can be read step by step. */
function streaming(random) {
  const maker = new Maker();
  let at = random.chance(0.4) ? maker.ids('ids', 9, random.whole(1, 5)) : maker.features('x', random.whole(1, 5));
  for (let index = 0; index < random.whole(1, 3); index++) {
    const kind = random.one(['recurrent', 'recurrent', 'conv', 'own', 'dense']);
    const name = `s${index}`;
    if (kind === 'recurrent') at = maker.node(name, recurrent(random, { streams: true }), at);
    else if (kind === 'conv')
      at = maker.node(
        name,
        conv1d({ units: 3, kernelSize: random.whole(1, 3), dilation: random.whole(1, 2), padding: 'causal' }),
        at,
      );
    else if (kind === 'own') at = maker.node(name, maker.own.recurrence(), at);
    else at = maker.node(name, dense({ units: 3 }), at);
  }
  at = maker.node('head', dense({ units: 2 }), at);
  return maker.finish(at);
}

const makers = [cell, cell, chain, chain, chain, joined, translation, streaming];

/** Codes of errors of networks whose layers do not fit together: such a seed has no network. */
const MISFITS = ['invalid_option', 'shape_mismatch', 'rank_mismatch'];

/** Buffers as a training would leave them, and parameters that are not those of the first values. */
function fill(random, model) {
  for (const { name, data } of model.buffers.values()) {
    for (const at of data.keys()) data[at] = name.endsWith('var') ? 0.3 + random.next() : random.real();
  }
  for (const { data } of model.parameters.values()) {
    if (random.chance(0.3)) for (const at of data.keys()) data[at] += 0.2 * random.real();
  }
  model.parametersChanged();
}

function settingsOf(random, kind, model) {
  const hasStates = kind === 'streaming' && model.newState(1).values.size > 0;
  const isStep = hasStates && random.chance(0.5);
  return {
    opset: random.one([17, 17, 18, 19, 20, 21, 22, 23, 24, 25]),
    ...(!isStep && random.chance(0.5) && { batchFirst: true }),
    ...(!isStep && random.chance(0.2) && { lengths: false }),
    ...(random.chance(0.2) && { externalData: true }),
    ...(isStep ? { stateful: true } : hasStates && { states: true }),
  };
}

/**
 * The network of a seed as a compiled model, with the options of its export; undefined where the seed has none.
 *
 * @param library what `bptt` exports
 * @param operations what `bptt/operations` exports
 */
export async function caseOf(library, operations, seed) {
  [lib, ops] = [library, operations];
  const random = randomFrom(seed * 7919);
  const maker = random.one(makers);
  try {
    const { network } = maker(random);
    const { outputs } = network.description;
    const named = outputs && Object.fromEntries(Object.keys(outputs).map((name) => [name, 'meanSquaredError']));
    const loss = named === undefined ? { loss: 'meanSquaredError' } : { losses: named };
    const model = await network.compile({ ...loss, seed, initializer: 'uniform:0.6' });
    fill(random, model);
    return { kind: maker.name, random, network, model, settings: settingsOf(random, maker.name, model) };
  } catch (error) {
    if (!MISFITS.includes(error.code)) throw error;
    return undefined;
  }
}
