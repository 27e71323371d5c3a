/** The readers of files, each with what a program does with its result. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadCheckpoint, loadCheckpointSync, readCheckpointMetadata } from '../../src/checkpoint/checkpoint.js';
import { readSafetensors, readSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import { DataError } from '../../src/core/errors.js';
import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { FileExamples } from '../../src/data/file-examples.js';
import { WordVocabulary } from '../../src/data/word-vocabulary.js';
import { importModel, inspectFile } from '../../src/entries/interchange.js';
import { readCsv } from '../../src/files/csv-table.js';
import { idxImages, idxLabels, readIdxSync } from '../../src/files/idx.js';
import { type JsonRow, jsonLine, readJsonLines } from '../../src/files/json-lines.js';
import { readLabelledText, readTextsAfterLabels } from '../../src/files/labelled-text.js';
import { readNpySync } from '../../src/files/npy.js';
import { readParallelText } from '../../src/files/parallel-text.js';
import { pianoRows, readPianoPieces } from '../../src/files/piano-pieces.js';
import { readPngSync } from '../../src/files/png.js';
import { FeatureFiles } from '../../src/files/recordings.js';
import { readTable } from '../../src/files/table.js';
import { readText } from '../../src/files/text.js';
import { readSeriesFile, readTimeSeries } from '../../src/files/time-series-file.js';
import { readTokenColumns } from '../../src/files/token-columns.js';
import { readClips, readRecording, readTranscripts } from '../../src/files/transcripts.js';
import { readWavSync } from '../../src/files/wav.js';
import { npy, zip } from '../interchange/made-files.js';
import { crc32 } from './crc32.js';
import { fileSeeds } from './file-seeds.js';
import { asOnnxGraph, onnxSeeds } from './onnx-seeds.js';

/** A reader, valid files for it, and the name under which a mutated one is written. */
export interface FileTarget {
  readonly name: string;
  readonly file: string;
  readonly seeds: readonly Uint8Array[];
  /** Makes a mutated file whole again where a checksum or a compression would hide everything behind it. */
  readonly repair?: (bytes: Buffer) => Buffer;
  readonly read: (path: string) => unknown;
}

/** Gives the chunks of a PNG file right checksums, as an attacker does. */
function withChecksums(bytes: Buffer): Buffer {
  const whole = Buffer.from(bytes);
  for (let at = 8; at + 12 <= whole.length; ) {
    const size = whole.readUInt32BE(at);
    if (at + 12 + size > whole.length) break;
    whole.writeUInt32BE(crc32(whole.subarray(at + 4, at + 8 + size)), at + 8 + size);
    at += 12 + size;
  }
  return whole;
}

const ZIP = Buffer.from('PK\x03\x04');

/** Bytes of the storages of golden/files/plain.pt in test/interchange, by their keys. */
const PICKLE_BYTES = [60, 144, 192, 48, 48, 32, 8];

/** Gives a safetensors file the right length of its header, up to the last brace before binary data. */
function withHeaderLength(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf('}}') + 2;
  if (bytes.length < 16 || end < 10) return bytes;
  const whole = Buffer.from(bytes);
  const blanks = /^ */.exec(bytes.toString('latin1', end, end + 8))?.[0].length ?? 0;
  whole.writeBigUInt64LE(BigInt(end + blanks - 8), 0);
  return whole;
}

/** The right first bytes, by which a file is recognised: mutations are frequent there. */
const withBegin = (begin: Uint8Array) => (bytes: Buffer) => Buffer.concat([begin, bytes.subarray(begin.byteLength)]);

/** A mutated pickle in a right archive, beside the numbers of its tensors. */
const asTorchFile = (bytes: Buffer): Buffer =>
  zip([
    { name: 'a/data.pkl', data: bytes },
    ...[0, 1, 2, 3, 4, 5, 6].map((key) => ({ name: `a/data/${key}`, data: new Uint8Array(PICKLE_BYTES[key] ?? 0) })),
  ]);

/** A mutated array in a right archive. */
const asArchive = (bytes: Buffer): Buffer =>
  zip([
    { name: 'fc.weight.npy', data: bytes, isPacked: true },
    { name: 'fc.bias.npy', data: npy('<f4', '2,', new Uint8Array(8)) },
  ]);

function readFeatures(path: string): void {
  const files = new FeatureFiles(13);
  for (const each of files.pathsOf(path)) files.read(each);
}

async function readLines(path: string): Promise<void> {
  const read = (row: JsonRow) => {
    if (row.has('tokens')) return row.texts('tokens');
    const rows = Array.isArray((row.value('a') as unknown[] | undefined)?.[0])
      ? row.rows('a', 1)
      : row.doubles('a', 1, true);
    return [rows, row.text('b'), row.classId('target'), row.label('b', ['text', '__proto__', 'x'])];
  };
  await readJsonLines(path, read);
  const parse = jsonLine((row: JsonRow) => ({ input: row.rows('a'), target: row.classId('target') }));
  const examples = await FileExamples.open(path, { parse });
  await examples.read(Int32Array.from({ length: examples.count }, (_, at) => at));
}

async function readColumns(path: string): Promise<void> {
  const all = await readTable(path, ({ columns }) => ({ numbers: [], texts: columns }));
  const { columns } = all.start;
  for (const column of columns) all.texts.get(column)?.at(0);
  const numeric = columns.filter((_, at) => at === 1 || at === 2);
  await readCsv(path, {
    columns: numeric.length > 0 ? numeric : columns,
    text: columns.slice(0, 1),
    precision: 'float64',
  });
}

async function readWords(path: string): Promise<void> {
  const text = await readText(path);
  if (text.length === 0) return;
  const characters = CharacterVocabulary.fromText(text);
  CharacterVocabulary.fromJSON(JSON.parse(JSON.stringify(characters.toJSON())));
  const words = WordVocabulary.fromText(text);
  words.encode(text.slice(0, 100));
}

async function readSounds(path: string): Promise<void> {
  const clips = await readTranscripts(path);
  for (const { file } of clips) {
    // Paths of a forged table may lead anywhere: what is there is refused or read as a sound, and never written.
    try {
      readRecording(file);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
    }
  }
  await readClips(clips.slice(0, 1));
}

/** All targets; their files are written to a directory. */
export function fileTargets(directory: string): FileTarget[] {
  const seeds = fileSeeds(directory);
  writeFileSync(join(directory, 'feats.ark'), seeds.kaldi[0] as Buffer);
  writeFileSync(join(directory, 'other.scp'), 'one feats.ark:4\n');
  writeFileSync(join(directory, 'a.wav'), seeds.wav[0] as Buffer);
  writeFileSync(join(directory, 'b.wav'), seeds.wav[0] as Buffer);
  const png = (path: string) => readPngSync(path, { maxPixels: 2 ** 18 });
  const idx = (path: string) => {
    const array = readIdxSync(path, { maxBytes: 2 ** 22 });
    return array.shape.length === 1 ? idxLabels(array) : idxImages(array);
  };
  const checkpoints = async (path: string) => {
    loadCheckpointSync(path);
    await loadCheckpoint(path);
    await readCheckpointMetadata(path);
  };
  const tensors = async (path: string) => {
    readSafetensorsSync(path);
    await readSafetensors(path);
  };
  const labels = async (path: string) => {
    const separator = readFileSync(path).includes('__label__') ? 'prefix' : 'tab';
    await readTextsAfterLabels(path, separator);
    await readLabelledText(path, separator);
  };
  const tokens = async (path: string) => {
    await readTokenColumns(path, { isConllu: readFileSync(path).includes('# ') });
  };
  const series = async (path: string) => {
    await readSeriesFile(path, {}, true);
    await readTimeSeries(path);
  };
  const pieces = async (path: string) => {
    const { train } = await readPianoPieces(path);
    for (const piece of train) pianoRows(piece);
  };
  const foreign = async (path: string) => {
    await inspectFile(path);
    const { model } = await importModel(path);
    model.dispose();
  };
  const oldBegin = (seeds.oldPytorch[0] as Buffer).subarray(0, 14);
  const packed = (bytes: Buffer) => gzipSync(bytes, { level: 1 });
  return [
    { name: 'wav', file: 'x.wav', seeds: seeds.wav, read: (path) => [readWavSync(path), readRecording(path)] },
    { name: 'png', file: 'x.png', seeds: seeds.png, read: png },
    { name: 'png-chunks', file: 'x.png', seeds: seeds.png, repair: withChecksums, read: png },
    { name: 'idx', file: 'x.idx', seeds: seeds.idx, read: idx },
    { name: 'idx-packed', file: 'x.idx', seeds: seeds.idx.slice(0, 3), repair: packed, read: idx },
    {
      name: 'npy',
      file: 'x.npy',
      seeds: seeds.npy,
      read: (path) => [readNpySync(path), new FeatureFiles().read(path)],
    },
    { name: 'kaldi', file: 'x.ark', seeds: seeds.kaldi, read: readFeatures },
    { name: 'scp', file: 'x.scp', seeds: seeds.scp, read: readFeatures },
    { name: 'htk', file: 'x.htk', seeds: seeds.htk, read: readFeatures },
    { name: 'sphinx', file: 'x.mfc', seeds: seeds.sphinx, read: readFeatures },
    { name: 'table', file: 'x.csv', seeds: seeds.table, read: readColumns },
    { name: 'table-packed', file: 'x.csv.gz', seeds: seeds.table, repair: packed, read: readColumns },
    { name: 'gzip', file: 'x.csv.gz', seeds: seeds.table.map((bytes) => gzipSync(bytes)), read: readColumns },
    { name: 'json-lines', file: 'x.jsonl', seeds: seeds.jsonLines, read: readLines },
    { name: 'tokens', file: 'x.conll', seeds: seeds.tokens, read: tokens },
    { name: 'labels', file: 'x.txt', seeds: seeds.labels, read: labels },
    { name: 'pairs', file: 'x.tsv', seeds: seeds.pairs, read: (path) => readParallelText(path) },
    { name: 'pieces', file: 'x.json', seeds: seeds.pieces.slice(0, 1), read: pieces },
    { name: 'piece-lines', file: 'x.jsonl', seeds: seeds.pieces.slice(1), read: pieces },
    { name: 'transcripts', file: 'x.csv', seeds: seeds.transcripts, read: readSounds },
    { name: 'series', file: 'x.ts', seeds: seeds.series, read: series },
    { name: 'text', file: 'x.txt', seeds: [...seeds.tokens, ...seeds.labels], read: readWords },
    { name: 'safetensors', file: 'x.safetensors', seeds: seeds.safetensors, read: tensors },
    {
      name: 'safetensors-header',
      file: 'x.safetensors',
      seeds: seeds.safetensors,
      repair: withHeaderLength,
      read: tensors,
    },
    { name: 'pytorch', file: 'x.pt', seeds: seeds.pytorch, repair: withBegin(ZIP), read: foreign },
    { name: 'pytorch-pickle', file: 'x.pt', seeds: seeds.pickles, repair: asTorchFile, read: foreign },
    { name: 'pytorch-old', file: 'x.pt', seeds: seeds.oldPytorch, repair: withBegin(oldBegin), read: foreign },
    { name: 'npz', file: 'x.npz', seeds: seeds.npz, repair: withBegin(ZIP), read: foreign },
    { name: 'npz-array', file: 'x.npz', seeds: seeds.npy.slice(0, 2), repair: asArchive, read: foreign },
    { name: 'state-dict-json', file: 'x.json', seeds: seeds.stateDicts, read: foreign },
    {
      name: 'foreign-safetensors',
      file: 'x.safetensors',
      seeds: seeds.stateDict,
      repair: withHeaderLength,
      read: foreign,
    },
    { name: 'onnx', file: 'x.onnx', seeds: onnxSeeds(), read: foreign },
    { name: 'onnx-graph', file: 'x.onnx', seeds: onnxSeeds().slice(0, 40), repair: asOnnxGraph, read: foreign },
    { name: 'checkpoint', file: 'x.safetensors', seeds: seeds.checkpoint, read: checkpoints },
  ];
}
