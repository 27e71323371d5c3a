import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SequenceBatches } from '../../src/data/sequence-batches.js';
import { readTimeSeries } from '../../src/files/time-series-file.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { realData } from '../data/real-data.js';

function written(content: string): string {
  const path = join(temporaryDirectory(), 'data.ts');
  writeFileSync(path, content);
  return path;
}

const HEADER = [
  '#a comment',
  '@problemName Toy',
  '@timeStamps false',
  '@univariate false',
  '@classLabel true up down',
  '@data',
];

describe('readTimeSeries', () => {
  it('reads dimensions into rows, and classes in the order of the header', async () => {
    const set = await readTimeSeries(written([...HEADER, '1,2,3:4,5,6:down', '7:8:up'].join('\r\n')));
    expect(set).toEqual({
      name: 'Toy',
      dimensions: 2,
      classes: ['up', 'down'],
      examples: [
        { input: Float32Array.of(1, 4, 2, 5, 3, 6), target: 1 },
        { input: Float32Array.of(7, 8), target: 0 },
      ],
    });
  });

  it('counts targets by the classes of another file when they are given', async () => {
    const path = written([...HEADER, '1:4:down'].join('\n'));
    const set = await readTimeSeries(path, { classes: ['down', 'up'] });
    expect([set.classes, set.examples[0]?.target]).toEqual([['down', 'up'], 0]);
    await expect(readTimeSeries(path, { classes: ['up'] })).rejects.toThrow(
      `class: expected one of ["up"], found 'down'`,
    );
  });

  it('reads numbers as targets, files without targets, and a byte order mark', async () => {
    const regression = await readTimeSeries(written('\ufeff@univariate true\n@targetlabel true\n@data\n1,2:0.5\n'));
    expect(regression.examples).toEqual([{ input: Float32Array.of(1, 2), target: Float32Array.of(0.5) }]);
    const plain = await readTimeSeries(written('@Dimensions 2\n@CLASSLABEL False\n@DATA\n\n1,2:3,4\n'));
    expect(plain.examples).toEqual([{ input: Float32Array.of(1, 3, 2, 4) }]);
  });

  it.each<[string, string[], string, number]>([
    [
      'a missing value',
      [...HEADER, '1,2:3,?:up'],
      "dimension 1 step 1: expected a number, found '?', a missing value",
      7,
    ],
    ['a missing number', [...HEADER, '1,:3,4:up'], 'dimension 0 step 1: expected a number, found nothing', 7],
    [
      'dimensions of two lengths',
      [...HEADER, '1,2:3:up'],
      'dimension 1: expected 2 values, as dimension 0 has, found 1',
      7,
    ],
    [
      'another number of dimensions',
      [...HEADER, '1:2:up', '1:up'],
      'expected 2 dimensions and a target between colons, found 1',
      8,
    ],
    [
      'a class that is not in the header',
      [...HEADER, '1:2:left'],
      `class: expected one of ["up","down"], found 'left'`,
      7,
    ],
    ['no dimension at all', [...HEADER, 'up'], 'found 0 dimensions', 7],
    ['a series before @data', [...HEADER.slice(0, 3), '1:2:up'], "expected a header line '@...'", 4],
    ['time stamps', ['@timeStamps true'], '@timeStamps: expected false', 1],
    ['missing values in the header', ['@missing true'], '@missing: expected false', 1],
    ['a flag that is none', ['@univariate yes'], "@univariate: expected true or false, found 'yes'", 1],
    ['a number of dimensions that is none', ['@dimensions 0'], "@dimensions: expected an integer >= 1, found '0'", 1],
    ['no names of classes', ['@classLabel true'], '@classLabel: expected names of classes, found none', 1],
    ['a class twice', ['@classLabel true a b a'], "expected different classes, found 'a' twice", 1],
    [
      'a series of another length',
      ['@seriesLength 3', '@data', '1,2'],
      'expected 3 steps, the seriesLength of the header, found 2',
      3,
    ],
    ['a target that is no number', ['@targetLabel true', '@data', '1,2:a'], "target: expected a number, found 'a'", 3],
  ])('refuses %s, naming file and line', async (_, lines, message, line) => {
    const path = written(lines.join('\n'));
    await expect(readTimeSeries(path)).rejects.toThrow(message);
    await expect(readTimeSeries(path)).rejects.toMatchObject({ code: 'invalid_row', details: { file: path, line } });
  });

  it('refuses a file without series and unknown options', async () => {
    await expect(readTimeSeries(written(HEADER.join('\n')))).rejects.toMatchObject({ code: 'empty_data' });
    await expect(readTimeSeries('x', { class: [] } as never)).rejects.toMatchObject({ code: 'unknown_option' });
  });
});

const ucr = realData('ucr');

describe.skipIf(ucr.isMissing)('the archive', () => {
  const file = (name: string, part: string) => join(ucr.path, name, `${name}_${part}.ts`);

  it.each<[string, string, number, number, number, number, number]>([
    ['JapaneseVowels', 'TRAIN', 270, 12, 9, 7, 26],
    ['JapaneseVowels', 'TEST', 370, 12, 9, 7, 29],
    ['ItalyPowerDemand', 'TRAIN', 67, 1, 2, 24, 24],
    ['ItalyPowerDemand', 'TEST', 1029, 1, 2, 24, 24],
    ['GunPoint', 'TRAIN', 50, 1, 2, 150, 150],
    ['GunPoint', 'TEST', 150, 1, 2, 150, 150],
  ])(
    '%s %s has %i series of %i dimensions in %i classes, %i to %i steps long',
    async (name, part, count, dimensions, classes, shortest, longest) => {
      const set = await readTimeSeries(file(name, part));
      const lengths = set.examples.map(({ input }) => input.length / dimensions);
      expect([set.name, set.examples.length, set.dimensions, set.classes.length]).toEqual([
        name,
        count,
        dimensions,
        classes,
      ]);
      expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([shortest, longest]);
      expect(new Set(set.examples.map(({ target }) => target)).size).toBe(classes);
    },
  );

  it('JapaneseVowels has 30 training series of each speaker, and every number is where the file has it', async () => {
    const { examples } = await readTimeSeries(file('JapaneseVowels', 'TRAIN'));
    const counts = new Array(9).fill(0);
    for (const { target } of examples) counts[target as number] += 1;
    expect(counts).toEqual(new Array(9).fill(30));
    const lines = readFileSync(file('JapaneseVowels', 'TRAIN'), 'utf8').split('\n');
    const series = lines.slice(lines.indexOf('@data') + 1).filter((line) => line !== '');
    for (const [at, line] of series.entries()) {
      const parts = line.split(':');
      expect(Number(parts.pop()) - 1).toBe(examples[at]?.target);
      for (const [dimension, part] of parts.entries()) {
        const numbers = part.split(',').map((text) => Math.fround(Number(text)));
        expect(examples[at]?.input.filter((_, place) => place % 12 === dimension)).toEqual(Float32Array.from(numbers));
      }
    }
  });

  it('JapaneseVowels is packed to batches as it comes', async () => {
    const { examples, dimensions } = await readTimeSeries(file('JapaneseVowels', 'TEST'));
    const batches = new SequenceBatches(examples, { tokens: 400, features: dimensions });
    let [series, steps] = [0, 0];
    for await (const { batchSizes, inputs, targets } of batches) {
      expect(targets?.['target']).toHaveLength(batchSizes[0] ?? 0);
      series += batchSizes[0] ?? 0;
      steps += (inputs['input']?.length ?? 0) / dimensions;
    }
    expect([series, steps]).toEqual([370, examples.reduce((sum, { input }) => sum + input.length / 12, 0)]);
  });
});
