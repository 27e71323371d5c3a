import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabelled, readUnlabelled } from '../../src/tasks/recipes/classify/labelled-sequences.js';
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
    expect(await readLabelled(file)).toEqual({
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
    expect(examples).toEqual([
      { input: { features: 2, rows: Float32Array.of(1, 2, 3, 4) }, target: 1 },
      { input: { features: 2, rows: Float32Array.of(5, 6) }, target: 0 },
    ]);
    expect(
      await readUnlabelled({ file }, { kind: 'features', features: 2, means: [], standardDeviations: [] }),
    ).toEqual(examples.map(({ input }) => input));
  });

  it('are tokens with a class each, or none', async () => {
    const file = table('sequence,token,target', '1,the,DET', '1,cat,NOUN', '2,runs,', '2,fast,ADV');
    expect(await readLabelled(file, { perStep: true })).toEqual({
      classes: ['ADV', 'DET', 'NOUN'],
      examples: [
        { input: ['the', 'cat'], target: Int32Array.of(1, 2) },
        { input: ['runs', 'fast'], target: Int32Array.of(-1, 0) },
      ],
    });
  });

  it.each<[string, readonly string[], RegExp]>([
    ['two classes in a sequence', ['sequence,x,target', '1,1,a', '1,2,b'], /table\.csv' line 2.*one class.*a, b/],
    ['no class', ['text,target', 'Rossi,'], /table\.csv' line 2.*one class.*nothing/],
    ['no text', ['text,target', ',a'], /table\.csv' line 2.*'text'/],
    ['what is no number', ['sequence,x,target', '1,1,a', '2,one,a'], /table\.csv' line 3.*'x'.*a number.*one/],
    ['an empty token', ['sequence,token,target', '1,,a'], /table\.csv' line 2.*'token'/],
    ['no column of sequences', ['x,target', '1,a'], /table\.csv' line 1.*'text' or 'sequence'.*x, target/],
    ['no features', ['sequence,target', '1,a'], /neither a column 'token' nor columns of numbers/],
    ['no targets', ['text,class', 'Rossi,a'], /table\.csv' line 1.*a column 'target'/],
    ['a row that is too short', ['sequence,x,target', '1,1'], /table\.csv' line 2.*3 fields.*2/],
    ['a column twice', ['text,target,target', 'a,b,c'], /table\.csv' line 1.*one column 'target'/],
  ])('are refused with %s', async (_name, lines, message) => {
    await expect(readLabelled(table(...lines))).rejects.toThrow(code('invalid_row', message));
  });
});
