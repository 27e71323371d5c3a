/** Sequences and series whose names are missing in some rows. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabelled } from '../../src/tasks/recipes/classify/labelled-sequences.js';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, UNTRAINED } from '../tasks/trained.js';

function written(text: string, name = 'a.csv'): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, text);
  return file;
}

const OPTIONS = { perStep: true, sequence: 's', input: 'w', target: 't' } as const;
const table = (...rows: readonly string[]) => written(`s,w,t\n${rows.join('\n')}\n`);

describe('a missing name of a sequence', () => {
  it.each(['', 'NA', 'NaN'])(
    'continues the sequence before it where each name stands in its first row alone: %o',
    async (none) => {
      const file = table('1,a,x', `${none},b,y`, `${none},c,x`, '2,d,y', `${none},e,x`);
      const { examples, notes } = await readLabelled(file, OPTIONS);
      expect(examples.map(({ input }) => input)).toEqual([
        ['a', 'b', 'c'],
        ['d', 'e'],
      ]);
      expect(examples.map(({ place }) => place?.line)).toEqual([2, 5]);
      expect(notes).toContainEqual(
        expect.stringMatching(
          /^column 's' of .* names each sequence in its first row alone: the 3 rows without a name continue/,
        ),
      );
      const byDefault = readLabelled(written(readFileSync(file, 'utf8').replace('s,w,t', 'sequence,token,target')), {
        perStep: true,
      });
      expect((await byDefault).examples).toHaveLength(2);
    },
  );

  it.each<[string, number, readonly string[]]>([
    ['a name occurs again', 3, ['1,a,x', ',b,y', '1,c,x', '2,d,y', ',e,x', ',f,x']],
    ['the first row has none', 2, [',a,x', '1,b,y', ',c,x', ',d,x']],
    ['few rows have none', 4, ['1,a,x', '2,b,y', ',c,x', '3,d,y']],
    ['it is written as a missing text', 3, ['1,a,x', 'NA,b,y', '1,c,x', '2,d,y']],
  ])('is refused with its line where %s', async (_why, line, rows) => {
    await expect(readLabelled(table(...rows), OPTIONS)).rejects.toThrow(
      expect.objectContaining({
        code: 'invalid_row',
        details: expect.objectContaining({ line, column: 's' }),
        message: expect.stringMatching(
          /expected the name of a sequence, found .*write the name of its sequence into each row/,
        ),
      }),
    );
  });

  it('is a name where an option says what is missing', async () => {
    const rules = { missing: [''] };
    const { examples } = await readLabelled(table('NA,a,x', 'NA,b,y', '2,c,x'), { ...OPTIONS, rules });
    expect(examples).toHaveLength(2);
  });

  it('is refused in the names of series of forecast', async () => {
    const rows = Array.from({ length: 40 }, (_, at) => `${at < 30 ? 'a' : at < 35 ? 'NA' : ''},${at}`);
    const data = written(`shop,v\n${rows.join('\n')}\n`);
    const out = join(temporaryDirectory(), 'run');
    const options = { ...QUIET, ...UNTRAINED, data, out, item: 'shop', columns: 'v', history: 3, horizon: 1, units: 2 };
    await expect(trainTask('forecast', options)).rejects.toThrow(
      /line 32, column 'shop': expected the name of a series, found 'NA'/,
    );
    expect(existsSync(out)).toBe(false);
  });
});

it('the time of a sequence that occurs twice is explained by its sequence', async () => {
  const file = written('s,time,x,target\n1,1,0,a\n1,1,1,a\n2,2,1,b\n');
  await expect(readLabelled(file, { sequence: 's', time: 'time' })).rejects.toThrow(
    /time stamps that occur once.*; --sequence COLUMN names the column that tells sequences apart$/,
  );
});

describe('a note of a table of steps', () => {
  it('says which columns are the inputs, where no option has named them', async () => {
    const file = written('sequence,time,x,target\n1,1,0,a\n1,2,1,a\n2,2,1,b\n');
    const { notes } = await readLabelled(file);
    expect(notes).toEqual([
      expect.stringMatching(
        /^the inputs of .* are \["time","x"\], all columns that have no other use, the classes in 'target', sequences by 'sequence'; --input names others$/,
      ),
    ]);
    expect((await readLabelled(file, { input: 'x' })).notes).toEqual([]);
    const tokens = await readLabelled(written('sequence,token,target\n1,a,x\n'), { perStep: true });
    expect(tokens.notes).toEqual([expect.stringMatching(/^the tokens of .* are \["token"\], the classes in 'target'/)]);
  });
});
