import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pianoRows, readPianoPieces } from '../../src/files/piano-pieces.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

function fileOf(name: string, content: unknown): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('pieces of music', () => {
  it('are read by part from JSON, and as training pieces from JSON lines', async () => {
    const [first, second] = [
      [[60, 64], []],
      [[21], [108]],
    ];
    expect(await readPianoPieces(fileOf('a.json', { train: [first], test: [second] }))).toEqual({
      train: [first],
      test: [second],
    });
    const lines = [first, second].map((notes) => JSON.stringify({ notes })).join('\n');
    expect(await readPianoPieces(fileOf('a.jsonl', lines))).toEqual({ train: [first, second] });
  });

  it('have weights in JSON lines, where a field of them is named', async () => {
    const lines = (...weights: unknown[]) =>
      fileOf('a.jsonl', weights.map((w) => JSON.stringify({ notes: [[60]], w })).join('\n'));
    expect(await readPianoPieces(lines(2, 0), 'w')).toEqual({ train: [[[60]], [[60]]], weights: [2, 0] });
    await expect(readPianoPieces(lines(2, -1), 'w')).rejects.toThrow(/line 2, field 'w': expected 0, or numbers from/);
    expect(await readPianoPieces(fileOf('a.json', { train: [[[60]]] }), 'w')).toEqual({ train: [[[60]]] });
  });

  it('become rows of keys from the lowest, wider than the keys where that is asked for', () => {
    const rows = pianoRows([[21, 108], []], 90);
    expect(rows).toHaveLength(180);
    expect([...rows.keys()].filter((at) => rows[at] !== 0)).toEqual([0, 87]);
    expect([...rows].filter((value) => value === 1)).toHaveLength(2);
  });

  it('in MATLAB files and pickles are refused with the command that converts them', async () => {
    const matlab = `MATLAB 5.0 MAT-file, Platform: GLNXA64${'\0'.repeat(90)}`;
    const refusal = (file: string) => readPianoPieces(file).catch((error: Error) => error);
    const first = await refusal(fileOf('JSB.mat', matlab));
    expect(first).toMatchObject({ code: 'file_unsupported', details: { help: expect.stringMatching(/^python -c/) } });
    expect(first).toHaveProperty(
      'message',
      expect.stringMatching(/JSB\.mat' is a MATLAB file.*loadmat.*json\.dump.*'traindata'.*JSB\.mat' pieces\.json$/),
    );
    expect(await refusal(fileOf("it's.pickle", '(dp0\n'))).toMatchObject({
      code: 'file_unsupported',
      message: expect.stringMatching(
        /Python pickle, which could run any program.*pickle\.load.*it'\\''s\.pickle' pieces\.json$/,
      ),
    });
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a note below the piano', { train: [[[20]]] }, 'invalid_row', /'train', piece 0, frame 0.*21\.\.108, found 20/],
    ['half a note', { train: [[[60], [60.5]]] }, 'invalid_row', /frame 1.*found 60\.5/],
    ['a note as a text', { train: [[['60']]] }, 'invalid_row', /frame 0.*found "60"/],
    ['a frame that is no list', { train: [[60]] }, 'invalid_row', /frame 0: expected a list of notes, found 60/],
    ['a piece without frames', { train: [[]] }, 'invalid_row', /piece 0: expected at least one frame/],
    ['a part without pieces', { train: [[[60]]], valid: [] }, 'empty_data', /'valid' has no pieces/],
    ['no training part', { test: [[[60]]] }, 'invalid_row', /'train'.*found nothing/],
    ['a list', [[[60]]], 'invalid_row', /an object/],
    ['no JSON', '{"train": ', 'invalid_row', /is not JSON/],
  ])('are refused with %s', async (_name, content, code, message) => {
    const reading = readPianoPieces(fileOf('a.json', content));
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ code });
  });

  it('are refused in a line of JSON lines, which the message names', async () => {
    const file = fileOf('a.jsonl', '{"notes": [[60]]}\n{"notes": [[60], [109]]}\n');
    await expect(readPianoPieces(file)).rejects.toThrow(/line 2.*frame 1.*found 109/);
  });
});
