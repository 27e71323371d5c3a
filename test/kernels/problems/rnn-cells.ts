/** Variants of the plain recurrent layer. */
import { activationNames, codeOf } from '../../oracle/activations.js';
import { allSmallShapes, type CellCase, type CellProblemVariant, smallProblems } from './cell-problems.js';

const [tanh, relu, sigmoid] = [codeOf('tanh'), codeOf('relu'), codeOf('sigmoid')];

/** As it usually is, with each of its two usual activations. */
export const plainRnns: readonly CellProblemVariant[] = [
  { name: 'rnn of tanh', cell: 'rnn', parts: [], attributes: { activation: tanh } },
  { name: 'rnn of relu', cell: 'rnn', parts: [], attributes: { activation: relu } },
];

function variant(
  name: string,
  parts: readonly string[],
  attributes: Readonly<Record<string, number>>,
  inputs?: number,
): CellProblemVariant {
  return { name: `rnn with ${name}`, cell: 'rnn', parts, attributes: { activation: tanh, ...attributes }, inputs };
}

const numbers = { alpha: 0.375, beta: 0.25 };
const softplus = codeOf('softplus');

const variants = [
  // Inputs up to 4: the hard sigmoids reach 0 and 1.
  ...activationNames.slice(2).map((name, index) => variant(name, [], { activation: index + 2, ...numbers }, 4)),
  variant('its input', ['x', 'W', 'bW'], {}),
  variant('its input, no bias of it, reversed', ['x', 'W'], { reverse: 1 }),
  variant('its input, a mask and zones', ['x', 'W', 'bW', 'mask', 'zone'], {}),
  variant('reversed time', [], { reverse: 1 }),
  variant('reversed time and relu', [], { reverse: 1, activation: relu }),
  variant('layer normalisation', ['gain'], { epsilon: 1e-5 }),
  variant('limited arguments', [], { inputClip: 0.5 }),
  variant('limited arguments, reversed, zones', ['zone'], { inputClip: 0.75, reverse: 1 }),
  variant('limited arguments of what is normalised', ['gain'], { epsilon: 1e-3, inputClip: 0.625 }),
  variant('softplus of its input', ['x', 'W', 'bW'], { activation: softplus, inputClip: 0.875 }),
  variant('layer normalisation and relu', ['gain'], { epsilon: 1e-3, activation: relu }),
  variant('a mask', ['mask'], {}),
  variant('zones', ['zone'], {}),
  variant('zones instead of constant zoneout', ['zone'], { zoneout: 0.375 }),
  variant('constant zoneout', [], { zoneout: 0.25 }),
  variant('constant zoneout and relu', [], { zoneout: 0.5, activation: relu }),
];

const everything = [
  variant('everything', ['gain', 'mask', 'zone'], { activation: sigmoid, epsilon: 1e-5 }),
  variant('everything, reversed', ['gain', 'mask', 'zone'], { reverse: 1, epsilon: 1e-3 }),
];

/** Each option alone at two sizes, all together at all sizes. */
export const rnnCases: readonly CellCase[] = [
  ...smallProblems(variants),
  ...everything.flatMap((each) => allSmallShapes.map((shape) => ({ variant: each, shape }))),
];
