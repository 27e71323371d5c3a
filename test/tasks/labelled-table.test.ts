import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encoderOf, fitEncoding } from '../../src/tasks/building-blocks/sequence-inputs.js';
import { readLabelled } from '../../src/tasks/recipes/classify/labelled-sequences.js';
import { readUnlabelled } from '../../src/tasks/recipes/classify/unlabelled-sequences.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

function table(...lines: readonly string[]): string {
  const file = join(temporaryDirectory(), 'table.csv');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const code = (name: string, message: RegExp) =>
  expect.objectContaining({ code: name, message: expect.stringMatching(message) });

describe('sequences of a CSV file', () => {
  it('are a text a row', async () => {
    const file = table('text,target', 'Rossi,Italian', '"O, Neill",Irish', 'Bianchi,Italian');
    expect(await readLabelled(file)).toMatchObject({
      classes: ['Irish', 'Italian'],
      examples: [
        { input: 'Rossi', target: 1 },
        { input: 'O, Neill', target: 0 },
        { input: 'Bianchi', target: 1 },
      ],
    });
  });

  it('are numbers a step, where rows of one sequence stand together', async () => {
    const file = table('sequence,x,target,y', 'a,1,up,2', 'a,3,up,4', 'b,5,down,6');
    const { classes, examples } = await readLabelled(file);
    expect(classes).toEqual(['down', 'up']);
    expect(examples).toMatchObject([
      { input: { features: 2, rows: Float64Array.of(1, 2, 3, 4) }, target: 1 },
      { input: { features: 2, rows: Float64Array.of(5, 6) }, target: 0 },
    ]);
    const read = await readUnlabelled({ file }, { kind: 'features', features: 2, means: [], standardDeviations: [] });
    expect(read.sequences.map(({ input }) => input)).toEqual(examples.map(({ input }) => input));
  });

  it('are tokens with a class each, or none', async () => {
    const file = table('sequence,token,target', '1,the,DET', '1,cat,NOUN', '2,runs,', '2,fast,ADV');
    expect(await readLabelled(file, { perStep: true })).toMatchObject({
      classes: ['ADV', 'DET', 'NOUN'],
      examples: [
        { input: ['the', 'cat'], target: Int32Array.of(1, 2) },
        { input: ['runs', 'fast'], target: Int32Array.of(-1, 0) },
      ],
    });
  });

  it.each<[string, readonly string[], RegExp]>([
    ['two classes in a sequence', ['sequence,x,target', '1,1,a', '1,2,b'], /table\.csv' line 2.*one class.*'a', 'b'/],
    ['no text', ['text,target', ',a'], /table\.csv' line 2.*'text'/],
    ['what is no number', ['sequence,x,target', '1,1,a', '2,one,a'], /table\.csv' line 3.*'x'.*a number.*one/],
    ['an empty token', ['sequence,token,target', '1,,a'], /table\.csv' line 2.*'token'/],
    ['no column of sequences', ['x,target', '1,a'], /table\.csv' line 1.*'text' or 'sequence'.*"x","target"/],
    ['no features', ['sequence,target', '1,a'], /neither a column 'token' nor columns of numbers/],
    ['no targets', ['text,kind', 'Rossi,a'], /table\.csv' line 1.*a column 'target'.*--target COLUMN/],
    ['two columns of targets', ['text,label,class', 'Rossi,a,b'], /line 1.*label and class; --target label/],
    [
      'a sequence that begins again',
      ['sequence,x,target', '1,1,a', '2,1,b', '1,2,a'],
      /table\.csv' line 4, column 'sequence'.*'1' again; --sequence sequence/,
    ],
    ['a row that is too short', ['sequence,x,target', '1,1'], /table\.csv' line 2.*3 fields.*2/],
    ['a column twice', ['text,target,target', 'a,b,c'], /table\.csv' line 1.*one column 'target'/],
  ])('are refused with %s', async (_name, lines, message) => {
    await expect(readLabelled(table(...lines))).rejects.toThrow(code('invalid_row', message));
  });

  const features = (examples: readonly { readonly input: unknown }[]) =>
    examples.map(({ input }) => [...(input as { rows: Float64Array }).rows]);

  it('go by the names of the training, whatever their order is', async () => {
    const known = await readLabelled(table('sequence,heart,temperature,target', '1,60,37,well', '2,90,40,ill'));
    const swapped = table('target,temperature,sequence,more,heart', 'ill,40,1,x,90', 'well,37,2,y,60');
    const later = await readLabelled(swapped, {}, known);
    expect([features(later.examples), later.examples.map(({ target }) => target)]).toEqual([
      [
        [90, 40],
        [60, 37],
      ],
      [0, 1],
    ]);
    const encoding = { kind: 'features', features: 2, means: [], standardDeviations: [] } as const;
    const { sequences } = await readUnlabelled({ file: swapped }, encoding, {}, { source: known.source });
    expect(features([...sequences])).toEqual(features(later.examples));
    expect(sequences.map(({ place }) => place?.line)).toEqual([2, 3]);
    const other = table('sequence,weight,age,target', '1,60,37,well');
    await expect(readLabelled(other, {}, known)).rejects.toThrow(/table\.csv' line 1.*'heart'.*the model was trained/);
    const bare = table('sequence,heart,temperature', '1,60,37');
    await expect(readLabelled(bare, {}, known)).rejects.toThrow(/line 1.*'target'/);
  });

  it('are gathered when their column is named, and sorted by time', async () => {
    const file = table('when,who,x,label', '2024-01-02,a,2,up', '2024-01-01,b,3,down', '2024-01-01,a,1,up');
    const { classes, examples } = await readLabelled(file, { sequence: 'who', time: 'when' });
    expect([classes, features(examples)]).toEqual([
      ['down', 'up'],
      [[1, 2], [3]],
    ]);
    await expect(readLabelled(file, { sequence: 'who' })).rejects.toThrow(/line 2, column 'when'.*--time COLUMN/);
    const twice = table('when,who,x,label', '2024-01-02,a,2,up', '2024-01-02,a,1,up');
    await expect(readLabelled(twice, { sequence: 'who', time: 'when' })).rejects.toThrow(
      /line 3, column 'when'.*'2024-01-02' again, as in line 2/,
    );
  });

  it('leave out columns without a name, and say so', async () => {
    const { examples, notes, source } = await readLabelled(
      table(',Unnamed: 0,sequence,x,target,', '0,9,a,1,up,', '1,8,b,2,down,'),
    );
    expect([features(examples), notes]).toEqual([
      [[1], [2]],
      [expect.stringMatching(/^the inputs of .*\["x"\]/), expect.stringMatching(/^columns 1, 2, 6 have no name in/)],
    ]);
    expect(source).toMatchObject({ kind: 'numbers', input: ['x'] });
  });

  it('are refused with a column that counts the rows of the table, unless it is named', async () => {
    const lines = Array.from({ length: 24 }, (_, at) => `s${at >> 3},${at + 1},${at % 5},${at < 12 ? 'a' : 'b'}`);
    const file = table('sequence,id,x,target', ...lines);
    const one = table('sequence,id,x,target', ...lines.map((line) => line.replace(/^s\d/, 's').replace(/.$/, 'a')));
    await expect(readLabelled(file, { perStep: true })).rejects.toThrow(/line 1, column 'id'.*--input COLUMNS/);
    const options = { perStep: true, input: 'id,x' };
    expect((await readLabelled(file, options)).source).toMatchObject({ input: ['id', 'x'] });
    expect((await readLabelled(one)).source).toMatchObject({ input: ['id', 'x'] });
  });

  it('have inputs and targets by their names, also with commas', async () => {
    const words = table('who,word,kind', '1,the,DET', '2,cat,NOUN');
    const tokens = await readLabelled(words, { sequence: 'who', input: 'word', target: 'kind', perStep: true });
    expect(tokens.examples.map(({ input }) => input)).toEqual([['the'], ['cat']]);
    const numbers = await readLabelled(table('who,"a,b",c,y', '1,1,2,up'), {
      ...{ sequence: 'who', input: 'c,"a,b"', target: 'y' },
    });
    expect(features(numbers.examples)).toEqual([[2, 1]]);
    const texts = await readLabelled(table('name,origin', 'Rossi,it'), { input: 'name', target: 'origin' });
    expect(texts.examples.map(({ input }) => input)).toEqual(['Rossi']);
  });

  it('are read from tables of any form', async () => {
    const file = join(temporaryDirectory(), 'table.tsv');
    writeFileSync(file, 'sequence\tx\ttarget\r\n1\t1,5\tup\r2\t2,5\tdown\n');
    expect(features((await readLabelled(file)).examples)).toEqual([[1.5], [2.5]]);
  });

  it('keep numbers in double precision', async () => {
    const { examples } = await readLabelled(table('sequence,x,target', '1,432100000.25,a', '2,432100000.5,b'));
    expect(features(examples)).toEqual([[432100000.25], [432100000.5]]);
  });
});

describe('classes', () => {
  const lines = (...targets: readonly unknown[]) => {
    const file = join(temporaryDirectory(), 'lines.jsonl');
    writeFileSync(file, targets.map((target) => `${JSON.stringify({ input: 'ab', target })}\n`).join(''));
    return file;
  };
  const rows = (...targets: readonly unknown[]) =>
    table('text,target', ...targets.map((target) => `ab,${target ?? ''}`));

  it.each([
    ['lines', lines],
    ['tables', rows],
  ] as const)('are the values that occur, in the order of numbers (%s)', async (_, make) => {
    const { classes, examples } = await readLabelled(make(12, 3, 7, 3));
    expect([classes, examples.map(({ target }) => target)]).toEqual([
      ['3', '7', '12'],
      [2, 0, 1, 0],
    ]);
    expect((await readLabelled(make(20230101, 20230102))).classes).toEqual(['20230101', '20230102']);
    expect((await readLabelled(make(-2, 0.5, 10))).classes).toEqual(['-2', '0.5', '10']);
    expect((await readLabelled(make('b', 10, 9, true))).classes).toEqual(['10', '9', 'b', 'true']);
  });

  it.each([
    ['lines', lines],
    ['tables', rows],
  ] as const)('are left out where they are empty, null or -1, unless another text is named (%s)', async (_, make) => {
    const { classes, examples, notes } = await readLabelled(make('a', -1, null, '-1.0', 'b'));
    expect([classes, examples.length]).toEqual([['a', 'b'], 2]);
    expect(notes).toEqual([expect.stringMatching(/^3 of 5 sequences of .* have no class and are left out$/)]);
    expect((await readLabelled(make('a', -1, null), { ignore: '' })).classes).toEqual(['-1', 'a']);
    expect((await readLabelled(make('a', -1, 'x'), { ignore: 'x' })).classes).toEqual(['-1', 'a']);
    await expect(readLabelled(make(-1, null))).rejects.toMatchObject({ code: 'empty_data' });
  });

  it('are those that a file lists, where it lists them: -1 too', async () => {
    const file = join(temporaryDirectory(), 'x.ts');
    writeFileSync(file, '@problemName x\n@univariate true\n@classLabel true -1 1\n@data\n1,2:-1\n3,4:1\n');
    const { classes, examples } = await readLabelled(file);
    expect([classes, examples.map(({ target }) => target)]).toEqual([
      ['-1', '1'],
      [0, 1],
    ]);
  });

  it('are left out of steps by the same rule', async () => {
    const targets = { lines: lines([1, -1, null]), rows: table('sequence,token,target', 's,a,1', 's,b,-1', 's,c,') };
    for (const file of Object.values(targets)) {
      const { classes, examples } = await readLabelled(file, { perStep: true });
      expect([classes, examples[0]?.target]).toEqual([['1'], Int32Array.of(0, -1, -1)]);
    }
  });

  it('are no measured numbers, and no others than those of the training', async () => {
    const file = rows(...Array.from({ length: 10_001 }, (_, at) => at / 7));
    await expect(readLabelled(file)).rejects.toMatchObject({ code: 'too_many_classes', details: { classes: 10_001 } });
    const known = { classes: ['3', '7'] };
    await expect(readLabelled(lines(3, 12), {}, known)).rejects.toThrow(/line 2, target: .*'3', '7', found '12'/);
    await expect(readLabelled(lines(2 ** 53))).rejects.toThrow(/line 1, field 'target'.*up to 2\^53/);
    await expect(readLabelled(lines({ a: 1 }))).rejects.toThrow(/line 1, field 'target': expected a text or a number/);
    await expect(readLabelled(lines('a'), { target: 'kind' })).rejects.toThrow(/field 'kind'.*--target FIELD/);
  });

  it('have fields by their names', async () => {
    const file = join(temporaryDirectory(), 'lines.jsonl');
    writeFileSync(file, '{"text": "ab", "label": "x", "other": 1}\n{"label": "y", "text": "ba"}\n');
    const { classes, source } = await readLabelled(file);
    expect([classes, source]).toEqual([['x', 'y'], { kind: 'lines', input: 'text', target: 'label' }]);
    await expect(readLabelled(file, { input: 'body' })).rejects.toThrow(/line 1, field 'body'/);
    writeFileSync(file, '{"text": "ab", "label": "x", "class": 1}\n');
    await expect(readLabelled(file)).rejects.toThrow(/one field of targets, found label and class; --target label/);
    expect((await readLabelled(file, { target: 'class' })).classes).toEqual(['1']);
  });
});

describe('missing numbers', () => {
  const lines = (...inputs: readonly unknown[]) => {
    const file = join(temporaryDirectory(), 'lines.jsonl');
    writeFileSync(file, inputs.map((input) => `${JSON.stringify({ input, target: 'a' })}\n`).join(''));
    return file;
  };
  const series = () => {
    const file = join(temporaryDirectory(), 'x.ts');
    writeFileSync(file, '@problemName x\n@missing true\n@univariate true\n@classLabel true a b\n@data\n1,?,3:a\n');
    return file;
  };
  const kinds = {
    table: () => table('sequence,x,target', 's,1,a', 's,NA,a', 's,3,a'),
    lines: () => lines([1, null, 3]),
    series,
  };
  const rowsOf = (examples: readonly { readonly input: unknown }[]) =>
    examples.map(({ input }) => [...(input as { rows: Float64Array }).rows]);
  const options = { rules: { keepMissing: true } };

  it.each(['table', 'lines', 'series'] as const)('are refused, filled in or marked (%s)', async (kind) => {
    const file = kinds[kind]();
    await expect(readLabelled(file)).rejects.toMatchObject({
      code: 'invalid_row',
      message: expect.stringMatching(/missing/),
    });
    for (const [missing, expected] of [
      ['forward', [1, 1, 3]],
      ['interpolate', [1, 2, 3]],
      ['mask', [1, Number.NaN, 3]],
    ] as const) {
      expect(rowsOf((await readLabelled(file, { ...options, missing })).examples)).toEqual([expected]);
    }
  });

  it('are the mean beside a mark and the time since the last number', async () => {
    const { examples } = await readLabelled(lines([1, null, null, 3], [2]), { missing: 'mask' });
    const inputs = examples.map(({ input }) => input);
    const encoding = fitEncoding(inputs, { isMasked: true });
    expect(encoding).toMatchObject({ kind: 'features', features: 3, means: [2], isMasked: true });
    const encoded = [...(encoderOf(encoding)(inputs[0] as never) as Float32Array)];
    const one = 1 / Math.sqrt(2 / 3);
    const near = [-one, 0, 0, 0, 1, Math.log(2), 0, 1, Math.log(3), one, 0, 0].map((value) => expect.closeTo(value, 5));
    expect(encoded).toEqual(near);
    const first = readLabelled(lines([null, 1]), { missing: 'forward' });
    await expect(first).rejects.toThrow(/line 1, number 1 of step 1 .*--missing mask/);
  });
});

describe('categories beside numbers', () => {
  it('are ones and zeros by the values of the training part; others are refused by name', async () => {
    const file = table('sequence,x,shape,target', 's,1,round,a', 's,3,flat,a', 't,2,round,b');
    const set = await readLabelled(file, { categories: 'shape' });
    const encoding = fitEncoding(set.examples.map(({ input }) => input));
    expect(encoding).toMatchObject({ features: 3, categories: [{ column: 'shape', values: ['flat', 'round'] }] });
    const encode = encoderOf(encoding);
    const [first] = set.examples;
    const rows = encode(first?.input as never) as Float32Array;
    expect([...rows.subarray(1, 3), ...rows.subarray(4, 6)]).toEqual([0, 1, 1, 0]);
    const later = table('shape,sequence,x,target', 'odd,s,1,a');
    const other = await readLabelled(later, {}, set);
    expect(() => encode(other.examples[0]?.input as never)).toThrow(
      /line 2, column 'shape': expected a category of the training rows \('flat', 'round'\), found 'odd'/,
    );
    expect(() => encode({ features: 1, rows: Float64Array.of(1) })).toThrow(/no column 'shape'/);
  });
});
