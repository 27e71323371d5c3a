/** Variants of the long short-term memory, with a forget gate of its own and with coupled gates. */
import { type ActivationName, activationNames, codeOf } from '../../oracle/activations.js';
import {
  activationAttributes,
  allSmallShapes,
  type CellCase,
  type CellProblemVariant,
  smallProblems,
} from './cell-problems.js';

const [tanh, sigmoid] = [codeOf('tanh'), codeOf('sigmoid')];
const usual = { gate: sigmoid, activation: tanh, output: tanh };

/** As it usually is, with both kinds of gates. */
export const plainLstms: readonly CellProblemVariant[] = [
  { name: 'lstm', cell: 'lstm', parts: [], attributes: usual },
  { name: 'lstmCoupled', cell: 'lstmCoupled', parts: [], attributes: usual },
];

/** What a variant has besides the usual. */
interface Options {
  readonly parts?: readonly string[];
  readonly attributes?: Readonly<Record<string, number>>;
  readonly width?: number;
  readonly inputs?: number;
}

/** Every activation as that of the gates, of the candidate and of the output. Large inputs saturate the hard sigmoids. */
const activations = activationNames.map((gate, index): readonly [string, Options] => {
  const [activation, output] = [1, 2].map((next) => {
    return activationNames[(index + next) % activationNames.length] as ActivationName;
  }) as [ActivationName, ActivationName];
  const inputs = gate === 'hardSigmoid' ? 4 : 0.8;
  return [
    `${gate}, ${activation} and ${output}`,
    { attributes: activationAttributes({ gate, activation, output }), inputs },
  ];
});

const norms = ['gain', 'cellGain', 'cellShift'];
const noise = ['mask', 'zone', 'zoneCell'];
const cells: readonly (readonly [string, Options])[] = [
  ...activations,
  ['its input', { parts: ['x', 'W', 'bW'] }],
  ['its input, no bias of it, reversed', { parts: ['x', 'W'], attributes: { reverse: 1 } }],
  ['its input, peepholes, noise and a projection', { parts: ['x', 'W', 'bW', 'peepholes', 'Wr', ...noise], width: 5 }],
  ['reversed time', { attributes: { reverse: 1 } }],
  ['peepholes', { parts: ['peepholes'] }],
  ['peepholes, reversed', { parts: ['peepholes'], attributes: { reverse: 1 } }],
  ['a small projection', { parts: ['Wr'], width: 3 }],
  ['a large projection', { parts: ['Wr'], width: 19 }],
  ['a projection to one column', { parts: ['Wr'], width: 1 }],
  ['a projection, reversed', { parts: ['Wr'], width: 9, attributes: { reverse: 1 } }],
  ['clipping', { attributes: { clip: 0.5 } }],
  ['clipping and peepholes', { parts: ['peepholes'], attributes: { clip: 0.375 } }],
  ['limited arguments', { attributes: { inputClip: 0.5 } }],
  ['limited arguments, reversed, peepholes', { parts: ['peepholes'], attributes: { inputClip: 0.625, reverse: 1 } }],
  ['limited arguments of what is normalised', { parts: norms, attributes: { inputClip: 0.75, epsilon: 1e-3 } }],
  [
    'limited arguments of elu and softplus, a projection',
    {
      parts: ['Wr', 'x', 'W', 'bW'],
      width: 5,
      attributes: { gate: codeOf('softplus'), activation: codeOf('elu'), activationAlpha: 0.75, inputClip: 0.875 },
    },
  ],
  ['layer normalisation', { parts: norms, attributes: { epsilon: 1e-5 } }],
  ['layer normalisation of the product', { parts: ['gain'], attributes: { epsilon: 1e-3 } }],
  ['layer normalisation of the cell, no shift', { parts: ['cellGain'], attributes: { epsilon: 1e-5 } }],
  ['layer normalisation and a projection', { parts: [...norms, 'Wr'], width: 5, attributes: { epsilon: 1e-3 } }],
  ['a mask', { parts: ['mask'] }],
  ['a mask and a projection', { parts: ['mask', 'Wr'], width: 11 }],
  ['zones', { parts: ['zone', 'zoneCell'] }],
  ['zones of the hidden state', { parts: ['zone'] }],
  ['zones of the cell instead of constant zoneout', { parts: ['zoneCell'], attributes: { zoneoutCell: 0.25 } }],
  ['zones of the cell and peepholes', { parts: ['zoneCell', 'peepholes'] }],
  ['zones of the cell and clipping', { parts: ['zoneCell'], attributes: { clip: 0.5 } }],
  ['constant zoneout', { attributes: { zoneout: 0.25, zoneoutCell: 0.5 } }],
  ['constant zoneout of the cell, reversed', { attributes: { zoneoutCell: 0.125, reverse: 1 } }],
  ['constant zoneout and a projection', { parts: ['Wr'], width: 6, attributes: { zoneout: 0.375 } }],
];

const all = ['peepholes', 'Wr', ...norms, ...noise];
const everything: readonly (readonly [string, Options])[] = [
  [
    'everything and limited arguments',
    { parts: all, width: 4, attributes: { clip: 0.75, epsilon: 1e-3, inputClip: 0.875, output: codeOf('softsign') } },
  ],
  ['everything', { parts: all, width: 4, attributes: { clip: 0.75, epsilon: 1e-3 } }],
  ['everything, reversed', { parts: all, width: 9, attributes: { clip: 0.5, epsilon: 1e-3, reverse: 1 } }],
  [
    'everything, constant zoneout, reversed, not projected',
    {
      parts: ['peepholes', ...norms, 'mask'],
      attributes: { clip: 0.75, epsilon: 1e-3, reverse: 1, zoneout: 0.25, zoneoutCell: 0.125 },
    },
  ],
];

function variantsOf(
  cell: 'lstm' | 'lstmCoupled',
  list: readonly (readonly [string, Options])[],
): readonly CellProblemVariant[] {
  return list.map(([name, { parts = [], attributes, ...options }]) => ({
    name: `${cell} with ${name}`,
    cell,
    parts,
    attributes: { ...usual, ...attributes },
    ...options,
  }));
}

/** Each option alone at two sizes, all together at all sizes. */
export const lstmCases: readonly CellCase[] = (['lstm', 'lstmCoupled'] as const).flatMap((cell) => [
  ...smallProblems(variantsOf(cell, cells)),
  ...variantsOf(cell, everything).flatMap((variant) => allSmallShapes.map((shape) => ({ variant, shape }))),
]);
