import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CONLLU_COLUMNS, readTokenColumns, type TokenColumnsOptions } from '../../src/files/token-columns.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

function read(bytes: string | Uint8Array, options: Partial<TokenColumnsOptions> = {}) {
  const file = join(temporaryDirectory(), 'a.conll');
  writeFileSync(file, bytes);
  return readTokenColumns(file, { isConllu: false, ...options });
}

async function rowsOf(bytes: string | Uint8Array, options: Partial<TokenColumnsOptions> = {}) {
  return (await read(bytes, options)).sentences.map(({ rows }) => rows.map((fields) => fields.join('/')));
}

const CONLLU = [
  '# sent_id = 1',
  '# text = du lit',
  '1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_',
  '1\tde\tde\tADP\t_\t_\t3\tcase\t_\t_',
  '2\tle\tle\tDET\t_\t_\t3\tdet\t_\t_',
  '2.1\tvide\t_\t_\t_\t_\t_\t_\t_\t_',
  '3\t#\t#\tSYM\t_\t_\t0\troot\t_\t_',
  '',
  '1\t10 000\t10000\tNUM\t_\t_\t0\troot\t_\t_',
  '',
].join('\n');

describe('columns of tokens', () => {
  it('are separated by blanks or tabs, and sentences by empty lines', async () => {
    expect(await rowsOf('EU NNP B-ORG\nrejects  VBZ O\n\n \nGerman JJ B-MISC \n')).toEqual([
      ['EU/NNP/B-ORG', 'rejects/VBZ/O'],
      ['German/JJ/B-MISC'],
    ]);
    expect(await rowsOf('New York\tLOC\r\n\r\nhere\tO\r\n')).toEqual([['New York/LOC'], ['here/O']]);
    expect(await rowsOf(gzipSync('a X\rb Y'))).toEqual([['a/X', 'b/Y']]);
  });

  it('have lines that begin documents, which are no tokens', async () => {
    const { sentences, columns } = await read(
      '-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\n-DOCSTART- O\nBrexit NNP B-NP O\n',
    );
    expect(columns).toEqual(['1', '2', '3', '4']);
    expect(sentences.map(({ lines }) => lines)).toEqual([[3], [5]]);
  });

  it('take # for a token where it has the columns of one, and else for a comment before a sentence', async () => {
    expect(await rowsOf('# id 7 domain=news\n# # O\na X O\n\n# id 8 x\n#tag X O\n')).toEqual([
      ['#/#/O', 'a/X/O'],
      ['#tag/X/O'],
    ]);
    expect(await rowsOf('# O\n#tag B\n')).toEqual([['#/O', '#tag/B']]);
    expect(await rowsOf('# O\na B\n', { comment: '#' })).toEqual([['a/B']]);
    await expect(read('a X O\n# id\n')).rejects.toThrow(/a\.conll' line 2: expected 3 columns.*found 2; --comment/);
  });

  it('of CoNLL-U have names; comments, words of several tokens and empty words are left out', async () => {
    const { columns, sentences } = await read(CONLLU, { isConllu: true });
    expect(columns).toEqual(CONLLU_COLUMNS);
    expect(sentences.map(({ rows }) => rows.map((fields) => fields[1]))).toEqual([['de', 'le', '#'], ['10 000']]);
    expect(sentences.map(({ lines }) => lines)).toEqual([[4, 5, 7], [9]]);
    const plus = await read('# global.columns = ID FORM SLOT\n1\ta\tB\n1-2\tab\t_\n', { isConllu: true });
    expect(plus).toMatchObject({ columns: ['ID', 'FORM', 'SLOT'], sentences: [{ rows: [['1', 'a', 'B']] }] });
  });

  it('are refused with file and line where a token has too few, and where there is none', async () => {
    await expect(read('a X\nb\n')).rejects.toMatchObject({
      code: 'invalid_row',
      message: expect.stringMatching(/a\.conll' line 2: expected 2 columns with blanks between.*found 1/),
    });
    await expect(read(CONLLU.replace('\t0\troot\t_\t_', ''), { isConllu: true })).rejects.toThrow(
      /line 7: expected 10 columns.*found 6/,
    );
    await expect(read('\n-DOCSTART-\n\n')).rejects.toMatchObject({ code: 'empty_data' });
    await expect(read('# only\n', { isConllu: true })).rejects.toMatchObject({ code: 'empty_data' });
  });
});
