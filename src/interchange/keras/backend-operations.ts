/** Operations that Keras 3 puts into the graph of a model beside its layers. */
import { type OperationName, operation } from '../../network/layers/operation.js';
import { type Conversion, LOSES_MASK } from './conversion.js';
import { describeLayer, type KerasCall, type KerasLayer } from './keras-layer.js';
import type { KerasValue } from './keras-value.js';

/** What makes masks: which steps count. Batches of the library hold no other steps. */
const MASKS = ['ops.NotEqual', 'ops.Any'];

const ARITHMETIC = new Map<string, OperationName>(
  Object.entries({
    'ops.Add': 'add',
    'ops.Subtract': 'subtract',
    'ops.Multiply': 'multiply',
    'ops.TrueDivide': 'divide',
    'ops.Divide': 'divide',
    'ops.Maximum': 'maximum',
    'ops.Minimum': 'minimum',
  } as const),
);

function combined(to: Conversion, layer: KerasLayer, name: OperationName, inputs: readonly KerasValue[]): KerasValue {
  const [left, right] = inputs.map((input) => to.unmasked(layer, to.real(layer, [input]), LOSES_MASK)) as [
    KerasValue,
    KerasValue,
  ];
  const isSame =
    left.rank === right.rank &&
    left.columns === right.columns &&
    left.steps?.axis === right.steps?.axis &&
    left.steps?.isReversed === right.steps?.isReversed;
  if (!isSame) throw to.refuse(layer, 'its two inputs have different shapes, which Keras joins by the rules of NumPy');
  const y = to.node(layer.name, operation(name), [left, right], left.columns);
  return { ...y, isNoted: left.isNoted === true || right.isNoted === true };
}

/** Turns the steps around: those of a layer with `go_backwards` have the order of time then. */
function turned(to: Conversion, layer: KerasLayer, value: KerasValue): KerasValue {
  const x = to.unmasked(layer, to.sequences(layer, [value]), LOSES_MASK);
  const { axis } = layer.config;
  const [only, ...others] = Array.isArray(axis) ? axis : [axis];
  if (others.length === 0 && (only === 1 || only === -2)) {
    return { ...x, steps: { ...x.steps, isReversed: !x.steps.isReversed } };
  }
  throw to.refuse(layer, `its axis is ${JSON.stringify(axis)}, expected 1: steps are turned around, and nothing else`);
}

/** An operation of the backend on values and numbers. @throws {InterchangeError} `unsupported_operator` */
export function convertOperation(
  to: Conversion,
  { layer, inputs }: KerasCall,
  read: (input: Exclude<KerasCall['inputs'][number], number>) => KerasValue,
): KerasValue {
  const values = inputs.map((input) => (typeof input === 'number' ? input : read(input)));
  const [first, second] = values;
  if (MASKS.includes(layer.className) && typeof first === 'object') {
    // Embeddings mask 0, of which they have a note of their own.
    const number = typeof second === 'number' ? second : 0;
    if (number !== 0) {
      to.note(
        `${describeLayer(layer)} masks the steps that are ${number}: give sequences without them, as Keras leaves them out.`,
      );
    }
    return { ...first, kind: 'mask' };
  }
  if (layer.className === 'ops.Flip' && typeof first === 'object' && values.length === 1)
    return turned(to, layer, first);
  const name = ARITHMETIC.get(layer.className);
  if (name === undefined || first === undefined || second === undefined || values.length > 2) {
    throw to.refuse(layer, 'this operation of the backend is not known here');
  }
  if (typeof first === 'object' && typeof second === 'object') return combined(to, layer, name, [first, second]);
  const isFirst = typeof first === 'number';
  const [x, number] = (isFirst ? [second, first] : [first, second]) as [KerasValue, number];
  if (typeof x === 'number') throw to.refuse(layer, 'both of its inputs are numbers');
  return to.apply(name, [to.unmasked(layer, to.real(layer, [x]), LOSES_MASK)], { number, ...(isFirst && { isFirst }) });
}
