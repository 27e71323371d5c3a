import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeHtk, decodeSphinx } from '../../src/files/htk.js';
import { decodeKaldiMatrix, kaldiKeys, kaldiList } from '../../src/files/kaldi.js';
import { FeatureFiles, isRecording } from '../../src/files/recordings.js';
import { readClips, readRecording } from '../../src/files/transcripts.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { wavBytes } from './sound-file.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const ROWS = [
  [1, -2, 0.5],
  [4, 5, -6.25],
] as const;
const VALUES = Float32Array.from(ROWS.flat());
const FEATURES = { columns: 3, values: VALUES };

/** Bytes of numbers, written one after the other. */
function bytesOf(write: (view: DataView, add: (size: number) => number) => void): Buffer {
  const view = new DataView(new ArrayBuffer(4096));
  let end = 0;
  write(view, (size) => {
    end += size;
    return end - size;
  });
  return Buffer.from(new Uint8Array(view.buffer, 0, end));
}

function htk({ rows = 2, rowBytes = 12, kind = 6, values = [...VALUES] as number[] } = {}): Buffer {
  return bytesOf((view, add) => {
    view.setInt32(add(4), rows);
    view.setInt32(add(4), 100_000);
    view.setInt16(add(2), rowBytes);
    view.setUint16(add(2), kind);
    for (const value of values) view.setFloat32(add(4), value);
  });
}

function sphinx(isLittle: boolean, count = 6): Buffer {
  return bytesOf((view, add) => {
    view.setInt32(add(4), count, isLittle);
    for (const value of VALUES) view.setFloat32(add(4), value, isLittle);
  });
}

function kaldi(kind: 'FM ' | 'DM ' | 'CM ' = 'FM ', rows = 2, columns = 3, values = [...VALUES] as number[]): Buffer {
  return bytesOf((view, add) => {
    for (const byte of Buffer.from(`\0B${kind}`)) view.setUint8(add(1), byte);
    for (const size of [rows, columns]) {
      view.setInt8(add(1), 4);
      view.setInt32(add(4), size, true);
    }
    for (const value of values) {
      if (kind === 'DM ') view.setFloat64(add(8), value, true);
      else view.setFloat32(add(4), value, true);
    }
  });
}

const TEXT = ' [\n  1 -2 0.5\n  4 5 -6.25 ]\n';
const archive = () =>
  Buffer.concat([Buffer.from('a '), kaldi(), Buffer.from(`b ${TEXT}`), Buffer.from('17 '), kaldi('DM ')]);

function npy(shape = '(2, 3)', values: Float32Array | Float64Array = VALUES): Buffer {
  const descr = values instanceof Float32Array ? '<f4' : '<f8';
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`;
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  return Buffer.concat([head, Buffer.from(header), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

describe('features of other programs', () => {
  it('are read from HTK files, with a checksum or none', () => {
    expect(decodeHtk(htk(), 'a')).toEqual(FEATURES);
    expect(decodeHtk(Buffer.concat([htk({ kind: 6 + 0o10000 }), Buffer.of(1, 2)]), 'a')).toEqual(FEATURES);
  });

  it('are read from Sphinx files of either byte order', () => {
    expect(decodeSphinx(sphinx(true), 'a', 3)).toEqual(FEATURES);
    expect(decodeSphinx(sphinx(false), 'a', 3)).toEqual(FEATURES);
  });

  it('are read from matrices of Kaldi: floats, doubles, texts', () => {
    expect(decodeKaldiMatrix(kaldi(), 'a')).toEqual(FEATURES);
    expect(decodeKaldiMatrix(kaldi('DM '), 'a')).toEqual(FEATURES);
    expect(decodeKaldiMatrix(Buffer.from(TEXT), 'a')).toEqual(FEATURES);
    const bytes = archive();
    const keys = kaldiKeys(bytes, 'a');
    expect([...keys.keys()]).toEqual(['a', 'b', '17']);
    for (const at of keys.values()) expect(decodeKaldiMatrix(bytes, 'a', at)).toEqual(FEATURES);
  });

  it('lie where lists of Kaldi say', () => {
    const list = kaldiList('a feats.ark:2\r\nb /x y/feats.ark:50 \n\n', '/data/feats.scp');
    expect([...list]).toEqual([
      ['a', '/data/feats.ark:2'],
      ['b', '/x y/feats.ark:50'],
    ]);
    for (const wrong of ['a x.ark:1\na y.ark:2', 'alone', 'a copy-feats x |', 'a x.ark:5[0:3]']) {
      expect(() => kaldiList(wrong, 'l.scp')).toThrow(/'l\.scp' line [12]: expected a new key and a path/);
    }
  });

  it('are recognised by their first bytes, and their sizes', () => {
    const directory = temporaryDirectory();
    const write = (name: string, bytes: Buffer | string) => {
      writeFileSync(join(directory, name), bytes);
      return join(directory, name);
    };
    const files = new FeatureFiles(3);
    for (const path of [
      ...[write('a.npy', npy()), write('d.npy', npy('(2, 3)', Float64Array.from(VALUES))), write('a.htk', htk())],
      ...[
        write('a.mfc', sphinx(true)),
        write('b.mfc', sphinx(false)),
        write('c.mfc', htk()),
        write('any', sphinx(true)),
      ],
      ...[write('one.ark', kaldi()), write('text', TEXT), `${write('all.ark', archive())}:a`],
      ...[`${directory}/all.ark:b`, `${directory}/all.ark:17`, `${directory}/all.ark:2`],
      `${write('all.scp', 'x all.ark:2\ny one.ark\n')}:x`,
      `${directory}/all.scp:y`,
    ]) {
      expect([path, files.read(path)]).toEqual([path, FEATURES]);
      expect(readRecording(path, undefined, files)).toEqual({ samples: VALUES, sampleRate: 0, columns: 3 });
    }
    expect(files.read(write('a.wav', wavBytes([Float32Array.of(0.5)], 8000)))).toBeUndefined();
    expect(files.pathsOf(`${directory}/all.ark`)).toEqual(['a', 'b', '17'].map((key) => `${directory}/all.ark:${key}`));
    expect(files.pathsOf(`${directory}/all.scp`)).toEqual(['x', 'y'].map((key) => `${directory}/all.scp:${key}`));
    expect(files.pathsOf(`${directory}/one.ark`)).toEqual([`${directory}/one.ark`]);
    expect(['a.wav', 'b.MFC', 'c.ark:x', 'd.scp', 'e.npy'].every(isRecording)).toBe(true);
    expect(['a.csv', 'b.tsv', 'c.txt'].some(isRecording)).toBe(false);
    for (const [path, message] of [
      [`${directory}/all.ark:c`, /all\.ark' has no recording 'c'/],
      [`${directory}/all.scp:c`, /all\.scp' has no recording 'c'/],
      [`${directory}/all.ark`, /several recordings: name one of them, as in .*all\.ark:KEY/],
      [write('flat.npy', npy('(6,)')), /shape \(6\), expected \[steps, features\]/],
      [write('text.txt', 'hello world of features'), /expected a WAV file, or features/],
      [write('short.mfc', sphinx(true).subarray(0, 20)), /counts 6 floats/],
    ] as const) {
      expect(() => files.read(path)).toThrow(message);
    }
  });

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'an HTK header of more rows',
      () => decodeHtk(htk({ rows: 2 ** 31 - 1 }), 'f'),
      'file_truncated',
      /2147483647 rows/,
    ],
    ['an HTK file that goes on', () => decodeHtk(htk({ rows: 1 }), 'f'), 'file_corrupt', /36 bytes.* end at 24/],
    ['HTK rows of no bytes', () => decodeHtk(htk({ rowBytes: 0 }), 'f'), 'file_corrupt', /rows of 0 bytes/],
    ['negative HTK rows', () => decodeHtk(htk({ rows: -1 }), 'f'), 'file_corrupt', /-1 HTK rows/],
    ['compressed HTK features', () => decodeHtk(htk({ kind: 6 + 0o2000 }), 'f'), 'file_unsupported', /_C/],
    ['an HTK waveform', () => decodeHtk(htk({ kind: 0 }), 'f'), 'file_unsupported', /whole numbers/],
    ['half an HTK header', () => decodeHtk(htk().subarray(0, 8), 'f'), 'file_truncated', /HTK header/],
    [
      'numbers that are none',
      () => decodeHtk(htk({ values: [1, 2, 3, 4, Number.NaN, 6] }), 'f'),
      'file_corrupt',
      /row 1, column 1/,
    ],
    [
      'a Sphinx count of more floats',
      () => decodeSphinx(sphinx(true, 2 ** 30), 'f'),
      'file_corrupt',
      /1073741824 floats/,
    ],
    [
      'Sphinx floats of other rows',
      () => decodeSphinx(sphinx(true), 'f'),
      'file_corrupt',
      /no rows of 13; .*--coefficients/,
    ],
    [
      'a Kaldi header of more rows',
      () => decodeKaldiMatrix(kaldi('FM ', 2 ** 31 - 1, 2 ** 31 - 1), 'f'),
      'file_truncated',
      /2147483647 rows/,
    ],
    ['negative sizes of Kaldi', () => decodeKaldiMatrix(kaldi('FM ', -2, -3), 'f'), 'file_corrupt', /-2 rows/],
    [
      'a compressed matrix of Kaldi',
      () => decodeKaldiMatrix(kaldi('CM '), 'f'),
      'file_unsupported',
      /--compress=false/,
    ],
    ['an empty matrix of Kaldi', () => decodeKaldiMatrix(kaldi('FM ', 0, 0, []), 'f'), 'file_corrupt', /0 rows/],
    ['half a header of Kaldi', () => decodeKaldiMatrix(kaldi().subarray(0, 9), 'f'), 'file_truncated', /sizes/],
    ['text without an end', () => decodeKaldiMatrix(Buffer.from(' [\n 1 2\n'), 'f'), 'file_truncated', /with its '\]'/],
    [
      'text of uneven rows',
      () => decodeKaldiMatrix(Buffer.from(' [\n 1 2\n 3 ]'), 'f'),
      'file_corrupt',
      /1 numbers in row 1/,
    ],
    ['text of words', () => decodeKaldiMatrix(Buffer.from(' [ one ]'), 'f'), 'file_corrupt', /NaN in row 0/],
    [
      'an archive with a key twice',
      () => kaldiKeys(Buffer.concat([archive(), archive()]), 'f'),
      'file_corrupt',
      /key 'a' again/,
    ],
    ['an archive that is none', () => kaldiKeys(Buffer.from('nothing'), 'f'), 'file_corrupt', /no key/],
  ])('refuse %s', (_name, read, expected, message) => {
    expect(read).toThrow(code(expected));
    expect(read).toThrow(message);
  });

  it('must be alike in a table', () => {
    const directory = temporaryDirectory();
    const row = (file: string, bytes: Buffer, line: number) => {
      writeFileSync(join(directory, file), bytes);
      const place = { file: 'table.csv', line };
      return { file: join(directory, file), text: 'x', speaker: undefined, part: undefined, place };
    };
    const rows = [row('a.npy', npy(), 2), row('b.htk', htk(), 3)];
    expect(readClips(rows).map(({ columns }) => columns)).toEqual([3, 3]);
    const other = row('c.npy', npy('(3, 2)'), 4);
    expect(() => readClips([...rows, other])).toThrow(/line 4: .*features of 2 numbers, expected features of 3/);
    const sound = row('d.wav', wavBytes([Float32Array.of(0.5)], 8000), 5);
    expect(() => readClips([...rows, sound])).toThrow(/line 5: .*is a sound, expected features of 3/);
    expect(() => readClips([sound, ...rows])).toThrow(/line 2: .*expected a sound of 8000 samples/);
  });
});
