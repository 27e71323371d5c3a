import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { namesInList } from '../../src/files/column-names.js';
import { parseDecimal, parseDecimalComma } from '../../src/files/decimal.js';
import { NumberList } from '../../src/files/number-list.js';
import { readTable } from '../../src/files/table.js';
import { tablePieces } from '../../src/files/table-bytes.js';
import { requireTableFormat, type TableFormat } from '../../src/files/table-format.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

function written(content: string | Uint8Array): string {
  const path = join(temporaryDirectory(), 'data.csv');
  writeFileSync(path, content);
  return path;
}

const read = (content: string | Uint8Array, format: TableFormat = {}, numbers = ['a', 'b']) =>
  readTable(written(content), () => ({ numbers }), format);

const numbersOf = async (content: string | Uint8Array, format: TableFormat = {}, numbers = ['a', 'b']) => [
  ...(await read(content, format, numbers)).numbers,
];

describe('a table', () => {
  it.each<[string, string]>([
    ['commas', 'a,b\n1.5,2\n3,4\n'],
    ['semicolons', 'a;b\n1.5;2\n3;4\n'],
    ['semicolons and decimal commas', 'a;b\n1,5;2\n3;4\n'],
    ['tabs', 'a\tb\n1.5\t2\n3\t4\n'],
    ['tabs and decimal commas', 'a\tb\n1,5\t2,0\n3,0\t4,0\n'],
    ['bars', 'a|b\n1.5|2\n3|4\n'],
    ['decimal commas in quotes', 'a,b\n"1,5",2\n3,4\n'],
    ['CRLF', 'a,b\r\n1.5,2\r\n3,4\r\n'],
    ['CR', 'a,b\r1.5,2\r3,4\r'],
    ['LF after a header with CRLF', 'a,b\r\n1.5,2\n3,4\n'],
    ['CRLF and quotes after a header with LF', 'a,b\n"1.5","2"\r\n"3","4"\r\n'],
    ['all line ends', 'a,b\r"1.5",2\r\n3,4\n'],
    ['a byte order mark', '\ufeffa,b\n1.5,2\n3,4\n'],
    ['empty lines', '\n\na,b\n\n1.5,2\n\r\n3,4\n\n'],
    ['other columns with separators in them', 'a,c,b\n1.5,"x;y",2\n3,"u,v;w|x",4\n'],
  ])('is recognised with %s', async (_, content) => {
    expect(await numbersOf(content)).toEqual([1.5, 2, 3, 4]);
  });

  it('is decoded by its byte order mark, or by the encoding that is given', async () => {
    const utf16 = Buffer.from('\ufeffä;b\n1,5;2\n', 'utf16le');
    expect(await numbersOf(utf16, {}, ['ä', 'b'])).toEqual([1.5, 2]);
    expect(await numbersOf(Buffer.from(utf16).swap16(), {}, ['ä', 'b'])).toEqual([1.5, 2]);
    const latin1 = Buffer.from('ä,b\n1.5,2\n', 'latin1');
    expect(await numbersOf(latin1, { encoding: 'latin1' }, ['ä', 'b'])).toEqual([1.5, 2]);
    await expect(read(latin1)).rejects.toThrow(/not UTF-8: byte 0xe4 at offset 0; --encoding latin1/);
    await expect(read(Buffer.from('a;b\n1;2\n', 'utf16le'))).rejects.toThrow(/--encoding utf-16le/);
    const wrong = Buffer.concat([Buffer.from('a,b\n1.5,2\n'), Buffer.of(0x81)]);
    await expect(read(wrong, { encoding: 'shift_jis' })).rejects.toMatchObject({ code: 'not_utf8' });
  });

  it('is unpacked, up to a limit, and refused when it is cut off', async () => {
    const packed = gzipSync('a,b\n1.5,2\n3,4\n');
    expect(await numbersOf(packed)).toEqual([1.5, 2, 3, 4]);
    await expect(read(packed.subarray(0, 20))).rejects.toMatchObject({ code: 'file_corrupt' });
    const bomb = written(gzipSync(Buffer.alloc(1 << 22)));
    const eat = async () => {
      for await (const _ of tablePieces(bomb, undefined, 1 << 21));
    };
    await expect(eat()).rejects.toMatchObject({ code: 'too_long', details: { file: bomb, limit: 1 << 21 } });
  });

  it('has the numbers 1, 2, ... as names without a header, comments and a footer', async () => {
    const content = '# made by a logger\n1.5;2\n# again\n3;4\nsum;6\n';
    const table = await read(content, { header: 'none', comment: '#', skipFooter: 1 }, ['2', '1']);
    expect([...table.numbers]).toEqual([2, 1.5, 4, 3]);
    expect([...table.lines]).toEqual([2, 4]);
  });

  it('is split at another sign than the comma when that is the decimal sign', async () => {
    expect(await numbersOf('a,x;b\n1,5;2\n', { decimal: 'comma' }, ['a,x', 'b'])).toEqual([1.5, 2]);
    expect(await numbersOf('a\n1,5\n2\n', { decimal: 'comma' }, ['a'])).toEqual([1.5, 2]);
    expect(await numbersOf('a,b\n"1,5","2"\n', { decimal: 'comma' })).toEqual([1.5, 2]);
  });

  it('has quotes of another sign, or none', async () => {
    expect(await numbersOf("a,b\n'1.5','2'\n", { quote: "'" })).toEqual([1.5, 2]);
    expect(await numbersOf('a,5" pipe\n1.5,2\n', { quote: 'none' }, ['a', '5" pipe'])).toEqual([1.5, 2]);
  });

  it('keeps the lines of rows after fields of several lines, in pieces of any size', async () => {
    const lines = ['a,b,c', ...Array.from({ length: 60_000 }, (_, at) => `${at},${at / 4},"é\r\n${at}\n"`)];
    const table = await read(lines.join('\r\n'), {}, ['a', 'b']);
    expect(table.rows).toBe(60_000);
    expect([table.lines[0], table.lines[1], table.lines[59_999]]).toEqual([2, 5, 2 + 3 * 59_999]);
    expect([...table.numbers.slice(-2)]).toEqual([59_999, 59_999 / 4]);
  });

  it('keeps numbers in double precision, and equal texts once', async () => {
    const table = await readTable(written('a,c\n432100000.25,x\n432100000.5,y\n1,x\n'), () => ({
      numbers: ['a'],
      texts: ['c'],
    }));
    expect([...table.numbers]).toEqual([432100000.25, 432100000.5, 1]);
    const column = table.texts.get('c');
    expect([column?.values, column?.at(2)]).toEqual([['x', 'y'], 'x']);
  });

  it.each<[string, string, TableFormat, RegExp]>([
    ['two separators that fit', 'a,x;b\n1,5;2\n3,5;4\n', {}, /line 1: .*',' and ';', which both fit; --delimiter ','/],
    ['decimal commas that may be thousands', 'a;b\n1,500;2\n', {}, /line 2, column 'a'.*'1,500'; --decimal comma/],
    ['points among decimal commas', 'a;b\n1.500;2\n', { decimal: 'comma' }, /'1\.500'; --decimal point/],
    ['a missing value', 'a,b\n1,2\n3,NA\n', {}, /line 3, column 'b'.*'NA'; --missing interpolate/],
    ['an empty field', 'a,b\n1,\n', {}, /line 2, column 'b'.*found nothing; --missing interpolate/],
    ['another mark', 'a,b\n1,gone\n', {}, /'gone'; --missing-values 'gone' .* --categories/],
    ['thousands', 'a;b\n1.000,5;2\n', { decimal: 'comma' }, /found '1\.000,5'$/],
    ['a unit', 'a,b\n1,5 %\n', {}, /found '5 %'$/],
    ['a date', 'a,b\n1,2024-01-05\n', {}, /--time COLUMN/],
    ['a footer', 'a,b\n1,2\nTotal\n', {}, /line 3: expected 2 fields, found 1; --skip-footer N/],
    ['too many fields', 'a,b\n1,2,3\n', {}, /line 2: expected 2 fields, found 3; --delimiter/],
    ['a quote that is not closed', 'a,b\n1,2\n1,"2\n3,4\n', {}, /line 3: .*a quote that is not closed; --quote none/],
  ])('refuses %s with the option that helps', async (_, content, format, message) => {
    await expect(read(content, format)).rejects.toThrow(message);
  });

  it('does not show a whole row', async () => {
    const long = 'x'.repeat(1e5);
    for (const content of [`a,b\n1,${long}\n`, `a,${long}\n1,2\n`, `a,b\n1,"${long}"${long}\n`, `${long}\n1\n`]) {
      const error = (await read(content).catch((caught: unknown) => caught)) as Error;
      expect(error).toMatchObject({ code: 'invalid_row' });
      expect(error.message.length).toBeLessThan(500);
    }
  });

  it('takes time that grows with its size where it has very many columns', async () => {
    const names = Array.from({ length: 20_000 }, (_, at) => `c${at}`);
    const content = `${names.join(',')}\n${names.map((_, at) => at).join(',')}\n`;
    const { numbers } = await read(content, {}, names);
    expect([numbers.length, numbers.at(-1)]).toEqual([20_000, 19_999]);
  });

  it('refuses formats that are none', () => {
    const wrong: readonly object[] = [
      { delimiter: ',,' },
      { delimiter: '"' },
      { decimal: ',' },
      { quote: '""' },
      { header: 'second' },
      { encoding: 'klingon' },
      { comment: '"' },
      { skipFooter: -1 },
    ];
    for (const format of wrong) {
      expect(() => requireTableFormat('format', format)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    }
    expect(() => requireTableFormat('format', { separator: ',' } as never)).toThrow(/no option 'separator'/);
    expect(requireTableFormat('format', { delimiter: 'tab' }).delimiter).toBe('\t');
  });
});

describe('names in a list', () => {
  it('are quoted where they have commas', () => {
    expect(namesInList('a, b,"c,d","e ""f"""')).toEqual(['a', 'b', 'c,d', 'e "f"']);
  });
});

describe('numbers', () => {
  it('are refused in a time that grows with their length', () => {
    const digits = '1'.repeat(1e6);
    for (const text of [`${digits}x`, `1.${digits}x`, `.${digits}x`, `1e${digits}x`]) {
      expect([parseDecimal(text), parseDecimalComma(text.replace('.', ','))]).toEqual([undefined, undefined]);
    }
  });

  it.each(['1,5', '-1,5', '+,5', '1,', '1,5e3', '15'])('have a decimal comma: %s', (text) => {
    expect(parseDecimalComma(text)).toBe(Number(text.replace(',', '.')));
  });

  it.each(['1.5', '1,2,3', ',', '', '1.000,5'])('have none: %s', (text) => {
    expect(parseDecimalComma(text)).toBeUndefined();
  });

  it('grow in a list without a limit', () => {
    const list = new NumberList();
    for (let at = 0; at < 200_000; at++) list.push(at);
    const numbers = list.take();
    expect([numbers.length, numbers[65_536], numbers.at(-1), list.length]).toEqual([200_000, 65_536, 199_999, 0]);
    const expected = new NumberList(1e5);
    for (let at = 0; at < 9e4; at++) expected.push(at);
    const exact = expected.take();
    expect([exact.length, exact.at(-1), exact.buffer.byteLength]).toEqual([9e4, 89_999, 8e5]);
    const few = new NumberList(1e5);
    few.push(7);
    expect(few.take().buffer.byteLength).toBe(8);
  });
});
