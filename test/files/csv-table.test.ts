import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/files/csv-table.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { realData } from '../data/real-data.js';

function written(content: string | Uint8Array): string {
  const path = join(temporaryDirectory(), 'data.csv');
  writeFileSync(path, content);
  return path;
}

describe('readCsv', () => {
  it('reads columns by name in the order that is asked for', async () => {
    const table = await readCsv(written('date,a,b\n2020,1,2.5\n2021,-3e-1,.5\n'), {
      columns: ['b', 'a'],
      text: ['date'],
    });
    expect(table).toEqual({
      columns: ['b', 'a'],
      rows: 2,
      values: Float32Array.of(2.5, 1, 0.5, -0.3),
      text: new Map([['date', ['2020', '2021']]]),
    });
  });

  it('accepts CRLF, a byte order mark, quotes, blanks, empty lines and another delimiter', async () => {
    const path = written('\ufeff"a";" b ";"c;""d"""\r\n\r\n 1 ;"2";"x\r\ny"\r\n3;4;z');
    const { values, text } = await readCsv(path, { columns: ['a', 'b'], text: ['c;"d"'], delimiter: ';' });
    expect([...values]).toEqual([1, 2, 3, 4]);
    expect(text.get('c;"d"')).toEqual(['x\r\ny', 'z']);
  });

  it.each<[string, string, string, number]>([
    ['an empty field', 'a,b\n1,2\n3,\n', "line 3, column 'b': expected a number, found nothing", 3],
    ['NaN', 'a,b\n1,NaN\n', "line 2, column 'b': expected a number, found 'NaN'", 2],
    ['a hexadecimal number', 'a,b\n1,0x10\n', "found '0x10'", 2],
    ['a number beyond single precision', 'a,b\n1,1e39\n', "found '1e39'", 2],
    ['two numbers in one field', 'a,b\n1,"2 3"\n', "found '2 3'", 2],
    [
      'a bad value after lines within quotes',
      'a,b,c\n1,2,"x\n\ny"\n\n1,?,z\n',
      "column 'b': expected a number, found '?'",
      6,
    ],
    ['a row that is too short', 'a,b\n1,2\n3\n', 'line 3: expected 2 fields, found 1', 3],
    ['a row that is too long', 'a,b\n1,2,3\n', 'line 2: expected 2 fields, found 3', 2],
    ['a column that is missing', 'a,c\n1,2\n', `line 1, header: expected a column 'b', found ["a","c"]`, 1],
    ['a column that is there twice', 'a,b,b\n1,2,3\n', "expected one column 'b', found two, at 2 and 3", 1],
    ['a quote that is not closed', 'a,b\n1,"2\n', 'expected fields of CSV', 2],
    ['a quote within a field', 'a,b\n1,2\n1,2"3\n', 'expected fields of CSV', 3],
  ])('refuses %s, naming file, line and column', async (_, content, message, line) => {
    const path = written(content);
    const table = readCsv(path, { columns: ['a', 'b'] });
    await expect(table).rejects.toThrow(message);
    await expect(table).rejects.toMatchObject({ code: 'invalid_row', details: { file: path, line } });
  });

  it('reads other forms, and doubles where they are wanted', async () => {
    const path = written(Buffer.from("// ä\n432100000,25;'x'\n", 'latin1'));
    const form = { header: 'none', decimal: 'comma', quote: "'", encoding: 'latin1', comment: '//' } as const;
    const options = { columns: ['1'], text: ['2'], ...form };
    const { values, text } = await readCsv(path, { ...options, precision: 'float64' });
    expect([values, text.get('2')]).toEqual([Float64Array.of(432100000.25), ['x']]);
    expect((await readCsv(path, options)).values).toEqual(Float32Array.of(432100000.25));
    await expect(readCsv(path, { ...options, precision: 'half' } as never)).rejects.toMatchObject({
      code: 'invalid_option',
    });
  });

  it('takes an empty line for a missing value where there is one column', async () => {
    await expect(readCsv(written('a\n1\n\n2\n'), { columns: ['a'] })).rejects.toThrow("line 3, column 'a'");
  });

  it('refuses files without rows, files that are not UTF-8, and options that are none', async () => {
    await expect(readCsv(written('a,b\n'), { columns: ['a'] })).rejects.toMatchObject({ code: 'empty_data' });
    await expect(readCsv(written(Uint8Array.of(97, 10, 0xff)), { columns: ['a'] })).rejects.toMatchObject({
      code: 'not_utf8',
      details: { offset: 2 },
    });
    const path = written('a\n1\n');
    for (const options of [{ columns: [] }, { columns: 'a' }, { columns: ['a'], delimiter: '' }, { columns: [1] }]) {
      await expect(readCsv(path, options as never)).rejects.toMatchObject({ code: 'invalid_option' });
    }
    await expect(readCsv(path, { columns: ['a'], separator: ';' } as never)).rejects.toMatchObject({
      code: 'unknown_option',
    });
  });
});

const etth1 = realData('etth1');

describe.skipIf(etth1.isMissing)('ETTh1', () => {
  it('has 17,420 hours of 7 numbers', async () => {
    const columns = ['HUFL', 'HULL', 'MUFL', 'MULL', 'LUFL', 'LULL', 'OT'];
    const table = await readCsv(join(etth1.path, 'ETTh1.csv'), { columns, text: ['date'] });
    expect([table.rows, table.values.length]).toEqual([17_420, 17_420 * 7]);
    expect([...table.values.subarray(0, 7)]).toEqual(
      [
        5.827000141143799, 2.009000062942505, 1.5989999771118164, 0.4620000123977661, 4.203000068664552,
        1.3400000333786009, 30.5310001373291,
      ].map(Math.fround),
    );
    expect(table.values.at(-1)).toBe(Math.fround(9.567000389099121));
    expect([table.text.get('date')?.[0], table.text.get('date')?.at(-1)]).toEqual([
      '2016-07-01 00:00:00',
      '2018-06-26 19:00:00',
    ]);
  });
});
