/** One direction of one recurrent layer: its parameters, its random masks, and the loop over the sequences. */

import type { Operands } from '../../graph/graph.js';
import { affine } from '../../graph/operations/linear.js';
import type { Value } from '../../graph/value.js';
import type { ParameterRole } from '../initializers/initializer.js';
import { type CellParameters, type CellShape, cellOf, type Pack } from './cells.js';
import type { BuildContext } from './layer.js';
import { dropElements, sequenceMask, zoneMask } from './noise.js';
import { normalizationEpsilon, type RecurrentDescription, zoneoutRates } from './recurrent-options.js';

/** Which direction of which layer of a stack. */
export interface Place {
  readonly layer: number;
  readonly isReverse: boolean;
}

/** End of the names of its parameters and states. */
export function suffixOf({ layer, isReverse }: Place): string {
  return `_l${layer}${isReverse ? '_reverse' : ''}`;
}

/** Asks for the parameters, named and laid out as PyTorch's, and in its order. */
function parametersOf(
  { units, initializer, ...description }: RecurrentDescription,
  { gates, forgetGate, width, biases, normalized, ...shape }: CellShape,
  suffix: string,
  inputs: number,
  context: BuildContext,
): CellParameters {
  const rows = gates * units;
  const forgetBias = 'forgetBias' in description ? description.forgetBias : undefined;
  const shared = { units, gates, forgetGate, forgetBias, initializer };
  const matrix = (name: string, role: ParameterRole, rows: number, columns: number) =>
    context.parameter(name + suffix, { role, rows, columns, shape: [rows, columns], fanIn: columns, ...shared });
  const row = (name: string, role: ParameterRole, columns: number) =>
    context.parameter(name + suffix, { role, rows: 1, columns, shape: [columns], fanIn: units, ...shared });
  return {
    W: matrix('weight_ih', 'input', rows, inputs),
    R: matrix('weight_hh', 'recurrent', rows, width),
    bW: biases.includes('ih') ? row('bias_ih', 'inputBias', rows) : undefined,
    // The only bias of a cell takes what is meant for biases, wherever it is added.
    bR: biases.includes('hh') ? row('bias_hh', biases.includes('ih') ? 'recurrentBias' : 'inputBias', rows) : undefined,
    Wr: shape.isProjected ? matrix('weight_hr', 'projection', width, units) : undefined,
    peepholes: shape.peepholes > 0 ? matrix('peepholes', 'peephole', shape.peepholes, units) : undefined,
    gainW: normalized.includes('ih') ? row('gain_ih', 'gain', rows) : undefined,
    gainR: normalized.includes('hh') ? row('gain_hh', 'gain', rows) : undefined,
    gainC: normalized.includes('c') ? row('gain_c', 'gain', units) : undefined,
    shiftC: normalized.includes('c') && biases.length > 0 ? row('shift_c', 'shift', units) : undefined,
  };
}

/** Bytes of input weights that every step may read again beside the recurrent ones. */
const NARROW_BYTES = 1 << 20;

/**
 * Whether the cell multiplies its input itself, step by step. That saves writing the products of all steps to memory and
 * reading them again; with wide inputs it costs more, because their weights are then read at every step.
 */
function isNarrow({ rows, columns }: Value, units: number): boolean {
  return columns <= units / 2 && (rows as number) * columns * 4 <= NARROW_BYTES;
}

/** The operands of the input: `x` with its weights, or their product for all steps, normalised where it has a gain of its own. */
function inputOperands(
  context: BuildContext,
  x: Value,
  { W, bW, gainW }: CellParameters,
  { units, normalized }: { readonly units: number; readonly normalized: boolean },
  { epsilon, pack, packing }: { readonly epsilon: number; readonly pack: Pack; readonly packing: string | undefined },
): Operands {
  if (gainW !== undefined) {
    const operands = { x: affine(context, x, W), gain: gainW, shift: bW };
    return { a: context.graph.apply('layerNormalization', operands, { epsilon }).y };
  }
  if (packing === undefined || normalized || !isNarrow(W, units)) return { a: affine(context, x, W, bW) };
  return { x, pW: pack(packing, W, W.rows as number), bW };
}

/** What the cell takes beside weights and input: in training random masks, otherwise what they are on the whole. */
function noiseOf(description: RecurrentDescription, context: BuildContext, width: number) {
  const { units, recurrentDropout = 0 } = description;
  const hasCellState = cellOf(description).states.includes('c');
  const { hidden, cell } = zoneoutRates(description);
  return {
    operands: {
      mask: sequenceMask(context, width, recurrentDropout),
      zone: zoneMask(context, width, hidden),
      zoneCell: hasCellState ? zoneMask(context, units, cell) : undefined,
    },
    attributes: context.training ? {} : { zoneout: hidden, zoneoutCell: cell },
  };
}

/**
 * Emits one direction of one layer.
 *
 * @returns its outputs: `y` for all steps, `hT` at the end of each sequence
 */
export function buildDirection(
  description: RecurrentDescription,
  place: Place,
  x: Value,
  context: BuildContext,
): ReadonlyMap<string, Value> {
  const { graph } = context;
  const { units, weightDropout = 0 } = description;
  const cell = cellOf(description);
  const shape = cell.shape(description);
  const suffix = suffixOf(place);
  const parameters = parametersOf(description, shape, suffix, x.columns, context);
  const states = cell.states.map((state) => {
    const columns = state === 'h' ? shape.width : units;
    return [`${state}0`, context.initialState(state + suffix, columns)] as const;
  });
  const epsilon = normalizationEpsilon(description) ?? 0;
  const R = dropElements(context, parameters.R, weightDropout);
  const noise = noiseOf(description, context, shape.width);
  const pack: Pack = (packing, w, rows, rowBegin = 0) =>
    graph.applyNamed(packing, { w }, { rowBegin }, { O: rows }).get('p') as Value;
  const { name, packing, operands, attributes } = cell.operation(description, { ...parameters, R }, pack);
  const size = { units, normalized: shape.normalized.length > 0 };
  const input = inputOperands(context, x, parameters, size, { epsilon, pack, packing });
  const { bR, gainR: gain } = parameters;
  const outputs = graph.applyNamed(
    name,
    { ...input, bR, gain, ...Object.fromEntries(states), ...noise.operands, ...operands },
    { reverse: place.isReverse ? 1 : 0, epsilon, ...noise.attributes, ...attributes },
  );
  for (const state of cell.states) context.finalState(state + suffix, outputs.get(`${state}T`) as Value);
  return outputs;
}
