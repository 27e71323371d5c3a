import { describe, expect, it } from 'vitest';
import { CELLS } from '../../../src/network/layers/cells.js';
import { checkLayerGradients } from './layer-gradients.js';
import { AXES, type Combination, combinations, type Kind, pairsOf, possiblePairs } from './recurrent-combinations.js';

/** As many of each kind as every pair of values needs. */
const COUNTS: Readonly<Record<Kind, number>> = { rnn: 34, lstm: 40, gru: 36 };

const kinds = Object.keys(COUNTS) as Kind[];
const all = new Map(kinds.map((kind) => [kind, combinations(kind, COUNTS[kind])] as const));
const of = (kind: Kind) => all.get(kind) as Combination[];

/** Options that say how parameters begin, which is nothing to a gradient. */
const INITIAL_VALUES = ['initializer', 'forgetBias'];

describe.each(kinds)('the combinations of options of the %s', (kind) => {
  it('know every option of the layer', () => {
    const known = Object.values(AXES[kind]).flatMap((levels) => levels.flatMap((level) => Object.keys(level)));
    const options = Object.keys(CELLS[kind].checks).filter((name) => !INITIAL_VALUES.includes(name));
    expect(options.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('have every value several times, and every two values that go together', () => {
    const counts = Object.entries(AXES[kind]).flatMap(([axis, levels]) =>
      levels.map((_, level) => of(kind).filter((combination) => combination.levels[axis] === level).length),
    );
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
    const pairs = new Set(of(kind).flatMap(({ levels }) => pairsOf(levels)));
    expect(possiblePairs(kind).filter((pair) => !pairs.has(pair))).toEqual([]);
  });
});

/** Options with which training is random. */
const NOISE = ['dropout', 'inputDropout', 'recurrentDropout', 'weightDropout', 'zoneout'];

describe.each(kinds)('a layer of kind %s has the gradients that central differences show:', (kind) => {
  it.each(of(kind).map((combination) => [combination.name, combination] as const))(
    '%s',
    (_, { layer, upstream, seed }) => {
      for (const training of [true, false]) {
        const report = checkLayerGradients(layer, { training, upstream, seed });
        expect(report.findings, `training: ${training}`).toEqual([]);
        expect(report.gradientsOnThreads).toEqual(report.gradients);
        for (const [name, result] of report.results) expect(report.gradients.get(name), name).toEqual(result);
        const isRandom = training && NOISE.some((name) => name in layer);
        if (isRandom) expect(report.withOtherMasks.get('y')).not.toEqual(report.results.get('y'));
        else expect(report.withOtherMasks).toEqual(report.results);
      }
    },
  );
});
