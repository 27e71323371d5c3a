/** The Python of recurrent layers: of torch.nn where it has them, else written out. */
import type { Value } from '../../graph/value.js';
import type { RecurrentDescription } from '../../network/layers/recurrent.js';
import { normalizationEpsilon, zoneoutRates } from '../../network/layers/recurrent-options.js';
import type { NodeCode, NodeContext } from './node-types.js';
import { call, python } from './python-text.js';
import { isRecurrent, isTorchRecurrent } from './torch-recurrent.js';

/** The module of torch.nn. */
function torchModule(layer: RecurrentDescription, inputs: number): string {
  const { kind, units, layers, dropout, direction, biases } = layer;
  return call(`nn.${kind.toUpperCase()}`, [inputs, units], {
    num_layers: layers,
    nonlinearity: layer.kind === 'rnn' ? (layer.activation as string | undefined) : undefined,
    bias: biases === 'none' ? false : undefined,
    batch_first: true,
    dropout: layers !== undefined && layers > 1 ? dropout : undefined,
    bidirectional: direction === 'bidirectional' ? true : undefined,
    proj_size: layer.kind === 'lstm' ? layer.projection : undefined,
  });
}

/** The options of a layer that is written out, with all defaults. */
function ownOptions(layer: RecurrentDescription) {
  const { kind, units, layers = 1, direction = 'forward', merge = 'concatenate', residual = false } = layer;
  const directions = { forward: [''], reverse: ['_reverse'], bidirectional: ['', '_reverse'] }[direction];
  const { hidden, cell } = zoneoutRates(layer);
  const { gateActivation = 'sigmoid', activation = 'tanh' } = layer as Exclude<RecurrentDescription, { kind: 'rnn' }>;
  const lstm = layer.kind === 'lstm' ? layer : undefined;
  return {
    ...{ kind, units, layers, directions, merge, residual, zoneout: hidden, zoneoutCell: cell },
    ...{
      epsilon: normalizationEpsilon(layer) ?? null,
      limit: layer.inputClip ?? null,
      gate: gateActivation,
      activation,
    },
    output: lstm?.outputActivation ?? activation,
    width: lstm?.projection ?? units,
    coupled: lstm?.coupledGates ?? false,
    clip: lstm?.cellClip ?? null,
    resetAfter: layer.kind === 'gru' ? (layer.resetAfter ?? true) : true,
  };
}

/** What makes one row of a sequence: the final states of the last layer, or the last step of a sum. */
function lastRow(layer: RecurrentDescription, name: string, lengths: string): string {
  const { layers = 1, direction = 'forward', merge = 'concatenate', residual = false } = layer;
  if (residual && layers > 1) return `_last(v[${python(name)}], ${lengths})`;
  const directions = { forward: [''], reverse: ['_reverse'], bidirectional: ['', '_reverse'] }[direction];
  const finals = directions.map((each) => `new[${python(`${name}.h_l${layers - 1}${each}`)}]`);
  if (finals.length === 1) return finals[0] as string;
  return merge === 'sum' ? finals.join(' + ') : `torch.cat([${finals.join(', ')}], -1)`;
}

/** Options that act in training alone, where PyTorch's layers and the module do not have them. */
function noiseNotes(name: string, layer: RecurrentDescription): string[] {
  const { dropout = 0, layers = 1 } = layer;
  const own = ['inputDropout', 'recurrentDropout', 'weightDropout', 'activationPenalty', 'temporalPenalty'] as const;
  const left: string[] = own.filter((option) => (layer[option] ?? 0) > 0);
  if (!isTorchRecurrent(layer)) {
    if (dropout > 0 && layers > 1) left.push('dropout');
    const { hidden, cell } = zoneoutRates(layer);
    if (hidden > 0 || cell > 0) left.push('the random part of zoneout');
  }
  return left.length === 0 ? [] : [`'${name}' has ${left.join(', ')} in training: the module does not.`];
}

/** The code of a recurrent layer. */
export function recurrentCode({ node, inputs, shapes, module }: NodeContext): NodeCode {
  const { name, layer } = node;
  const [x] = inputs as readonly [Value];
  if (!isRecurrent(layer)) throw new TypeError('no recurrent layer');
  const isTorch = isTorchRecurrent(layer);
  const source = `v[${python(node.inputs[0])}]`;
  const lengths = `n[${python((x.rows as { axis: string }).axis)}]`;
  const given = Object.entries(node.states ?? {}).map(
    ([state, from]) => `${python(`${name}.${state}`)}: v[${python(from)}]`,
  );
  const states = given.length === 0 ? 'states' : `states | {${given.join(', ')}}`;
  const run = isTorch
    ? `_run(${module()}, ${source}, ${lengths}, ${states}, ${python(name)})`
    : `${module()}(${source}, ${lengths}, ${states}, ${python(name)})`;
  const lines = [`${run}`, 'v.update(new)'];
  if (layer.output === 'last') lines.push(`v[${python(name)}] = ${lastRow(layer, name, lengths)}`);
  return {
    module: isTorch ? torchModule(layer, x.columns) : `_Recurrent(${python(ownOptions(layer))}, ${python(shapes)})`,
    lines,
    parts: [isTorch ? 'run' : 'recurrent', ...(layer.output === 'last' && layer.residual ? (['last'] as const) : [])],
    notes: noiseNotes(name, layer),
  };
}
