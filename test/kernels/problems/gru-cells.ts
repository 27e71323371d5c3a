/** Variants of the gated recurrent unit in both forms. */
import { type ActivationName, activationNames, codeOf } from '../../oracle/activations.js';
import {
  activationAttributes,
  allSmallShapes,
  type CellCase,
  type CellProblemVariant,
  smallProblems,
} from './cell-problems.js';

type Form = 'gru' | 'gruResetBefore';

const usual = { gate: codeOf('sigmoid'), activation: codeOf('tanh') };

/** As it usually is, in both forms. */
export const plainGrus: readonly CellProblemVariant[] = [
  { name: 'gru', cell: 'gru', parts: [], attributes: usual },
  { name: 'gruResetBefore', cell: 'gruResetBefore', parts: [], attributes: usual },
];

function variant(
  cell: Form,
  name: string,
  parts: readonly string[],
  attributes: Readonly<Record<string, number>>,
  inputs?: number,
): CellProblemVariant {
  return { name: `${cell} with ${name}`, cell, parts, attributes: { ...usual, ...attributes }, inputs };
}

const noise = ['mask', 'zone'];

/** Variants that both forms have. Large inputs saturate the hard sigmoids. */
function common(cell: Form): CellProblemVariant[] {
  return [
    ...activationNames.map((gate, index) => {
      const activation = activationNames[(index + 1) % activationNames.length] as ActivationName;
      const inputs = gate.startsWith('hardSigmoid') ? 4 : 0.8;
      return variant(cell, `${gate} and ${activation}`, [], activationAttributes({ gate, activation }), inputs);
    }),
    variant(cell, 'limited arguments', [], { inputClip: 0.5 }),
    variant(cell, 'limited arguments, noise, reversed', noise, { inputClip: 0.75, reverse: 1 }),
    variant(cell, 'reversed time', [], { reverse: 1 }),
    variant(cell, 'a mask', ['mask'], {}),
    variant(cell, 'a mask, reversed', ['mask'], { reverse: 1 }),
    variant(cell, 'zones', ['zone'], {}),
    variant(cell, 'zones instead of constant zoneout', ['zone'], { zoneout: 0.375 }),
    variant(cell, 'constant zoneout', [], { zoneout: 0.25 }),
    variant(cell, 'constant zoneout, reversed', [], { zoneout: 0.5, reverse: 1 }),
  ];
}

const variants = [
  ...common('gru'),
  variant('gru', 'its input', ['x', 'W', 'bW'], {}),
  variant('gru', 'its input, no bias of it, reversed', ['x', 'W'], { reverse: 1 }),
  variant('gru', 'its input, a mask and zones', ['x', 'W', 'bW', 'mask', 'zone'], {}),
  variant('gru', 'layer normalisation', ['gain'], { epsilon: 1e-5 }),
  variant('gru', 'layer normalisation and limited arguments', ['gain'], { epsilon: 1e-3, inputClip: 0.625 }),
  variant('gru', 'its limited input', ['x', 'W', 'bW'], { inputClip: 0.75 }),
  variant('gru', 'layer normalisation, reversed', ['gain'], { epsilon: 1e-3, reverse: 1 }),
  ...common('gruResetBefore'),
];

const everything = [
  variant('gru', 'everything', ['gain', ...noise], { epsilon: 1e-5 }),
  variant('gru', 'everything, reversed', ['gain', ...noise], { epsilon: 1e-3, reverse: 1 }),
  variant('gru', 'everything and constant zoneout', ['gain', 'mask'], { epsilon: 1e-3, zoneout: 0.25 }),
  variant('gruResetBefore', 'everything', noise, {}),
  variant('gruResetBefore', 'everything, reversed', noise, { reverse: 1 }),
];

/** Each option alone at two sizes, all together at all sizes. */
export const gruCases: readonly CellCase[] = [
  ...smallProblems(variants),
  ...everything.flatMap((each) => allSmallShapes.map((shape) => ({ variant: each, shape }))),
];
