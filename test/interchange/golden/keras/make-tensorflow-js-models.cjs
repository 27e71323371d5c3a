/**
 * Makes tensorflow-js-models.json.gz: random models of TensorFlow.js as it saves them, and what they compute.
 *
 *     npm install --ignore-scripts @tensorflow/tfjs     # 4.22.0, in a folder of its own
 *     node test/interchange/golden/keras/make-tensorflow-js-models.cjs FOLDER
 *
 * Weights are those of hashed-numbers.ts, in the order of the manifest; a third of the models has them quantised.
 */
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');

const tf = require(require.resolve('@tensorflow/tfjs', { paths: [path.resolve(process.argv[2] ?? '.')] }));
const L = tf.layers;
const MODELS = 66;
const [SEQUENCES, STEPS] = [2, 5];

/** The hash of hashed-numbers.ts: 32 bits. */
function bitsOf(tensor, place) {
  let bits = Math.imul(place + 1, 0x9e3779b1) ^ Math.imul(tensor + 1, 0x85ebca6b);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x2c1b3c6d);
  bits ^= bits >>> 12;
  bits = Math.imul(bits, 0x297a2d39);
  return (bits ^ (bits >>> 15)) >>> 0;
}

const hashed = (tensor, count) =>
  Float32Array.from({ length: count }, (_, at) => (bitsOf(tensor, at) >>> 8) / 2 ** 23 - 1);

/** Mulberry32, seeded. */
function randomOf(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    flag: (probability = 0.5) => next() < probability,
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    of: (list) => list[Math.floor(next() * list.length)],
  };
}

const FUNCTIONS = [
  'tanh',
  'relu',
  'sigmoid',
  'linear',
  'softmax',
  'elu',
  'selu',
  'softplus',
  'softsign',
  'hardSigmoid',
  'relu6',
  'swish',
  'mish',
];
const MERGES = ['add', 'multiply', 'average', 'maximum', 'minimum', 'concatenate'];

function makerOf(seed) {
  const random = randomOf(seed);
  const { flag, of } = random;
  const units = () => random.int(1, 6);
  const cellOptions = (kind) => ({
    activation: of(['tanh', 'tanh', 'relu', 'sigmoid', 'linear', 'hardSigmoid']),
    useBias: flag(0.8),
    ...(kind !== 'simpleRNN' && { recurrentActivation: of(['sigmoid', 'hardSigmoid']) }),
    ...(flag(0.2) && { dropout: 0.25, recurrentDropout: 0.125 }),
  });
  const kindOf = () => of(['simpleRNN', 'lstm', 'gru']);
  const recurrent = (options = {}, kind = kindOf()) => L[kind]({ units: units(), ...cellOptions(kind), ...options });
  const cell = () => {
    const kind = kindOf();
    return L[`${kind}Cell`]({ units: units(), ...cellOptions(kind) });
  };
  const stacked = (options) =>
    L.rnn({ cell: L.stackedRNNCells({ cells: Array.from({ length: random.int(1, 3) }, cell) }), ...options });
  const both = (options) =>
    L.bidirectional({ layer: recurrent(options), mergeMode: of(['concat', 'sum', 'mul', 'ave']) });
  const dense = () => L.dense({ units: units(), activation: of(FUNCTIONS), useBias: flag(0.8) });
  const eachStep = () =>
    of([
      dense,
      () => L.activation({ activation: of(FUNCTIONS) }),
      () => L.batchNormalization({ scale: flag(0.8), center: flag(0.8), momentum: 0.9 }),
      () => L.layerNormalization({ epsilon: 1e-4 }),
      () => L.dropout({ rate: 0.3 }),
      () => L.spatialDropout1d({ rate: 0.3 }),
      () => L.reLU({ maxValue: 0.5 }),
      () => L.leakyReLU({ alpha: 0.3 }),
      () => L.elu({ alpha: 0.7 }),
      () => L.softmax({ axis: -1 }),
      () => L.prelu({ sharedAxes: [1] }),
      () => L.timeDistributed({ layer: dense() }),
      () => L.gaussianNoise({ stddev: 0.1 }),
    ])();
  const convolution = () => {
    const dilationRate = of([1, 1, 2]);
    const strides = dilationRate === 1 ? of([1, 1, 2]) : 1;
    const shared = { filters: units(), kernelSize: random.int(1, 3), activation: of(FUNCTIONS), useBias: flag(0.8) };
    return L.conv1d({ ...shared, strides, dilationRate, padding: of(['valid', 'same', 'causal']) });
  };
  const sequenceLayer = () => {
    const choice = random.next();
    if (choice < 0.3) return recurrent({ returnSequences: true });
    if (choice < 0.45) return both({ returnSequences: true });
    if (choice < 0.55) return stacked({ returnSequences: true });
    return choice < 0.65 ? convolution() : eachStep();
  };
  const lastLayer = () => {
    const choice = random.next();
    if (choice < 0.35) return recurrent({ goBackwards: flag(0.3) });
    if (choice < 0.5) return both({});
    if (choice < 0.6) return stacked({ goBackwards: flag(0.3) });
    return of([L.globalMaxPooling1d, L.globalAveragePooling1d])({});
  };
  const begin = () => {
    if (!flag(0.3)) {
      const x = tf.input({ shape: [null, units()] });
      return [x, x];
    }
    const x = tf.input({ shape: [null], dtype: 'int32' });
    return [x, L.embedding({ inputDim: random.int(3, 9), outputDim: units() }).apply(x)];
  };
  return {
    chain() {
      const inputs = flag(0.3)
        ? [L.embedding({ inputDim: random.int(3, 9), outputDim: units(), inputLength: null })]
        : [L.inputLayer({ inputShape: [null, units()] })];
      const layers = Array.from({ length: random.int(1, 3) }, sequenceLayer);
      return tf.sequential({ layers: [...inputs, ...layers, ...(flag() ? [lastLayer()] : []), dense()] });
    },
    joined() {
      const [x, y] = begin();
      const size = units();
      const left = recurrent({ units: size, returnSequences: true }).apply(y);
      const right = L.dense({ units: size }).apply(recurrent({ units: size, returnSequences: true }).apply(y));
      const z = L[of(MERGES)]({}).apply([left, right]);
      return tf.model({ inputs: x, outputs: dense().apply(flag() ? lastLayer().apply(z) : z) });
    },
    states() {
      const kind = of(['lstm', 'gru']);
      const [x, y] = begin();
      const size = units();
      const given = Array.from({ length: kind === 'lstm' ? 2 : 1 }, () => tf.input({ shape: [size] }));
      const layer = recurrent({ units: size, returnSequences: flag(), returnState: true }, kind);
      return tf.model({ inputs: [x, ...given], outputs: layer.apply(y, { initialState: given }) });
    },
    backwards() {
      const [x, y] = begin();
      const first = recurrent({ goBackwards: true, returnSequences: true }).apply(y);
      const last = recurrent({ goBackwards: true, returnSequences: true }).apply(L.dense({ units: 3 }).apply(first));
      return tf.model({ inputs: x, outputs: dense().apply(last) });
    },
    nested() {
      const [x, y] = begin();
      const width = y.shape[y.shape.length - 1];
      const inner = tf.sequential({
        layers: [
          L.inputLayer({ inputShape: [null, width] }),
          sequenceLayer(),
          L.batchNormalization({}),
          sequenceLayer(),
        ],
      });
      return tf.model({ inputs: x, outputs: dense().apply(L.layerNormalization({}).apply(inner.apply(y))) });
    },
    masked() {
      const x = tf.input({ shape: [null, 3] });
      const y = recurrent({ returnSequences: true }).apply(L.masking({ maskValue: -5 }).apply(x));
      return tf.model({ inputs: x, outputs: recurrent({}).apply(y) });
    },
  };
}

const SHAPES = ['chain', 'chain', 'joined', 'states', 'backwards', 'nested', 'masked'];

/** Bytes of a weight by the hash, and how the manifest describes them. */
function storedWeight(spec, tensor, type) {
  const { name, shape, dtype } = spec;
  const count = shape.reduce((product, size) => product * size, 1);
  const role = name.split('/').at(-1);
  if (type === 'float32' || role === 'moving_variance' || role === 'gamma') {
    const isPositive = role === 'moving_variance' || role === 'gamma';
    const numbers = hashed(tensor, count).map((number) => (isPositive ? number * 0.5 + 1 : number));
    return { spec: { name, shape, dtype }, bytes: Buffer.from(numbers.buffer) };
  }
  const bits = Array.from({ length: count }, (_, at) => bitsOf(tensor, at));
  if (type === 'uint8') {
    const quantization = { dtype: 'uint8', scale: 2 / 255, min: -1, original_dtype: 'float32' };
    return { spec: { name, shape, dtype, quantization }, bytes: Buffer.from(bits.map((each) => each >>> 24)) };
  }
  const isHalf = type === 'float16';
  const halves = Uint16Array.from(bits, (each) => (isHalf ? ((each >>> 16) & 0x83ff) | 0x3800 : each >>> 16));
  const quantization = isHalf
    ? { dtype: 'float16', original_dtype: 'float32' }
    : { dtype: 'uint16', scale: 2 / 65535, min: -1, original_dtype: 'float32' };
  return { spec: { name, shape, dtype, quantization }, bytes: Buffer.from(halves.buffer) };
}

function inputsOf(model) {
  return model.inputs.map((tensor, at) => {
    const shape = tensor.shape.map((size, axis) => size ?? (axis === 0 ? SEQUENCES : STEPS));
    const count = shape.reduce((product, size) => product * size, 1);
    const numbers = hashed(1000 + at, count);
    const readers = model.layers.filter((layer) => layer.getClassName() === 'Embedding');
    const isIndices = shape.length === 2 && at === 0 && readers.length > 0;
    const values = isIndices ? numbers.map((number) => Math.floor(Math.abs(number) * 2) + 1) : numbers;
    return { shape, isIndices, tensor: tf.tensor(values, shape, isIndices ? 'int32' : 'float32') };
  });
}

async function caseOf(seed) {
  tf.disposeVariables();
  const shape = SHAPES[seed % SHAPES.length];
  const made = makerOf(seed + 1)[shape]();
  let artifacts;
  await made.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const type = ['float32', 'float32', 'uint8', 'float32', 'float32', 'uint16', 'float32', 'float32', 'float16'][
    seed % 9
  ];
  const weights = artifacts.weightSpecs.map((spec, at) => storedWeight(spec, at, type));
  const weightSpecs = weights.map(({ spec }) => spec);
  const data = Buffer.concat(weights.map(({ bytes }) => bytes));
  const weightData = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  const { modelTopology } = artifacts;
  const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
  const inputs = inputsOf(model);
  const results = [model.predict(inputs.length === 1 ? inputs[0].tensor : inputs.map(({ tensor }) => tensor))].flat();
  const outputs = results.map((result) => {
    return { shape: result.shape, base64: Buffer.from(Float32Array.from(result.dataSync()).buffer).toString('base64') };
  });
  const { format, generatedBy, convertedBy } = artifacts;
  const json = {
    modelTopology,
    format,
    generatedBy,
    convertedBy,
    weightsManifest: [{ paths: [], weights: weightSpecs }],
  };
  return {
    name: `tensorflow-js-${seed}`,
    shape,
    type,
    json,
    inputs: inputs.map((each) => [each.shape, each.isIndices]),
    outputs,
  };
}

async function main() {
  await tf.setBackend('cpu');
  const cases = [];
  for (let seed = 0; cases.length < MODELS; seed++) {
    try {
      cases.push(await caseOf(seed));
    } catch (error) {
      process.stdout.write(`${seed}: ${error.message}\n`);
    }
  }
  const file = path.join(__dirname, 'tensorflow-js-models.json.gz');
  fs.writeFileSync(file, zlib.gzipSync(JSON.stringify(cases), { level: 9 }));
}

main();
