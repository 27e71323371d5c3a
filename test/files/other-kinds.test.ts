/** Files of another kind, and places that are no files: errors say what they are. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCheckpoint, loadCheckpointSync, readCheckpointMetadata } from '../../src/checkpoint/checkpoint.js';
import { Run } from '../../src/checkpoint/run.js';
import { readSafetensors } from '../../src/checkpoint/safetensors.js';
import { readCsv } from '../../src/files/csv-table.js';
import { visitFileLines } from '../../src/files/file-lines.js';
import { readIdx, readIdxSync } from '../../src/files/idx.js';
import { readJsonLines } from '../../src/files/json-lines.js';
import { readLabelledLines } from '../../src/files/labelled-lines.js';
import { readLabelledText } from '../../src/files/labelled-text.js';
import { readNpy, readNpySync } from '../../src/files/npy.js';
import { readPianoPieces } from '../../src/files/piano-pieces.js';
import { readPng, readPngSync } from '../../src/files/png.js';
import { readText, readTextSync } from '../../src/files/text.js';
import { readTokenColumns } from '../../src/files/token-columns.js';
import { readTranscripts } from '../../src/files/transcripts.js';
import { readWav, readWavSync } from '../../src/files/wav.js';
import { loadModel } from '../../src/saved/load-model.js';
import { readLabelled } from '../../src/tasks/recipes/classify/labelled-sequences.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const READERS: Readonly<Record<string, (path: string) => unknown>> = {
  readWav,
  readPng,
  readNpy,
  readIdx,
  readText,
  visitFileLines: (path) => visitFileLines(path, () => undefined),
  loadCheckpoint,
  readSafetensors,
  readCheckpointMetadata,
  readWavSync,
  readPngSync,
  readNpySync,
  readIdxSync,
  readTextSync,
  loadCheckpointSync,
};

async function refusal(read: () => unknown): Promise<{ code?: string; message: string }> {
  try {
    await read();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was read');
}

describe('a place that is no file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bptt-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const link = join(folder, 'link');
  symlinkSync(pipe, link);
  const directory = join(folder, 'folder');
  mkdirSync(directory);
  const places: [string, string, RegExp][] = [
    ['a named pipe', pipe, /it is a named pipe/],
    ['a link to one', link, /it is a named pipe/],
    ['a device', '/dev/zero', /it is a device/],
    ['a folder', directory, /it is a directory/],
  ];

  describe.each(places)('%s', (_name, path, what) => {
    it.each(Object.entries(READERS))('is refused by %s, which does not wait', async (_reader, read) => {
      const error = await refusal(() => read(path));
      expect(error.message).toMatch(what);
      expect(error.message).toContain(`'${path}'`);
      expect(error.code).toMatch(/^(file|checkpoint)_unreadable$/);
    });
  });

  it('is refused when it is a socket', async () => {
    const path = join(folder, 'socket');
    const server = createServer().listen(path);
    for (const read of [readWav, readTextSync, loadCheckpoint, loadCheckpointSync]) {
      expect((await refusal(() => read(path))).message).toMatch(/it is a socket/);
    }
    server.close();
  });

  it('is refused as a run, as its configuration, and in a folder of texts', async () => {
    expect(await refusal(() => loadModel(pipe))).toHaveProperty('message', expect.stringMatching(/it is a named pipe/));
    expect(() => Run.read(pipe)).toThrow(/it is a named pipe/);
    const run = temporaryDirectory();
    execFileSync('mkfifo', [join(run, 'config.json')]);
    expect(() => Run.read(run)).toThrow(/config\.json.*it is a named pipe/);
    execFileSync('mkfifo', [join(run, 'class.txt')]);
    expect(await refusal(() => readLabelledLines(run))).toHaveProperty(
      'message',
      expect.stringMatching(/class\.txt.*it is a named pipe/),
    );
  });
});

describe('a file of another kind', () => {
  const rest = '\0\0\0\0 and much more of the same';
  const KINDS: [string, string, RegExp][] = [
    ['photo.jpg', '\xff\xd8\xff\xe0\0\x10JFIF', /a JPEG picture: convert it to PNG/],
    ['moving.gif', 'GIF89a', /a GIF picture/],
    ['small.webp', 'RIFF\x24\0\0\0WEBPVP8 ', /a WebP picture/],
    ['song.mp3', 'ID3\x03\0', /an MP3 sound: convert it to WAV/],
    ['bare.mp3', '\xff\xfb\x90\x64', /an MP3 sound/],
    ['song.flac', 'fLaC\0\0\0\x22', /a FLAC sound/],
    ['song.ogg', 'OggS\0\x02', /an Ogg sound/],
    ['some.zip', 'PK\x03\x04\x14\0', /a ZIP archive/],
    ['arrays.npz', `PK\x03\x04${'\0'.repeat(26)}x_train.npy`, /a NumPy archive \(\.npz\).*unpack it/],
    ['table.xlsx', `PK\x03\x04${'\0'.repeat(26)}[Content_Types].xml`, /an Excel table.*pandas\.read_excel/],
    ['table.parquet', 'PAR1\x15\0\x15', /a Parquet table.*pandas\.read_parquet/],
    ['table.feather', 'ARROW1\0\0\xff', /an Arrow or Feather table.*read_feather/],
    ['arrays.h5', '\x89HDF\r\n\x1a\n', /an HDF5 file.*read_hdf/],
    ['roll.mat', 'MATLAB 5.0 MAT-file, Platform: GLNXA64\0\x01IM\xf0', /a MATLAB file.*scipy\.io\.loadmat/],
    ['new.mat', 'MATLAB 7.3 MAT-file\0\xff', /a MATLAB file of version 7\.3/],
    ['song.mid', 'MThd\0\0\0\x06\0\x01\xff', /a MIDI file/],
    ['text.gz', '\x1f\x8b\x08\0', /gzip compressed: unpack it/],
    ['paper.pdf', '%PDF-1.7\n%\xe2\xe3\xcf\xd3', /a PDF document/],
    ['model.pkl', '\x80\x04\x95', /a Python pickle/],
    ['lfs.bin', 'version https://git-lfs.github.com/spec/v1\n', /a Git LFS pointer/],
  ];
  const readers = { readWav, readPng, readNpy, readIdx, readSafetensors };
  it.each(KINDS)('%s is called what it is, with what helps', async (name, begin, what) => {
    const path = join(temporaryDirectory(), name);
    writeFileSync(path, Buffer.from(begin + rest, 'latin1'));
    for (const [reader, read] of Object.entries(readers)) {
      if (reader === 'readIdx' && name === 'text.gz') continue; // it reads gzip
      expect((await refusal(() => read(path))).message, reader).toMatch(what);
    }
    if (name === 'lfs.bin') return; // it is a text
    const asText = [() => readText(path), () => visitFileLines(path, () => undefined)];
    if (name === 'paper.pdf') asText.pop(); // its first line is text
    const isText = name !== 'paper.pdf' && Buffer.from(begin, 'latin1').every((byte) => byte < 0x80);
    for (const read of isText ? [] : asText) expect((await refusal(read)).message).toMatch(what);
  });

  const TEXTS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    readCsv: (path) => readCsv(path, { columns: ['x'] }),
    readJsonLines: (path) => readJsonLines(path, (row) => row),
    readPianoPieces,
    readTokenColumns: (path) => readTokenColumns(path, { isConllu: false }),
    readLabelledText: (path) => readLabelledText(path, 'tab'),
    readTranscripts,
    'the task tag': (path) => readLabelled(path, { perStep: true }),
    'the task classify': (path) => readLabelled(path),
  };
  const BINARY = KINDS.filter(([name]) => !['text.gz', 'lfs.bin', 'roll.mat', 'model.pkl'].includes(name));
  it.each(BINARY)('%s is called what it is by readers of texts and tables', async (name, begin, what) => {
    const path = join(temporaryDirectory(), name);
    writeFileSync(path, Buffer.from(begin + rest, 'latin1'));
    for (const [reader, read] of Object.entries(TEXTS)) {
      expect((await refusal(() => read(path))).message, reader).toMatch(what);
    }
    const packed = `${path}.gz`;
    writeFileSync(packed, gzipSync(Buffer.from(begin + rest, 'latin1')));
    expect((await refusal(() => readCsv(packed, { columns: ['x'] }))).message).toMatch(what);
  });

  it('may begin as a table does: a table is read', async () => {
    for (const begin of ['ID3', 'PAR1', 'ORC', 'GIF8', 'BZh', 'MATLAB 5.0 MAT-file']) {
      const path = join(temporaryDirectory(), 'a.csv');
      writeFileSync(path, `${begin},x\n1,2\n`);
      expect([...(await readCsv(path, { columns: ['x'] })).values]).toEqual([2]);
    }
  });

  it('is a pointer or a web page in place of a table', async () => {
    const path = join(temporaryDirectory(), 'a.csv');
    for (const [begin, what] of [
      ['version https://git-lfs.github.com/spec/v1\noid sha256:0', /a Git LFS pointer/],
      ['<!DOCTYPE html>\n<html>', /a web page/],
    ] as const) {
      writeFileSync(path, begin);
      await expect(readCsv(path, { columns: ['x'] })).rejects.toThrow(what);
      await expect(readJsonLines(path, (row) => row)).rejects.toMatchObject({ code: 'file_unsupported' });
    }
  });

  it('of the right kind is not called another', async () => {
    const path = join(temporaryDirectory(), 'a.npy');
    writeFileSync(path, Buffer.from(`\x93NUMPY\x09\0${rest}`, 'latin1'));
    expect((await refusal(() => readNpy(path))).message).not.toContain('it is a');
  });
});
