/**
 * Exports random networks as ONNX files, each with inputs and with what the library predicts for them; check_onnx_exports.py compares.
 *
 *   npm run build:ts && node test/golden/make_onnx_exports.mjs FOLDER [COUNT] [SEED] && python test/golden/check_onnx_exports.py FOLDER
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const compiled = path.join(import.meta.dirname, '..', '..', 'build', 'typescript');
const load = (file) => import(pathToFileURL(path.join(compiled, file)).href);
const bptt = await load('index.js');
const ops = await load('entries/operations.js');
const { exportOnnx } = await load('interchange/export-onnx/export-onnx.js');
const { packExamples } = bptt;
const { network, embedding, rnn, lstm, gru, dense, activation, layerNormalization, batchNormalization, conv1d, pool } = bptt;
const { attention, concatenate, add, multiply, average, defineLayer, dropout } = bptt;
const { operation } = await load('network/layers/operation.js');

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

const cells = { rnn, lstm, gru };
function recurrent(random, choice) {
  const kind = random.one(['rnn', 'lstm', 'gru']);
  return cells[kind](recurrentOptions(random, kind, choice));
}

/** A network node by node, with the width of what was made last. */
class Maker {
  inputs = {};
  nodes = [];
  outputs = {};
  constructor(random) {
    this.random = random;
  }
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
    if (output !== undefined && Object.keys(outputs).length === 0) return { network: network({ inputs: this.inputs, nodes: this.nodes, output }) };
    if (output !== undefined) outputs.main = output;
    return { network: network({ inputs: this.inputs, nodes: this.nodes, outputs }) };
  }
}

const recurrence = defineLayer({
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

const functions = defineLayer({
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
    const most = ops.repeatOverTime(ops.maxOverTime(x));
    const inverse = ops.divide(1, positive);
    const shares = ops.multiply(x, ops.sumOverColumns(ops.power(x, 2)));
    const means = ops.subtract(shares, ops.meanOverColumns(shares));
    const steps = apply(gru({ units: 2 }), ops.slice(ops.concatenate(bounded, scores, most), 1, x.columns + 2), 'inner');
    const all = ops.add(ops.multiply(ops.meanOverRows(x), 0.5), ops.sumOverRows(constant([0.1, 0.2, 0.3], [3, 1])));
    const penalties = ops.add(ops.meanSquare(x), ops.temporalDifference(x));
    return ops.add(ops.concatenate(steps, inverse, means, ops.sign(ops.abs(x)), ops.layerNormalization(x)), ops.add(ops.sumOverColumns(ops.multiply(all, 0.1)), penalties));
  },
});

/** One recurrent layer. */
function cell(random) {
  const maker = new Maker(random);
  const options = recurrentOptions(random, 'lstm');
  const kinds = { lstm: lstm({ ...options, ...random.one([{ coupledGates: true }, { peepholes: true }, { coupledGates: true, peepholes: true }]) }), gru: gru(recurrentOptions(random, 'gru')), rnn: rnn(recurrentOptions(random, 'rnn')) };
  return maker.finish(maker.node('cell', kinds[random.one(['lstm', 'lstm', 'gru', 'rnn'])], maker.features('x', random.whole(1, 5))));
}

/** Layers one after the other. */
function chain(random) {
  const maker = new Maker(random);
  let at = random.chance(0.4) ? maker.ids('ids', 9, random.whole(1, 5)) : maker.features('x', random.whole(1, 5));
  let isPooled = false;
  const count = random.whole(1, 5);
  for (let index = 0; index < count; index++) {
    const name = `n${index}`;
    const kinds = ['recurrent', 'recurrent', 'dense', 'activation', 'norm', 'batchNorm', 'conv', 'conv', 'own', 'functions', 'dropout', 'operation'];
    const kind = random.one(isPooled ? ['dense', 'activation', 'norm', 'batchNorm', 'operation'] : kinds);
    if (kind === 'recurrent') {
      const layer = recurrent(random);
      at = maker.node(name, layer, at);
      isPooled = layer.output === 'last';
    } else if (kind === 'dense') at = maker.node(name, dense({ units: random.whole(1, 5), bias: random.chance(0.7) }), at);
    else if (kind === 'activation') at = maker.node(name, activation(random.one(['tanh', 'sigmoid', 'relu', 'softmax'])), at);
    else if (kind === 'norm') at = maker.node(name, layerNormalization(), at);
    else if (kind === 'batchNorm') at = maker.node(name, batchNormalization({ affine: random.chance(0.6) }), at);
    else if (kind === 'conv') {
      const options = { units: random.whole(1, 4), kernelSize: random.whole(1, 4), groups: random.one([1, 1, 2]) };
      if (random.chance(0.5)) options.stride = random.whole(1, 3);
      if (random.chance(0.3)) options.dilation = 2;
      options.padding = random.one(['valid', 'same', 'same', 'causal']);
      options.bias = random.chance(0.7);
      at = maker.node(name, conv1d(options), at);
    } else if (kind === 'own') at = maker.node(name, recurrence(), at);
    else if (kind === 'functions') at = maker.node(name, functions(), at);
    else if (kind === 'dropout') at = maker.node(name, dropout({ rate: 0.5 }), at);
    else at = maker.node(name, random.one([operation('subtract', { number: 1, isFirst: true }), operation('abs'), operation('divide', { number: 2 }), operation('sumOverColumns'), operation('tanh')]), at);
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
  const maker = new Maker(random);
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
  const maker = new Maker(random);
  const source = random.chance(0.5) ? maker.ids('source', 7, 3, { axis: 'source' }) : maker.features('source', 3, { axis: 'source' });
  const target = maker.ids('previous', 6, random.whole(2, 4));
  const units = random.whole(2, 5);
  const convolved = random.chance(0.4) ? maker.node('fewer', conv1d({ units: 4, kernelSize: 2, stride: 2, padding: random.one(['same', 'valid', 'causal']) }), source) : source;
  const kind = random.one(['gru', 'lstm', 'rnn']);
  maker.node('encoder', cells[kind]({ units, ...(random.chance(0.3) && { direction: 'reverse' }) }), convolved);
  const suffix = maker.nodes.at(-1).layer.direction === 'reverse' ? '_l0_reverse' : '_l0';
  const states = random.chance(0.7) ? { h_l0: `encoder.h${suffix}`, ...(kind === 'lstm' && { c_l0: `encoder.c${suffix}` }) } : undefined;
  maker.nodes.push({ name: 'decoder', layer: cells[kind]({ units, ...(random.chance(0.3) && { zoneout: 0.2 }) }), inputs: [target], ...(states && { states }) });
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
  const maker = new Maker(random);
  let at = random.chance(0.4) ? maker.ids('ids', 9, random.whole(1, 5)) : maker.features('x', random.whole(1, 5));
  for (let index = 0; index < random.whole(1, 3); index++) {
    const kind = random.one(['recurrent', 'recurrent', 'conv', 'own', 'dense']);
    const name = `s${index}`;
    if (kind === 'recurrent') at = maker.node(name, recurrent(random, { streams: true }), at);
    else if (kind === 'conv') at = maker.node(name, conv1d({ units: 3, kernelSize: random.whole(1, 3), dilation: random.whole(1, 2), padding: 'causal' }), at);
    else if (kind === 'own') at = maker.node(name, recurrence(), at);
    else at = maker.node(name, dense({ units: 3 }), at);
  }
  at = maker.node('head', dense({ units: 2 }), at);
  return maker.finish(at);
}

/** Values of an input for each sequence: ids, or rows of numbers one after the other. */
function valuesOf(random, input, lengths) {
  const one = () => (input.kind === 'indices' ? random.whole(0, input.size - 1) : random.real());
  const width = input.kind === 'indices' ? 1 : input.units;
  return lengths.map((length) => {
    const count = (input.per === 'sequence' ? 1 : length) * width;
    return input.kind === 'indices' ? Int32Array.from({ length: count }, one) : Float32Array.from({ length: count }, one);
  });
}

/** A padded tensor [steps, batch, width], or [batch, steps, width], with what must not matter behind the ends. */
function padded(sequences, lengths, steps, width, { batchFirst, filler }) {
  const batch = sequences.length;
  const data = new Array(steps * batch * width).fill(filler);
  sequences.forEach((values, b) => {
    for (let t = 0; t < lengths[b]; t++) {
      const row = batchFirst ? b * steps + t : t * batch + b;
      for (let f = 0; f < width; f++) data[row * width + f] = values[t * width + f];
    }
  });
  return { shape: batchFirst ? [batch, steps, width] : [steps, batch, width], data };
}

const toJson = ({ shape, data, type }) => ({ shape, type, data: Array.from(data, (value) => (Number.isFinite(value) ? value : 'NaN')) });

function inputTensor(input, sequences, lengths, steps, batchFirst) {
  const isIndex = input.kind === 'indices';
  const width = isIndex ? 1 : input.units;
  const type = isIndex ? 'int64' : 'float32';
  const cut = (shape) => (isIndex ? shape.slice(0, -1) : shape);
  if (input.per === 'sequence') {
    return { type, shape: cut([sequences.length, width]), data: sequences.flatMap((values) => [...values]) };
  }
  const { shape, data } = padded(sequences, lengths, steps, width, { batchFirst, filler: isIndex ? 0 : Number.NaN });
  return { type, shape: cut(shape), data };
}

/** Buffers of their own, as a training would leave them. */
function fillBuffers(random, model) {
  for (const { name, data } of model.buffers.values()) {
    for (const at of data.keys()) data[at] = name.endsWith('var') ? 0.3 + random.next() : random.real();
  }
  for (const { data } of model.parameters.values()) if (random.chance(0.3)) for (const at of data.keys()) data[at] += 0.2 * random.real();
  model.parametersChanged();
}

async function writeWhole(random, folder, model, description, settings) {
  const axes = [...new Set(Object.values(description.inputs).map(({ axis = 'time' }) => axis))];
  const batch = random.whole(1, 4);
  const least = 14;
  const lengths = Object.fromEntries(axes.map((axis) => {
    const same = random.whole(least, least + 6);
    return [axis, Array.from({ length: batch }, () => (settings.lengths === false ? same : random.whole(least, least + 6)))];
  }));
  const extra = settings.lengths === false ? 0 : random.whole(0, 2);
  const given = {};
  const inputs = {};
  for (const [name, input] of Object.entries(description.inputs)) {
    const own = lengths[input.axis ?? 'time'];
    given[name] = valuesOf(random, input, own);
    inputs[name] = inputTensor(input, given[name], own, Math.max(...own) + extra, settings.batchFirst === true);
  }
  const names = Object.keys(given);
  const predicted = await model.predictAll(names.length === 1 ? given[names[0]] : given);
  const written = await exportOnnx(model, path.join(folder, 'model.onnx'), settings);
  const outputs = {};
  for (const [name, sequences] of Object.entries(predicted)) {
    const info = written.outputs.find((each) => each.name === written.names.outputs[name]);
    const width = info.dimensions.at(-1);
    if (info.dimensions.length === 2) {
      outputs[info.name] = { shape: [batch, width], data: sequences.flatMap((values) => [...values]) };
      continue;
    }
    const counts = sequences.map((values) => values.length / width);
    // The number of padded steps of an axis with fewer steps is the file's own: rows are compared up to it.
    outputs[info.name] = { ...padded(sequences, counts, Math.max(...counts), width, { batchFirst: settings.batchFirst === true, filler: 0 }), stepsAxis: settings.batchFirst ? 1 : 0 };
  }
  const feeds = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [written.names.inputs[name], toJson(tensor)]));
  for (const [axis, name] of Object.entries(written.names.lengths)) {
    feeds[name] = { type: 'int64', shape: [batch], data: lengths[axis] };
  }
  writeFileSync(path.join(folder, 'case.json'), JSON.stringify({ runs: [{ feeds, outputs }], opset: written.opset }));
}

/** What the library computes for a part of one sequence, and the states behind it, which are those before the next part. */
function predictPart(model, name, input, values, state) {
  const width = input.kind === 'indices' ? 1 : input.units;
    const packed = packExamples([{ [name]: values }], { inputs: { [name]: { width } } });
  return model.predictPacked(packed, { state });
}

/** With states in and out: sequences from random states on, or several single steps one after the other. */
async function writeStates(random, folder, model, description, settings) {
  const [[name, input]] = Object.entries(description.inputs);
  const batch = random.whole(1, 3);
  const isStep = settings.stateful === true;
  const batchFirst = settings.batchFirst === true;
  const width = input.kind === 'indices' ? 1 : input.units;
  const same = random.whole(2, 9);
  const lengths = Array.from({ length: batch }, () => (isStep ? 3 : settings.lengths === false ? same : random.whole(2, 9)));
  const sequences = valuesOf(random, input, lengths);
  const states = sequences.map(() => {
    const state = model.newState(1);
    for (const [each, values] of state.values) state.set(each, Float32Array.from(values, () => random.real()));
    return state;
  });
  const written = await exportOnnx(model, path.join(folder, 'model.onnx'), settings);
  const statesNow = (names) =>
    Object.entries(names).map(([each, tensor]) => {
      const rows = states.map(({ values }) => [...values.get(each)]);
      return [tensor, { type: 'float32', shape: [batch, rows[0].length], data: rows.flat() }];
    });
  const runs = [];
  const parts = isStep ? [0, 1, 2].map((at) => [at, at + 1]) : [[0, Math.max(...lengths)]];
  for (const [begin, end] of parts) {
    const own = sequences.map((values) => values.slice(begin * width, end * width));
    const counts = own.map((values) => values.length / width);
    const tensor = inputTensor(isStep ? { ...input, per: 'sequence' } : input, own, counts, Math.max(...counts), batchFirst);
    const feeds = Object.fromEntries([[written.names.inputs[name], toJson(tensor)], ...statesNow(written.names.initialStates)]);
    for (const each of Object.values(written.names.lengths)) feeds[each] = { type: 'int64', shape: [batch], data: counts };
    const predicted = [];
    for (const [at, values] of own.entries()) predicted.push(await predictPart(model, name, input, values, states[at]));
    const columns = predicted[0].length / counts[0];
    const output = isStep
      ? { shape: [batch, columns], data: predicted.flatMap((values) => [...values]) }
      : { ...padded(predicted, counts, Math.max(...counts), columns, { batchFirst, filler: 0 }), stepsAxis: batchFirst ? 1 : 0 };
    const outputs = Object.fromEntries([[written.names.outputs.output, output], ...statesNow(written.names.finalStates)]);
    runs.push({ feeds, outputs });
  }
  writeFileSync(path.join(folder, 'case.json'), JSON.stringify({ runs, opset: written.opset }));
}

const [folder = 'onnx-exports', count = '200', firstSeed = '1'] = process.argv.slice(2);
const makers = [cell, cell, chain, chain, chain, joined, translation, streaming];
let made = 0;
for (let seed = Number(firstSeed); made < Number(count); seed++) {
  const random = randomFrom(seed * 7919);
  const maker = random.one(makers);
  let built;
  try {
    built = maker(random);
  } catch (error) {
    if (!['invalid_option', 'shape_mismatch', 'rank_mismatch'].includes(error.code)) throw error;
    continue;
  }
  const description = built.network.description;
  let model;
  try {
    model = await built.network.compile({ loss: Object.keys(description.outputs ?? {}).length > 0 ? undefined : 'meanSquaredError', ...(description.outputs && { losses: Object.fromEntries(Object.keys(description.outputs).map((name) => [name, 'meanSquaredError'])) }), seed, initializer: 'uniform:0.6' });
  } catch (error) {
    if (!['shape_mismatch', 'rank_mismatch'].includes(error.code)) throw error;
    continue;
  }
  fillBuffers(random, model);
  const own = path.join(folder, `${seed}-${maker.name}`);
  mkdirSync(own, { recursive: true });
  const hasStates = maker === streaming && model.newState(1).values.size > 0;
  const isStep = hasStates && random.chance(0.5);
  const settings = {
    opset: random.one([17, 17, 18, 19, 20, 21, 22, 23, 24, 25]),
    ...(!isStep && random.chance(0.5) && { batchFirst: true }),
    ...(!isStep && random.chance(0.2) && { lengths: false }),
    ...(isStep ? { stateful: true } : hasStates && { states: true }),
    ...(random.chance(0.2) && { externalData: true }),
  };
  await (hasStates ? writeStates : writeWhole)(random, own, model, description, settings);
  model.dispose();
  made++;
}
console.log(`${made} networks in ${folder}`);
