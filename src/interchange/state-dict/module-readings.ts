/** What layer a module of PyTorch is, by the names and shapes of its tensors. */

import { batchNormalization } from '../../network/layers/batch-normalization.js';
import { conv1d } from '../../network/layers/conv1d.js';
import { dense } from '../../network/layers/dense.js';
import { embedding } from '../../network/layers/embedding.js';
import { layerNormalization } from '../../network/layers/layer-normalization.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import { gru, lstm, rnn } from '../../network/layers/recurrent.js';
import type { ModuleGroup } from './module-groups.js';

/** One way to read a module. */
export interface Reading {
  /** Name of the class in PyTorch. */
  readonly module: string;
  readonly layer: AnyLayer;
  /** Columns of its input; undefined for indices, and `any` for a layer that takes them as they come. */
  readonly inputs: number | undefined;
  readonly outputs: number;
  /** What the file does not say of it and results depend on. */
  readonly unsaid?: string;
}

const CELLS = {
  1: { module: 'RNN', unsaid: 'its nonlinearity, tanh or relu' },
  3: { module: 'GRU', unsaid: undefined },
  4: { module: 'LSTM', unsaid: undefined },
} as const;

const MAKERS = { 1: rnn, 3: gru, 4: lstm } as const;

type Shape = readonly number[];

/** The sizes of a matrix; undefined for anything else. */
const matrix = (shape: Shape | undefined): readonly [number, number] | undefined =>
  shape?.length === 2 ? (shape as readonly [number, number]) : undefined;

/** A stack of recurrent layers, or a cell, whose tensors have no number. */
function recurrent(shapes: ReadonlyMap<string, Shape>): Reading | undefined {
  const isCell = shapes.has('weight_ih');
  const first = isCell ? '' : '_l0';
  const input = matrix(shapes.get(`weight_ih${first}`));
  const state = matrix(shapes.get(`weight_hh${first}`));
  if (input === undefined || state === undefined || input[0] !== state[0]) return undefined;
  const projected = matrix(shapes.get(`weight_hr${first}`));
  const units = projected?.[1] ?? state[1];
  const gates = input[0] / units;
  if (gates !== 1 && gates !== 3 && gates !== 4) return undefined;
  if (projected !== undefined && gates !== 4) return undefined;
  let layers = 1;
  while (shapes.has(`weight_ih_l${layers}`)) layers++;
  const isBidirectional = shapes.has('weight_ih_l0_reverse');
  const layer = MAKERS[gates]({
    units,
    ...(layers > 1 && { layers }),
    ...(isBidirectional && { direction: 'bidirectional' as const }),
    ...(!shapes.has(`bias_ih${first}`) && { biases: 'none' as const }),
    ...(projected !== undefined && { projection: projected[0] }),
  });
  const { module, unsaid } = CELLS[gates];
  const width = projected?.[0] ?? units;
  return {
    module: isCell ? `${module}Cell` : module,
    layer,
    inputs: input[1],
    outputs: isBidirectional ? 2 * width : width,
    ...(unsaid !== undefined && { unsaid }),
  };
}

function normalization(shapes: ReadonlyMap<string, Shape>, [columns = 0]: Shape): Reading | undefined {
  if (shapes.has('running_mean')) {
    const layer = batchNormalization(shapes.has('weight') ? {} : { affine: false });
    return { module: 'BatchNorm1d', layer, inputs: columns, outputs: columns, unsaid: 'its eps' };
  }
  if (!shapes.has('bias')) return undefined; // RMSNorm, PReLU, LayerNorm without a shift, ...
  return { module: 'LayerNorm', layer: layerNormalization(), inputs: columns, outputs: columns, unsaid: 'its eps' };
}

function convolution(shapes: ReadonlyMap<string, Shape>, [units = 0, inputs = 0, kernelSize = 0]: Shape): Reading {
  const layer = conv1d({ units, kernelSize, ...(!shapes.has('bias') && { bias: false }) });
  return { module: 'Conv1d', layer, inputs, outputs: units, unsaid: 'its padding, stride, dilation and groups' };
}

function affine(shapes: ReadonlyMap<string, Shape>, [rows = 0, columns = 0]: Shape): Reading[] {
  const hasBias = shapes.has('bias');
  const layer = dense({ units: rows, ...(!hasBias && { bias: false }) });
  const linear: Reading = { module: 'Linear', layer, inputs: columns, outputs: rows };
  if (hasBias) return [linear];
  const table = embedding({ size: rows, units: columns });
  return [{ module: 'Embedding', layer: table, inputs: undefined, outputs: columns }, linear];
}

/** The ways to read a module; none for one of another kind. */
export function readingsOf({ tensors }: ModuleGroup): Reading[] {
  const shapes = new Map([...tensors].map(([part, { shape }]) => [part, shape] as const));
  if ([...shapes.values()].some((shape) => shape.includes(0))) return [];
  if (shapes.has('weight_ih_l0') || shapes.has('weight_ih')) {
    const reading = recurrent(shapes);
    return reading === undefined ? [] : [reading];
  }
  const weight = shapes.get('weight') ?? shapes.get('running_mean');
  if (weight?.length === 1) return [normalization(shapes, weight)].filter((reading) => reading !== undefined);
  if (weight?.length === 2) return affine(shapes, weight);
  return weight?.length === 3 ? [convolution(shapes, weight)] : [];
}
