/**
 * Exports random networks as ONNX files, each with inputs and with what the library predicts for them; check_onnx_exports.py compares.
 *
 *   npm run build:ts && node test/interchange/golden/make-onnx-exports.mjs FOLDER [COUNT] [SEED] && python test/interchange/golden/check_onnx_exports.py FOLDER
 *
 * With `--digests` it also writes onnx_exports.json, the digests of the graphs, which the tests compare: only after ONNX Runtime has agreed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { digestOf } from './onnx-digest.mjs';
import { caseOf } from './onnx-networks.mjs';

const compiled = path.join(import.meta.dirname, '..', '..', '..', 'build', 'typescript');
const load = (file) => import(pathToFileURL(path.join(compiled, file)).href);
const bptt = await load('index.js');
const operations = await load('entries/operations.js');
const { exportModel } = await load('interchange/export-model.js');
const exportOnnx = (model, file, options) => exportModel(model, file, { to: 'onnx', ...options });
const { ModelProtoSchema } = await load('interchange/onnx/onnx-pb.js');
const { packExamples } = bptt;

/** Values of an input for each sequence: ids, or rows of numbers one after the other. */
function valuesOf(random, input, lengths) {
  const one = () => (input.kind === 'indices' ? random.whole(0, input.size - 1) : random.real());
  const width = input.kind === 'indices' ? 1 : input.units;
  return lengths.map((length) => {
    const count = (input.per === 'sequence' ? 1 : length) * width;
    return input.kind === 'indices'
      ? Int32Array.from({ length: count }, one)
      : Float32Array.from({ length: count }, one);
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

const toJson = ({ shape, data, type }) => ({
  shape,
  type,
  data: Array.from(data, (value) => (Number.isFinite(value) ? value : 'NaN')),
});

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

async function writeWhole({ random, model, settings }, folder) {
  const { description } = model;
  const axes = [...new Set(Object.values(description.inputs).map(({ axis = 'time' }) => axis))];
  const batch = random.whole(1, 4);
  const least = 14;
  const lengths = Object.fromEntries(
    axes.map((axis) => {
      const same = random.whole(least, least + 6);
      return [
        axis,
        Array.from({ length: batch }, () => (settings.lengths === false ? same : random.whole(least, least + 6))),
      ];
    }),
  );
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
    outputs[info.name] = {
      ...padded(sequences, counts, Math.max(...counts), width, { batchFirst: settings.batchFirst === true, filler: 0 }),
      stepsAxis: settings.batchFirst ? 1 : 0,
    };
  }
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [written.names.inputs[name], toJson(tensor)]),
  );
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
async function writeStates({ random, model, settings }, folder) {
  const { description } = model;
  const [[name, input]] = Object.entries(description.inputs);
  const batch = random.whole(1, 3);
  const isStep = settings.stateful === true;
  const batchFirst = settings.batchFirst === true;
  const width = input.kind === 'indices' ? 1 : input.units;
  const same = random.whole(2, 9);
  const lengths = Array.from({ length: batch }, () =>
    isStep ? 3 : settings.lengths === false ? same : random.whole(2, 9),
  );
  const sequences = valuesOf(random, input, lengths);
  const states = sequences.map(() => {
    const state = model.newState(1);
    for (const [each, values] of state.values)
      state.set(
        each,
        Float32Array.from(values, () => random.real()),
      );
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
    const tensor = inputTensor(
      isStep ? { ...input, per: 'sequence' } : input,
      own,
      counts,
      Math.max(...counts),
      batchFirst,
    );
    const feeds = Object.fromEntries([
      [written.names.inputs[name], toJson(tensor)],
      ...statesNow(written.names.initialStates),
    ]);
    for (const each of Object.values(written.names.lengths))
      feeds[each] = { type: 'int64', shape: [batch], data: counts };
    const predicted = [];
    for (const [at, values] of own.entries()) predicted.push(await predictPart(model, name, input, values, states[at]));
    const columns = predicted[0].length / counts[0];
    const output = isStep
      ? { shape: [batch, columns], data: predicted.flatMap((values) => [...values]) }
      : {
          ...padded(predicted, counts, Math.max(...counts), columns, { batchFirst, filler: 0 }),
          stepsAxis: batchFirst ? 1 : 0,
        };
    const outputs = Object.fromEntries([
      [written.names.outputs.output, output],
      ...statesNow(written.names.finalStates),
    ]);
    runs.push({ feeds, outputs });
  }
  writeFileSync(path.join(folder, 'case.json'), JSON.stringify({ runs, opset: written.opset }));
}

const isDigest = process.argv.includes('--digests');
const [folder = 'onnx-exports', count = '200', firstSeed = '1'] = process.argv
  .slice(2)
  .filter((each) => !each.startsWith('--'));
const digests = {};
let made = 0;
for (let seed = Number(firstSeed); made < Number(count); seed++) {
  const found = await caseOf(bptt, operations, seed);
  if (found === undefined) continue;
  const { kind, model, settings } = found;
  const own = path.join(folder, `${seed}-${kind}`);
  mkdirSync(own, { recursive: true });
  const hasStates = settings.states === true || settings.stateful === true;
  await (hasStates ? writeStates : writeWhole)(found, own);
  if (isDigest) {
    const file = path.join(own, 'whole.onnx');
    await exportOnnx(model, file, { ...settings, externalData: false });
    digests[seed] = digestOf(fromBinary(ModelProtoSchema, readFileSync(file)));
  }
  model.dispose();
  made++;
}
if (isDigest) {
  const file = path.join(import.meta.dirname, 'onnx_exports.json');
  writeFileSync(file, `${JSON.stringify(digests, undefined, 1)}\n`);
}
console.log(`${made} networks in ${folder}`);
