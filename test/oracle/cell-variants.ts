/** The variants of the recurrent cells that the reference is tested with, and random operands for them. */

import { codeOf } from './activations.js';
import { type CellVariant, drawOperands } from './cell-operands.js';
import { type CellName, distanceFromKinks } from './cells.js';
import type { Matrix } from './matrix.js';
import type { AttributeValues } from './operands.js';
import { RandomOperands } from './random-matrix.js';

const [tanh, relu, sigmoid] = [codeOf('tanh'), codeOf('relu'), codeOf('sigmoid')];
const usual: Readonly<Record<CellName, AttributeValues>> = {
  rnn: { activation: tanh },
  lstm: { gate: sigmoid, activation: tanh, output: tanh },
  lstmCoupled: { gate: sigmoid, activation: tanh, output: tanh },
  gru: { gate: sigmoid, activation: tanh },
  gruResetBefore: { gate: sigmoid, activation: tanh },
};

const hard = { gate: codeOf('hardSigmoid'), activation: relu };
const noise = ['mask', 'zone'];
const epsilon = 0.1; // large, so that a row of nearly equal numbers does not bend the function sharply
const everyLstm = {
  parts: ['peepholes', 'Wr', 'gain', 'cellGain', 'cellShift', 'mask', 'zone', 'zoneCell'],
  attributes: { epsilon, clip: 0.5, reverse: 1 },
};

/** The activations whose derivatives cells keep, with numbers. */
const numbered = [
  ['softsign', 0, 0],
  ['softplus', 0, 0],
  ['affine', 0.6, 0.1],
  ['leakyRelu', -0.3, 0],
  ['thresholdedRelu', 0.2, 0],
  ['scaledTanh', 0.9, 0.8],
  ['hardSigmoidOf', 0.3, 0.4],
  ['elu', 0.7, 0],
] as const;

function variant(
  cell: CellName,
  name: string,
  parts: readonly string[],
  attributes: AttributeValues = {},
): CellVariant {
  return {
    name: name === '' ? cell : `${cell} with ${name}`,
    cell,
    parts,
    attributes: { ...usual[cell], ...attributes },
  };
}

/** Each option alone, and all of them together. */
export const cellVariants: readonly CellVariant[] = [
  ...(Object.keys(usual) as CellName[]).flatMap((cell) => [
    variant(cell, '', []),
    variant(cell, 'reversed time', [], { reverse: 1 }),
    variant(cell, 'a mask', ['mask']),
    variant(cell, 'zones', ['zone']),
    variant(cell, 'constant zoneout', [], { zoneout: 0.3 }),
  ]),
  variant('rnn', 'relu', [], { activation: relu }),
  ...numbered.map(([name, alpha, beta]) => variant('rnn', name, [], { activation: codeOf(name), alpha, beta })),
  ...(Object.keys(usual) as CellName[]).map((cell) => variant(cell, 'limited arguments', [], { inputClip: 0.4 })),
  variant('lstm', 'limited arguments and everything', everyLstm.parts, { ...everyLstm.attributes, inputClip: 0.6 }),
  variant('gru', 'elu and softplus', [], { gate: codeOf('softplus'), activation: codeOf('elu'), activationAlpha: 0.5 }),
  variant('rnn', 'layer normalisation', ['gain'], { epsilon }),
  variant('rnn', 'everything', ['gain', ...noise], { epsilon, reverse: 1, activation: sigmoid }),
  ...(['lstm', 'lstmCoupled'] as const).flatMap((cell) => [
    variant(cell, 'other activations', [], { gate: hard.gate, activation: relu, output: codeOf('identity') }),
    variant(cell, 'peepholes', ['peepholes']),
    variant(cell, 'a projection', ['Wr']),
    variant(cell, 'clipping', [], { clip: 0.25 }),
    variant(cell, 'layer normalisation', ['gain', 'cellGain', 'cellShift'], { epsilon }),
    variant(cell, 'a gain of the cell alone', ['cellGain'], { epsilon }),
    variant(cell, 'zones of the cell', ['zoneCell']),
    variant(cell, 'constant zoneout of both states', ['peepholes', 'Wr'], { zoneout: 0.3, zoneoutCell: 0.2 }),
    variant(cell, 'everything', everyLstm.parts, everyLstm.attributes),
  ]),
  variant('gru', 'other activations', [], hard),
  variant('gru', 'layer normalisation', ['gain'], { epsilon }),
  variant('gru', 'everything', ['gain', ...noise], { epsilon, reverse: 1 }),
  variant('gruResetBefore', 'other activations', [], hard),
  variant('gruResetBefore', 'everything', noise, { reverse: 1 }),
];

/** The operands of a variant, chosen so that no argument lies where a function has no derivative. */
export function operandsOf(variant: CellVariant, batchSizes: readonly number[], units: number): Record<string, Matrix> {
  const { cell, parts, attributes } = variant;
  const size = { batchSizes, units, width: parts.includes('Wr') ? units + 1 : units };
  for (let seed = 1; ; seed++) {
    const operands = drawOperands(variant, size, new RandomOperands(seed));
    if (distanceFromKinks(cell, operands, attributes, batchSizes) > 1e-3) return operands;
  }
}
