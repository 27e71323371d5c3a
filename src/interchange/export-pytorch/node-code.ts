/** The Python of one node: how its module is made, and how it is applied. */
import { derivationOf } from '../../graph/derived-axis.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import type { Conv1dDescription } from '../../network/layers/conv1d.js';
import { EPSILON } from '../../network/layers/layer-normalization.js';
import { type AnyLayer, isKind } from '../../network/layers/layers.js';
import type { OperationDescription } from '../../network/layers/operation.js';
import type { NodeCode, NodeContext } from './node-types.js';
import { notExportable } from './not-exportable.js';
import type { PythonPart } from './python-library.js';
import { call, python } from './python-text.js';
import { recurrentCode } from './recurrent-code.js';

export const hasSteps = ({ rows }: Value) => typeof rows !== 'number' && rows.kind === 'steps';
const axisOf = ({ rows }: Value) => (rows as SymbolicExtent).axis;

/** The lengths of a value's sequences. */
export const lengthsOf = (value: Value) => `n[${python(axisOf(value))}]`;

const read = (name: string) => `v[${python(name)}]`;

/** Inputs that are joined row by row: those of sequences beside those of steps get an axis of steps, which is repeated for `cat`. */
function aligned({ node, inputs }: NodeContext, isRepeated: boolean): string[] {
  const first = inputs.findIndex(hasSteps);
  return node.inputs.map((name, at) => {
    if (first < 0 || hasSteps(inputs[at] as Value)) return read(name);
    const steps = `${read(node.inputs[first] as string)}.shape[1]`;
    return isRepeated ? `${read(name)}[:, None].expand(-1, ${steps}, -1)` : `${read(name)}[:, None]`;
  });
}

const plain = (expression: string, parts: readonly PythonPart[] = []): NodeCode => ({ lines: [expression], parts });

/** A module of torch.nn that is applied to every row. */
const perRow = (context: NodeContext, module: string): NodeCode => ({
  module,
  lines: [`${context.module()}(${read(context.node.inputs[0] as string)})`],
  parts: [],
});

const BINARY: Readonly<Record<string, string>> = { add: '+', subtract: '-', multiply: '*', divide: '/' };
const EXTREMES = ['maximum', 'minimum'];
const UNARY: Readonly<Record<string, string>> = {
  ...{ abs: 'torch.abs', exp: 'torch.exp', log: 'torch.log', negate: 'torch.neg', relu: 'torch.relu' },
  ...{ sigmoid: 'torch.sigmoid', sign: 'torch.sign', sqrt: 'torch.sqrt', tanh: 'torch.tanh' },
  ...{ cos: 'torch.cos', sin: 'torch.sin', erf: 'torch.erf', selu: 'functional.selu', gelu: 'functional.gelu' },
  softplus: 'functional.softplus',
};
/** Functions of the columns of each row, by what is written behind the value. */
const OF_COLUMNS: Readonly<Record<string, string>> = {
  sumOverColumns: 'sum(-1, keepdim=True)',
  meanOverColumns: 'mean(-1, keepdim=True)',
  maxOverColumns: 'amax(-1, keepdim=True)',
  minOverColumns: 'amin(-1, keepdim=True)',
  softmax: 'softmax(-1)',
  logSoftmax: 'log_softmax(-1)',
};
const OVER_TIME: Readonly<Record<string, PythonPart>> = {
  ...{ lastStep: 'last', maxOverTime: 'max', meanOverTime: 'mean', sumOverTime: 'sum' },
};

function overTime(context: NodeContext, part: PythonPart): NodeCode {
  const [x] = context.node.inputs as readonly [string];
  return plain(`_${part}(${read(x)}, ${lengthsOf(context.inputs[0] as Value)})`, [part]);
}

function binary(context: NodeContext, layer: OperationDescription): NodeCode {
  const { name, number, row, isFirst = false } = layer;
  const given = row === undefined ? number : `${context.module()}.row`;
  const operands = aligned(context, false);
  if (given !== undefined) operands.push(String(given));
  if (isFirst) operands.reverse();
  const operator = BINARY[name];
  const [a, b] = operands as [string, string];
  const tensor = (each: string) => (each === String(number) ? `torch.tensor(${each})` : each);
  const expression = operator === undefined ? `torch.${name}(${tensor(a)}, ${tensor(b)})` : `${a} ${operator} ${b}`;
  if (row === undefined) return plain(expression);
  return { module: `_Row(${row})`, lines: [expression], parts: ['row'] };
}

function operationCode(context: NodeContext, layer: OperationDescription): NodeCode {
  const { name, begin, end, order, number } = layer;
  const x = read(context.node.inputs[0] as string);
  if (UNARY[name] !== undefined) return plain(`${UNARY[name]}(${x})`);
  if (OVER_TIME[name] !== undefined) return overTime(context, OVER_TIME[name]);
  if (name === 'identity') return plain(x);
  if (OF_COLUMNS[name] !== undefined) return plain(`${x}.${OF_COLUMNS[name]}`);
  if (name === 'firstStep') return plain(`${x}[:, 0]`);
  if (name === 'elu') return plain(`torch.where(${x} > 0, ${x}, ${layer.alpha ?? 1} * torch.expm1(${x}))`);
  if (name === 'leakyRelu') return plain(`torch.where(${x} > 0, ${x}, ${layer.alpha ?? 0.01} * ${x})`);
  if (name === 'power') return plain(`${x} ** ${number}`);
  if (name === 'slice') return plain(`${x}[..., ${begin}:${end}]`);
  // -1 is a column of zeros here, and the last one there.
  if (name === 'permuteColumns') {
    const source = order?.includes(-1) === true ? `functional.pad(${x}, (0, 1))` : x;
    return plain(`${source}[..., ${python(order)}]`);
  }
  if (name === 'concatenate') return plain(`torch.cat([${aligned(context, true).join(', ')}], -1)`);
  if (name === 'repeatOverTime') {
    const lengths = lengthsOf(context.output);
    return plain(`${x}[:, None].expand(-1, int(${lengths}.max()), -1)`);
  }
  if (BINARY[name] !== undefined || EXTREMES.includes(name)) return binary(context, layer);
  throw notExportable(context.node, `PyTorch's form of the function '${name}' is not known here`);
}

function mergeCode(context: NodeContext, kind: string): NodeCode {
  if (kind === 'concatenate') return plain(`torch.cat([${aligned(context, true).join(', ')}], -1)`);
  const joined = aligned(context, false).join(kind === 'multiply' ? ' * ' : ' + ');
  return plain(kind === 'average' ? `(${joined}) / ${context.inputs.length}` : joined);
}

function poolCode(context: NodeContext): NodeCode {
  const layer = context.node.layer;
  if (!isKind(layer, 'pool') || layer.over !== 'attention') {
    return overTime(context, isKind(layer, 'pool') ? (layer.over as PythonPart) : 'last');
  }
  const [x] = context.inputs as readonly [Value];
  const module = call('_Pool', [layer.units ?? x.columns, x.columns]);
  const applied = `${context.module()}(${read(context.node.inputs[0] as string)}, ${lengthsOf(x)})`;
  return { module, lines: [applied], parts: ['pool'] };
}

/** Zeros in front of a sequence and behind it, with a stride of 1. */
function endsOf(padding: NonNullable<Conv1dDescription['padding']>, before: number): readonly [number, number] {
  if (typeof padding !== 'string') return padding;
  if (padding === 'same') return [before >> 1, before - (before >> 1)];
  return [padding === 'causal' ? before : 0, 0];
}

function columnConvolutionCode(context: NodeContext): NodeCode {
  const { layer } = context.node;
  if (!isKind(layer, 'columnConvolution')) throw notExportable(context.node, 'it is no convolution of columns');
  const { units, channels, kernelSize, stride = 1, dilation = 1, groups = 1, bias = true } = layer;
  const [front, behind] = layer.padding ?? [0, 0];
  const module = call('nn.Conv1d', [channels, units, kernelSize], { stride, dilation, groups, bias });
  const applied = `_columns(${context.module()}, ${read(context.node.inputs[0] as string)}, ${front}, ${behind})`;
  return { module, lines: [applied], parts: ['columns'] };
}

function convolutionCode(context: NodeContext): NodeCode {
  const { node, inputs, output } = context;
  const [x] = inputs as readonly [Value];
  const { layer } = node;
  if (!isKind(layer, 'conv1d')) throw notExportable(node, 'it is no convolution');
  const { units, kernelSize, stride = 1, dilation = 1, groups = 1, padding = 'valid', bias = true } = layer;
  const module = call('nn.Conv1d', [x.columns, units, kernelSize], { stride, dilation, groups, bias });
  const before = (kernelSize - 1) * dilation;
  const source = read(node.inputs[0] as string);
  const inner = `${context.module()}, ${source}, ${lengthsOf(x)}`;
  const isSame = padding === 'same' && stride > 1;
  const [front, behind] = endsOf(padding, before);
  const applied = isSame ? `_same(${inner})` : `_convolution(${inner}, ${front}, ${behind})`;
  const derivation = derivationOf(axisOf(output));
  const shorter =
    derivation === undefined
      ? []
      : [
          `${lengthsOf(output)} = torch.div(${lengthsOf(x)} - ${derivation.reach}, ${derivation.stride}, rounding_mode="floor") + 1`,
        ];
  const code: NodeCode = { module, lines: [applied, ...shorter], parts: ['convolution'] };
  if (front !== before || behind !== 0 || before === 0) return code;
  return {
    ...code,
    notes: [`'${node.name}' carries no steps from call to call in the module: give it whole sequences.`],
  };
}

function attentionCode(context: NodeContext): NodeCode {
  const { node, inputs, shapes } = context;
  const { layer } = node;
  if (!isKind(layer, 'attention')) throw notExportable(node, 'it is no attention');
  const [query, memory] = node.inputs.map(read);
  const module = `_Attention(${python(layer.score)}, ${layer.scale ?? 1}, ${python(shapes)})`;
  const applied = `${context.module()}(${query}, ${memory}, ${lengthsOf(inputs[1] as Value)})`;
  return { module, lines: [applied], parts: ['attention'] };
}

function affineCode(context: NodeContext): NodeCode {
  const { node, inputs } = context;
  const { layer } = node;
  if (!isKind(layer, 'dense')) throw notExportable(node, 'it is no affine layer');
  const code = perRow(context, call('nn.Linear', [inputs[0]?.columns, layer.units], { bias: layer.bias ?? true }));
  if (layer.tied === undefined) return code;
  return { ...code, finish: `${context.module()}.weight = ${context.module(layer.tied)}.weight` };
}

function batchNormalizationCode(context: NodeContext): NodeCode {
  const { node, inputs } = context;
  const { layer } = node;
  if (!isKind(layer, 'batchNormalization')) throw notExportable(node, 'it is no batch normalisation');
  const { epsilon: eps = EPSILON, momentum = 0.1, affine = true } = layer;
  const [x] = inputs as readonly [Value];
  const options = { eps, affine };
  const momentumCode = momentum === null ? ', momentum=None' : `, momentum=${momentum}`;
  const module = `${call('nn.BatchNorm1d', [x.columns], options).slice(0, -1)}${momentumCode})`;
  const lengths = hasSteps(x) ? lengthsOf(x) : 'None';
  return {
    module,
    lines: [`_rows(${context.module()}, ${read(node.inputs[0] as string)}, ${lengths})`],
    parts: ['rows'],
  };
}

function dropoutCode(context: NodeContext): NodeCode {
  const { layer } = context.node;
  if (!isKind(layer, 'dropout')) throw notExportable(context.node, 'it is no dropout');
  if (layer.perSequence !== true) return perRow(context, call('nn.Dropout', [layer.rate]));
  return { ...perRow(context, call('_SequenceDropout', [layer.rate])), parts: ['sequenceDropout'] };
}

/** The code of each kind of layer. */
const CODES: Readonly<Partial<Record<AnyLayer['kind'], (context: NodeContext) => NodeCode>>> = {
  embedding: (context) => {
    const { layer } = context.node;
    return perRow(context, isKind(layer, 'embedding') ? call('nn.Embedding', [layer.size, layer.units]) : '');
  },
  conv1d: convolutionCode,
  columnConvolution: columnConvolutionCode,
  rnn: recurrentCode,
  lstm: recurrentCode,
  gru: recurrentCode,
  dense: affineCode,
  dropout: dropoutCode,
  activation: (context) => {
    const { layer } = context.node;
    const name = isKind(layer, 'activation') ? layer.name : 'tanh';
    const x = read(context.node.inputs[0] as string);
    return plain(OF_COLUMNS[name] === undefined ? `torch.${name}(${x})` : `${x}.${OF_COLUMNS[name]}`);
  },
  layerNormalization: (context) => {
    const { layer } = context.node;
    const eps = (isKind(layer, 'layerNormalization') ? layer.epsilon : undefined) ?? EPSILON;
    return perRow(context, call('nn.LayerNorm', [context.inputs[0]?.columns], { eps }));
  },
  batchNormalization: batchNormalizationCode,
  pool: poolCode,
  penalty: (context) => ({
    ...plain(read(context.node.inputs[0] as string)),
    notes: [`'${context.node.name}' adds a penalty to the loss in training: the module does not.`],
  }),
  attention: attentionCode,
  concatenate: (context) => mergeCode(context, 'concatenate'),
  add: (context) => mergeCode(context, 'add'),
  sum: (context) => mergeCode(context, 'add'),
  multiply: (context) => mergeCode(context, 'multiply'),
  average: (context) => mergeCode(context, 'average'),
  operation: (context) => {
    const { layer } = context.node;
    if (!isKind(layer, 'operation')) throw notExportable(context.node, 'it is no operation');
    return operationCode(context, layer);
  },
};

/** The code of a node. @throws {InterchangeError} `not_exportable` */
export function nodeCode(context: NodeContext): NodeCode {
  const { layer } = context.node;
  const code = CODES[layer.kind];
  if (code !== undefined) return code(context);
  throw notExportable(context.node, `layer '${layer.kind}' is one of your own, of which only its JavaScript is known`);
}
