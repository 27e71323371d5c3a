import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { type JsonRow, jsonLine, readJsonLines } from '../../src/files/json-lines.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const place = { file: 'a.jsonl', line: 7 };
const read = <T>(line: string, use: (row: JsonRow) => T): T => jsonLine(use)(line, place);

function written(content: string): string {
  const path = join(temporaryDirectory(), 'data.jsonl');
  writeFileSync(path, content);
  return path;
}

describe('readJsonLines', () => {
  it('reads texts, ids, features and targets, with LF or CRLF, a byte order mark and empty lines', async () => {
    const vocabulary = CharacterVocabulary.fromText('abc');
    const path = written('\ufeff{"input":"ab","target":1}\r\n\r\n{"target":0,"input":"c"}\r\n');
    const examples = await readJsonLines(path, (row) => ({
      input: vocabulary.encode(row.text('input')),
      target: row.classId('target'),
    }));
    expect(examples).toEqual([
      { input: Int32Array.of(0, 1), target: 1 },
      { input: Int32Array.of(2), target: 0 },
    ]);
    const rows = await readJsonLines(written('{"x":[[1,2],[3,4.5]],"y":[7,-1]}'), (row) => ({
      input: row.rows('x', 2),
      target: row.ids('y'),
    }));
    expect(rows).toEqual([{ input: Float32Array.of(1, 2, 3, 4.5), target: Int32Array.of(7, -1) }]);
  });

  it('names file and line of what the example cannot be made of', async () => {
    const vocabulary = CharacterVocabulary.fromText('abc');
    const path = written('{"input":"ab"}\n\n{"input":"abx"}\n');
    const bad = readJsonLines(path, (row) => vocabulary.encode(row.text('input')));
    await expect(bad).rejects.toThrow(
      `'${path}' line 3: character "x" (U+0078) at position 2 is not in the vocabulary`,
    );
    await expect(bad).rejects.toMatchObject({ code: 'invalid_row', details: { line: 3, reason: 'unknown_symbol' } });
    await expect(readJsonLines(written('\n'), (row) => row)).rejects.toMatchObject({ code: 'empty_data' });
  });
});

describe('JsonRow', () => {
  it('reads fields as what they are wanted as', () => {
    const line = '{"n":-2.5,"t":"é","l":["a","b"],"s":[1,2],"u":[[3],[4]],"z":null,"__proto__":5}';
    read(line, (row) => {
      expect([row.number('n'), row.text('t'), row.texts('l')]).toEqual([-2.5, 'é', ['a', 'b']]);
      expect([row.rows('s'), row.rows('u')]).toEqual([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
      expect([row.has('n'), row.has('z'), row.has('q'), row.has('toString')]).toEqual([true, false, false, false]);
      expect([row.value('z'), row.value('q'), row.value('toString'), row.value('__proto__')]).toEqual([
        null,
        undefined,
        undefined,
        5,
      ]);
      expect(row.label('t', ['e', 'é'])).toBe(1);
    });
  });

  it('finds labels among 50,000 without a search for each, also when the list has changed', () => {
    const labels = Array.from({ length: 50_000 }, (_, at) => `class${at}`);
    const indexOf = (label: string) => read(JSON.stringify({ t: label }), (row) => row.label('t', labels));
    for (const [at, label] of labels.entries()) if (indexOf(label) !== at) throw new Error(`${label} is not at ${at}`);
    labels.reverse();
    expect([indexOf('class0'), indexOf('class49999')]).toEqual([49_999, 0]);
    labels.push('new');
    expect(indexOf('new')).toBe(50_000);
  });

  it.each<[string, string, (row: JsonRow) => unknown, string]>([
    ['no JSON', '{"a":', (row) => row, `'a.jsonl' line 7: expected a JSON object, found '{"a":'`],
    ['a key twice', '{"a":1,"a":2}', (row) => row, 'expected a JSON object'],
    ['a list', '[1]', (row) => row, "expected a JSON object, found '[1]'"],
    ['a missing field', '{}', (row) => row.text('input'), "field 'input': expected a string, found no such field"],
    ['a number for a text', '{"a":1}', (row) => row.text('a'), "field 'a': expected a string, found 1"],
    ['a text for a number', '{"a":"1"}', (row) => row.number('a'), "expected a finite number, found '1'"],
    [
      'a number beyond single precision',
      '{"a":1e39}',
      (row) => row.number('a'),
      'expected a finite number, found 1e+39',
    ],
    ['a fraction for a class', '{"a":1.5}', (row) => row.classId('a'), 'expected an integer >= -1, found 1.5'],
    [
      'a label that is not known',
      '{"a":"x"}',
      (row) => row.label('a', ['y', 'z']),
      `expected one of ["y","z"], found 'x'`,
    ],
    ['ids that are too small', '{"a":[0,-2]}', (row) => row.ids('a'), 'expected a list of integers >= -1, found -2'],
    ['ids that are too large', '{"a":[2147483648]}', (row) => row.ids('a'), 'found 2147483648'],
    ['no ids', '{"a":[]}', (row) => row.ids('a'), 'at least one, found []'],
    ['no list of texts', '{"a":["b",null]}', (row) => row.texts('a'), 'expected a list of strings, found null'],
    [
      'a row that is too short',
      '{"a":[[1,2],[3]]}',
      (row) => row.rows('a', 2),
      "field 'a' at step 1: expected a list of lists of 2 numbers, found [3]",
    ],
    ['a row that is none', '{"a":[[1,2],3]}', (row) => row.rows('a', 2), 'at step 1'],
    [
      'a row with a null',
      '{"a":[[1,null]]}',
      (row) => row.rows('a', 2),
      'at step 0: expected a list of lists of 2 numbers, found null',
    ],
  ])('refuses %s, naming line and field', (_, line, use, message) => {
    expect(() => read(line, use)).toThrow(message);
    expect(() => read(line, use)).toThrow(
      expect.objectContaining({ code: 'invalid_row', details: expect.objectContaining(place) }),
    );
  });
});
