/** Cells that are written out step by step, as the body of a loop. */
import { activated, activationOf, type CellOperands, type OnnxActivation } from './cell-operands.js';
import type { Emission } from './emission.js';
import { float, int, ints, type OnnxGraph } from './onnx-graph.js';
import { packedRows } from './weights.js';

/** The next states of a step, of which the first is the output. */
type Step = (body: OnnxGraph, a: string, states: readonly string[]) => readonly string[];

/** Weights and numbers that a step reads from the graph around it. */
interface Around {
  /** The transpose of the recurrent weights, or of some of their rows. */
  readonly recurrent: (begin: number, blocks: number) => string;
  readonly bias: string | undefined;
  readonly gain: string | undefined;
}

/** A gate or a candidate of its argument, which the option inputClip limits. */
function gated(operation: Emission, body: OnnxGraph, activation: OnnxActivation, x: string): string {
  const limit = operation.attribute('inputClip');
  const argument = limit === 0 ? x : body.emit('Clip', [x, body.float(-limit), body.float(limit)]);
  return activated(body, activation, argument);
}

function plus(body: OnnxGraph, x: string, y: string | undefined): string {
  return y === undefined ? x : body.emit('Add', [x, y]);
}

/** Numbers normalised over the columns, where there is a gain. */
function normalized(operation: Emission, body: OnnxGraph, x: string, gain: string | undefined, shift?: string): string {
  if (gain === undefined) return x;
  const inputs = [x, gain, ...(shift === undefined ? [] : [shift])];
  return body.emit('LayerNormalization', inputs, { axis: int(-1), epsilon: float(operation.attribute('epsilon')) });
}

/** The expectation of zoneout: the part of the next state, and that of the previous one. */
function mixed(body: OnnxGraph, next: string, previous: string, rate: number): string {
  if (rate === 0) return next;
  const parts = [body.emit('Mul', [next, body.float(1 - rate)]), body.emit('Mul', [previous, body.float(rate)])];
  return body.emit('Add', parts);
}

/** Columns in equal blocks. */
function blocks(body: OnnxGraph, x: string, count: number, units: number): string[] {
  const outputs = Array.from({ length: count }, (_, at) => body.local(`gate${at}`));
  body.add('Split', [x, body.ints(...outputs.map(() => units))], outputs, { axis: int(-1) });
  return outputs;
}

function rnnStep(operation: Emission, around: Around): Step {
  const activation = activationOf(operation, 'activation', ['alpha', 'beta']);
  const weights = around.recurrent(0, 1);
  return (body, a, [h]) => {
    const sum = body.emit('Add', [a, body.emit('MatMul', [h as string, weights])]);
    const n = plus(body, normalized(operation, body, sum, around.gain), around.bias);
    return [mixed(body, gated(operation, body, activation, n), h as string, operation.attribute('zoneout'))];
  };
}

/** Where the gates stand, and which rows of the peepholes they have. */
const LSTM = {
  lstm: { input: 0, forget: 1, candidate: 2, output: 3, peepholes: { input: 0, forget: 1, output: 2 } },
  lstmCoupled: { input: 0, forget: undefined, candidate: 1, output: 2, peepholes: { input: 0, output: 1 } },
} as const;

function lstmStep(operation: Emission, { gates, units, ...cell }: CellOperands, around: Around): Step {
  const places = LSTM[cell.name as keyof typeof LSTM];
  const [gate, activation, output] = ['gate', 'activation', 'output'].map((name) => activationOf(operation, name)) as [
    OnnxActivation,
    OnnxActivation,
    OnnxActivation,
  ];
  const peepholes = operation.optional('peepholes');
  const peephole = (row: number): string | undefined =>
    peepholes && operation.weights.joined(operation, [{ value: peepholes, begin: row * units, count: units }], [units]);
  const peeps = {
    input: peephole(places.peepholes.input),
    forget: 'forget' in places.peepholes ? peephole(places.peepholes.forget) : undefined,
    output: peephole(places.peepholes.output),
  };
  const weights = around.recurrent(0, gates);
  const pr = operation.optional('pr');
  const projection = pr && operation.weights.transposed(operation, packedRows(pr));
  const [cellGain, cellShift] = [operation.optionalTensor('cellGain'), operation.optionalTensor('cellShift')];
  const clip = operation.attribute('clip');
  return (body, a, states) => {
    const [h, c] = states as readonly [string, string];
    const product = normalized(operation, body, body.emit('MatMul', [h, weights]), around.gain);
    const pre = blocks(body, plus(body, body.emit('Add', [a, product]), around.bias), gates, units);
    const seen = (x: string, weight: string | undefined, state: string) =>
      weight === undefined ? x : body.emit('Add', [x, body.emit('Mul', [weight, state])]);
    const i = gated(operation, body, gate, seen(pre[places.input] as string, peeps.input, c));
    const f =
      places.forget === undefined
        ? body.emit('Sub', [body.float(1), i])
        : gated(operation, body, gate, seen(pre[places.forget] as string, peeps.forget, c));
    const g = gated(operation, body, activation, pre[places.candidate] as string);
    const sum = body.emit('Add', [body.emit('Mul', [f, c]), body.emit('Mul', [i, g])]);
    const candidate = clip === 0 ? sum : body.emit('Clip', [sum, body.float(-clip), body.float(clip)]);
    const o = gated(operation, body, gate, seen(pre[places.output] as string, peeps.output, candidate));
    const shown = activated(body, output, normalized(operation, body, candidate, cellGain, cellShift));
    const m = body.emit('Mul', [o, shown]);
    const q = projection === undefined ? m : body.emit('MatMul', [m, projection]);
    return [
      mixed(body, q, h, operation.attribute('zoneout')),
      mixed(body, candidate, c, operation.attribute('zoneoutCell')),
    ];
  };
}

function gruStep(operation: Emission, { name, units }: CellOperands, around: Around): Step {
  const [gate, activation] = [activationOf(operation, 'gate'), activationOf(operation, 'activation')];
  const resetAfter = name === 'gru';
  const weights = resetAfter ? [around.recurrent(0, 3)] : [around.recurrent(0, 2), around.recurrent(2, 1)];
  const bR = operation.optional('bR');
  const biasOf = (begin: number, count: number): string | undefined =>
    bR &&
    operation.weights.joined(operation, [{ value: bR, begin: begin * units, count: count * units }], [count * units]);
  const biases = resetAfter ? [around.bias] : [biasOf(0, 2), biasOf(2, 1)];
  return (body, a, [h]) => {
    const before = h as string;
    const [aR, aZ, aN] = blocks(body, a, 3, units) as [string, string, string];
    const product = normalized(operation, body, body.emit('MatMul', [before, weights[0] as string]), around.gain);
    const sums = blocks(body, plus(body, product, biases[0]), resetAfter ? 3 : 2, units);
    const r = gated(operation, body, gate, body.emit('Add', [aR, sums[0] as string]));
    const z = gated(operation, body, gate, body.emit('Add', [aZ, sums[1] as string]));
    const fed = () => body.emit('MatMul', [body.emit('Mul', [r, before]), weights[1] as string]);
    const inner = resetAfter ? body.emit('Mul', [r, sums[2] as string]) : plus(body, fed(), biases[1]);
    const n = gated(operation, body, activation, body.emit('Add', [aN, inner]));
    const q = body.emit('Add', [n, body.emit('Mul', [z, body.emit('Sub', [before, n])])]);
    return [mixed(body, q, before, operation.attribute('zoneout'))];
  };
}

/** The product of the input for all steps. */
function inputOf(operation: Emission, { input }: CellOperands): string {
  if (operation.optional('a') !== undefined || input === undefined) return operation.tensor('a');
  const { x, packed, bias } = input;
  const product = operation.emit('MatMul', [operation.tensorOf(x), operation.weights.transposed(operation, packed)]);
  return plus(operation.onnx, product, bias && operation.tensorOf(bias));
}

/** Zeros [batch, columns] where there is no initial state. */
function initialState(operation: Emission, operand: string, axis: string, columns: number): string {
  const { onnx, axes } = operation;
  return operation.stateTensor(operand) ?? onnx.zeros(axes.batch(axis), columns);
}

/** The transposes of blocks of rows of the recurrent weights. */
function recurrentOf(
  operation: Emission,
  { units, width, recurrent }: CellOperands,
  begin: number,
  count: number,
): string {
  const { onnx, weights } = operation;
  const rows = weights.joined(operation, [recurrent(begin * units, count * units)], [count * units, width]);
  return onnx.transpose(rows, 1, 0);
}

/**
 * Emits the loop. It goes over all steps of the padded tensors; a sequence keeps its state where it has no step, so that in reverse it
 * starts at its own end.
 *
 * @returns the outputs y, hT and cT
 */
export function emitLoop(operation: Emission, cell: CellOperands): Record<string, string> {
  const { onnx, axes } = operation;
  const { name, axis, isReverse, units, width } = cell;
  const around: Around = {
    recurrent: (begin, count) => recurrentOf(operation, cell, begin, count),
    bias: name === 'gruResetBefore' ? undefined : operation.optionalTensor('bR'),
    gain: operation.optionalTensor('gain'),
  };
  const steps = { rnn: () => rnnStep(operation, around), lstm: () => lstmStep(operation, cell, around) };
  const gru = () => gruStep(operation, cell, around);
  const step = { ...steps, lstmCoupled: steps.lstm, gru, gruResetBefore: gru }[name]();
  const states = [
    { result: 'hT', initial: initialState(operation, 'h0', axis, width), columns: width },
    ...(name.startsWith('lstm')
      ? [{ result: 'cT', initial: initialState(operation, 'c0', axis, units), columns: units }]
      : []),
  ];
  const mask = axes.mask(axis);
  const body = onnx.body();
  const batch = axes.batchDimension;
  const before = states.map(({ columns }, at) =>
    body.addInput(`${body.scope}.before${at}`, 'float32', [batch, columns]),
  );
  const a = body.addInput(`${body.scope}.step`, 'float32', [batch, cell.gates * units]);
  const isStep = mask === undefined ? undefined : body.addInput(`${body.scope}.isStep`, 'bool', [batch, 1]);
  const next = step(body, a, before).map((state, at) =>
    isStep === undefined ? body.emit('Identity', [state]) : body.emit('Where', [isStep, state, before[at] as string]),
  );
  const ends = [...next, body.emit('Identity', [next[0] as string])];
  ends.forEach((end, at) => {
    body.outputs.push({ name: end, type: 'float32', dimensions: [batch, states[at]?.columns ?? width] });
  });
  const inputs = [
    ...states.map(({ initial }) => initial),
    inputOf(operation, cell),
    ...(mask === undefined ? [] : [mask]),
  ];
  const outputs = [...states.map(({ result }) => onnx.local(`Scan.${result}`)), onnx.local('Scan.y')];
  const scanned = mask === undefined ? 1 : 2;
  const backwards = isReverse ? 1 : 0;
  onnx.add('Scan', inputs, outputs, {
    body: { graph: body },
    num_scan_inputs: int(scanned),
    scan_input_directions: ints(...new Array<number>(scanned).fill(backwards)),
    scan_output_directions: ints(backwards),
  });
  return Object.fromEntries(
    [...states.map(({ result }) => result), 'y'].map((result, at) => [result, outputs[at] as string]),
  );
}
