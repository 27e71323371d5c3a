/**
 * Recurrent layers as an ONNX model: one RNN, GRU or LSTM node a layer, both directions in one node, with weights in
 * PyTorch's layout converted to ONNX's. Field numbers are those of onnx.proto.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/Operators.md#LSTM (GRU, RNN)
 */
import { directionsOf } from './problems.mjs';
import { bytes, integer, message } from './protobuf.mjs';

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
const IR_VERSION = 8;
const OPSET = 17;

/** For each block of rows of ONNX, the block of PyTorch that goes there: i o f c from i f g o, z r h from r z n. */
const BLOCKS = { rnn: [0], gru: [1, 0, 2], lstm: [0, 3, 1, 2] };

const attributeInteger = (name, value) => message(5, bytes(1, name), integer(3, value), integer(20, 2));
const attributeText = (name, value) => message(5, bytes(1, name), bytes(4, value), integer(20, 3));
const attributeIntegers = (name, values) =>
  message(5, bytes(1, name), ...values.map((value) => integer(8, value)), integer(20, 7));

/** A node of the graph; an input that is left out is an empty name. */
const node = (type, inputs, outputs, ...attributes) =>
  message(
    1,
    ...inputs.map((name) => bytes(1, name)),
    ...outputs.map((name) => bytes(2, name)),
    bytes(4, type),
    attributes,
  );

/** A constant of the graph. */
function constant(name, shape, type, values) {
  const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return message(5, ...shape.map((size) => integer(1, size)), integer(2, type), bytes(8, name), bytes(9, raw));
}

/** An input (field 11) or output (field 12) of the graph; a size that is not known is left open. */
function port(field, name, type, shape) {
  const sizes = shape.map((size) => message(1, size === undefined ? [] : [integer(1, size)]));
  return message(field, bytes(1, name), message(2, message(1, integer(1, type), message(2, sizes))));
}

/** Rows of PyTorch's blocks in ONNX's order. */
function reordered(cell, { rows, columns, data }) {
  const blocks = BLOCKS[cell];
  const size = (rows * columns) / blocks.length;
  const result = new Float32Array(data.length);
  for (const [place, block] of blocks.entries())
    result.set(data.subarray(block * size, (block + 1) * size), place * size);
  return result;
}

function concatenated(arrays) {
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let begin = 0;
  for (const array of arrays) {
    all.set(array, begin);
    begin += array.length;
  }
  return all;
}

/** Node and constants of one layer; W [D, GH, I], R [D, GH, H], B [D, 2GH]. */
function recurrentNode({ cell, units }, directions, parameters, [x, lengths, ...states], outputs) {
  const { layer, width } = directions[0];
  const of = (kind, suffix) => reordered(cell, parameters.get(`${kind}${suffix}`));
  const stacked = (kinds) => concatenated(directions.flatMap(({ suffix }) => kinds.map((kind) => of(kind, suffix))));
  const rows = BLOCKS[cell].length * units;
  const count = directions.length;
  const [W, R, B] = ['W', 'R', 'B'].map((name) => `${name}${layer}`);
  const attributes = [attributeInteger('hidden_size', units)];
  if (count === 2) attributes.push(attributeText('direction', 'bidirectional'));
  if (cell === 'gru') attributes.push(attributeInteger('linear_before_reset', 1));
  return [
    constant(W, [count, rows, width], FLOAT, stacked(['weight_ih'])),
    constant(R, [count, rows, units], FLOAT, stacked(['weight_hh'])),
    constant(B, [count, 2 * rows], FLOAT, stacked(['bias_ih', 'bias_hh'])),
    node(cell.toUpperCase(), [x, W, R, B, lengths, ...states], outputs, attributes),
  ];
}

function modelOf(...graph) {
  return new Uint8Array(
    Buffer.concat([
      integer(1, IR_VERSION),
      message(7, bytes(2, 'recurrent'), graph),
      message(8, bytes(1, ''), integer(2, OPSET)),
    ]),
  );
}

/**
 * A stack over whole sequences: `x` [T, B, I], `state` [D, B, H], with which all states begin, and, where the lengths differ,
 * `lengths` [B] -> `y` [T, B, D*H]. Without an initial state the first step would leave out the product with R.
 *
 * @param parameters by PyTorch's names, of case-data.mjs
 */
export function onnxLayers(problem, parameters) {
  const { cell, inputs, units, steps, batch, bidirectional, ragged } = problem;
  const stack = directionsOf(problem);
  const states = cell === 'lstm' ? ['state', 'state'] : ['state'];
  /** @type {(Buffer | Buffer[])[]} */
  const parts = [
    port(11, 'x', FLOAT, [steps, batch, inputs]),
    port(11, 'state', FLOAT, [bidirectional ? 2 : 1, batch, units]),
  ];
  if (ragged) parts.push(port(11, 'lengths', INT32, [batch]));
  // Y is [T, D, B, H]: a single direction loses its axis, two are brought side by side.
  if (bidirectional) parts.push(constant('merged', [3], INT64, BigInt64Array.of(0n, 0n, -1n)));
  else parts.push(constant('direction', [1], INT64, BigInt64Array.of(1n)));
  let x = 'x';
  for (const [layer, directions] of stack.entries()) {
    const raw = `raw${layer}`;
    const y = layer === stack.length - 1 ? 'y' : `y${layer}`;
    parts.push(recurrentNode(problem, directions, parameters, [x, ragged ? 'lengths' : '', ...states], [raw]));
    if (bidirectional) {
      parts.push(node('Transpose', [raw], [`turned${layer}`], attributeIntegers('perm', [0, 2, 1, 3])));
      parts.push(node('Reshape', [`turned${layer}`, 'merged'], [y]));
    } else parts.push(node('Squeeze', [raw, 'direction'], [y]));
    x = y;
  }
  return modelOf(parts, port(12, 'y', FLOAT, [steps, batch, units * (bidirectional ? 2 : 1)]));
}

/** One step of one sequence: `x` [1, 1, I] and the states `h`, `c` [1, 1, H] -> `hT`, `cT` [1, 1, H]. */
export function onnxStep(problem, parameters) {
  const { cell, inputs, units } = problem;
  const states = cell === 'lstm' ? ['h', 'c'] : ['h'];
  const finals = states.map((name) => `${name}T`);
  const [directions] = directionsOf(problem);
  return modelOf(
    port(11, 'x', FLOAT, [1, 1, inputs]),
    states.map((name) => port(11, name, FLOAT, [1, 1, units])),
    recurrentNode(problem, directions, parameters, ['x', '', ...states], ['', ...finals]),
    finals.map((name) => port(12, name, FLOAT, [1, 1, units])),
  );
}
