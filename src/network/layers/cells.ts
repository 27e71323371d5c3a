/** The recurrent cells: one row each, with everything in which they differ. */
import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import type { Operands } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { activationNumbers, type CellActivation, cellActivation } from './cell-activations.js';
import {
  type Check,
  count,
  flag,
  limit,
  normalizationEpsilon,
  type OptionChecks,
  type RecurrentDescription,
  rate,
  refuseTogether,
  SHARED,
} from './recurrent-options.js';

/** Parameters of one direction of one layer. */
export interface CellParameters {
  /** Input weights [GH, inputs]. */
  readonly W: Value;
  /** Recurrent weights [GH, P]. */
  readonly R: Value;
  readonly bW?: Value | undefined;
  readonly bR?: Value | undefined;
  /** Weights [P, H] of the projection. */
  readonly Wr?: Value | undefined;
  readonly peepholes?: Value | undefined;
  /** Gains of the layer normalisations of the input's product, of the recurrent product, and of the cell's state. */
  readonly gainW?: Value | undefined;
  readonly gainR?: Value | undefined;
  readonly gainC?: Value | undefined;
  readonly shiftC?: Value | undefined;
}

/** Which parameters a cell has. */
export interface CellShape {
  /** Gates that are stacked in the rows of the weights. */
  readonly gates: number;
  /** Position of the forget gate among them, or -1. */
  readonly forgetGate: number;
  /** Size P of the hidden state. */
  readonly width: number;
  readonly isProjected: boolean;
  /** Gates that see the cell's state. */
  readonly peepholes: number;
  /** Biases of the input's product (ih) and of the recurrent one (hh). */
  readonly biases: readonly ('ih' | 'hh')[];
  /** What is normalised: the input's product, the recurrent one (without the former, their sum), the cell's state. */
  readonly normalized: readonly ('ih' | 'hh' | 'c')[];
}

/** Packs rows `rowBegin..rowBegin + rows` of a matrix for the operation that reads them. */
export type Pack = (packing: string, w: Value, rows: number, rowBegin?: number) => Value;

/** The operation of a cell with what it alone takes: packed weights, and its own operands and attributes. */
export interface CellOperation {
  readonly name: string;
  /** How it wants input weights packed; undefined for one that takes the input's product alone. */
  readonly packing?: string;
  readonly operands: Operands;
  readonly attributes: Readonly<Record<string, number>>;
}

/** One row of the table. */
export interface Cell<D extends RecurrentDescription = RecurrentDescription> extends OptionChecks<Omit<D, 'kind'>> {
  /** States that go from step to step. */
  readonly states: readonly ('h' | 'c')[];
  shape(description: D): CellShape;
  operation(description: D, parameters: CellParameters, pack: Pack): CellOperation;
}

const BIASES = { none: [], one: ['ih'], two: ['ih', 'hh'] } as const;

/** The shape of a cell of so many gates without anything particular. */
function plainShape(description: RecurrentDescription, gates: number): CellShape {
  return {
    gates,
    forgetGate: -1,
    width: description.units,
    isProjected: false,
    peepholes: 0,
    biases: BIASES[description.biases ?? 'two'],
    normalized: normalizationEpsilon(description) === undefined ? [] : ['ih', 'hh'],
  };
}

/** The attributes of an activation. */
function activationAttributes(name: string, activation: CellActivation): Record<string, number> {
  const { code, alpha, beta } = activationNumbers(activation);
  return { [name]: code, [`${name}Alpha`]: alpha, [`${name}Beta`]: beta };
}

function rnnAttributes(activation: CellActivation, inputClip: number): Record<string, number> {
  const { code, alpha, beta } = activationNumbers(activation);
  return { activation: code, alpha, beta, inputClip };
}

const zoneoutOfBoth: Check = (name, value) => {
  if (typeof value !== 'object' || value === null) return rate(name, value);
  rejectUnknownKeys(name, value, ['hidden', 'cell'], ['hidden', 'cell']);
  for (const [state, part] of Object.entries(value)) if (part !== undefined) rate(`${name}.${state}`, part);
  return Object.freeze({ ...value });
};

/** All cells by the kind of their layers. */
export const CELLS: { readonly [K in RecurrentDescription['kind']]: Cell<RecurrentDescription & { kind: K }> } = {
  rnn: {
    checks: { ...SHARED, activation: cellActivation },
    states: ['h'],
    shape: (description) => {
      const shape = plainShape(description, 1);
      if (shape.normalized.length === 0) return shape;
      // The sum of both products is normalised, with one bias behind it: a constant inside would be lost.
      return { ...shape, normalized: ['hh'], biases: shape.biases.length === 0 ? [] : ['hh'] };
    },
    operation: ({ units, activation = 'tanh', inputClip = 0 }, { R }, pack) => ({
      name: 'rnn',
      packing: 'pack',
      operands: { p: pack('pack', R, units) },
      attributes: rnnAttributes(activation, inputClip),
    }),
  },
  lstm: {
    checks: {
      ...SHARED,
      zoneout: zoneoutOfBoth,
      gateActivation: cellActivation,
      activation: cellActivation,
      outputActivation: cellActivation,
      projection: count,
      peepholes: flag,
      coupledGates: flag,
      cellClip: limit,
      forgetBias: (name, value) => requireNumber(name, value, { float32: true }),
    },
    checkTogether: (options) => {
      if (options.forgetBias === undefined) return;
      if (options.coupledGates === true) {
        refuseTogether(options, 'forgetBias', 'coupledGates', false, 'coupled gates have no forget gate of their own');
      }
      if (options.biases === 'none') {
        refuseTogether(options, 'forgetBias', 'biases', 'two', 'there is no bias to which it could be added');
      }
    },
    states: ['h', 'c'],
    shape: (description) => {
      const { units, projection, peepholes = false, coupledGates = false } = description;
      const gates = coupledGates ? 3 : 4;
      const shape = plainShape(description, gates);
      return {
        ...shape,
        forgetGate: coupledGates ? -1 : 1,
        width: projection ?? units,
        isProjected: projection !== undefined,
        peepholes: peepholes ? gates - 1 : 0,
        normalized: shape.normalized.length === 0 ? [] : [...shape.normalized, 'c'],
      };
    },
    operation: (description, { R, Wr, peepholes, gainC, shiftC }, pack) => {
      const {
        units,
        coupledGates = false,
        gateActivation = 'sigmoid',
        activation = 'tanh',
        cellClip = 0,
        inputClip = 0,
      } = description;
      const gates = coupledGates ? 3 : 4;
      return {
        name: coupledGates ? 'lstmCoupled' : 'lstm',
        packing: `packGates${gates}`,
        operands: {
          p: pack(`packGates${gates}`, R, gates * units),
          pr: Wr && pack('pack', Wr, Wr.rows as number),
          peepholes,
          cellGain: gainC,
          cellShift: shiftC,
        },
        attributes: {
          ...activationAttributes('gate', gateActivation),
          ...activationAttributes('activation', activation),
          ...activationAttributes('output', description.outputActivation ?? activation),
          clip: cellClip,
          inputClip,
        },
      };
    },
  },
  gru: {
    checks: { ...SHARED, gateActivation: cellActivation, activation: cellActivation, resetAfter: flag },
    checkTogether: (options) => {
      if (options.resetAfter !== false || normalizationEpsilon(options) === undefined) return;
      const reason = 'layer normalisation needs a reset gate that acts after the recurrent product';
      refuseTogether(options, 'layerNormalization', 'resetAfter', true, reason);
    },
    states: ['h'],
    shape: (description) => plainShape(description, 3),
    operation: (description, { R }, pack) => {
      const { units, gateActivation = 'sigmoid', activation = 'tanh', resetAfter = true, inputClip = 0 } = description;
      return {
        name: resetAfter ? 'gru' : 'gruResetBefore',
        ...(resetAfter && { packing: 'packGates3' }),
        operands: resetAfter
          ? { p: pack('packGates3', R, 3 * units) }
          : { p: pack('packGates2', R, 2 * units), pn: pack('pack', R, units, 2 * units) },
        attributes: {
          ...activationAttributes('gate', gateActivation),
          ...activationAttributes('activation', activation),
          inputClip,
        },
      };
    },
  },
};

/** The cell of a layer. */
export function cellOf(description: RecurrentDescription): Cell {
  return CELLS[description.kind] as unknown as Cell;
}
