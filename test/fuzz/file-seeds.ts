/** Small valid files of every kind that is read. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { saveCheckpointSync } from '../../src/checkpoint/checkpoint.js';
import { writeSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import { bytesAsSource } from '../../src/core/byte-source.js';
import { readRegularFileSync } from '../../src/core/regular-file.js';
import { readZip } from '../../src/interchange/sources/zip.js';
import { wavBytes } from '../files/sound-file.js';

const text = (lines: readonly string[]) => Buffer.from(`${lines.join('\n')}\n`);

/** Bytes in the order in which `write` puts them. */
function numbers(size: number, write: (view: DataView) => void): Buffer {
  const bytes = Buffer.alloc(size);
  write(new DataView(bytes.buffer, bytes.byteOffset, size));
  return bytes;
}

function npy(descr: string, shape: string, values: NodeJS.ArrayBufferView): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117);
  const head = Buffer.from(`\x93NUMPY\x01\x00vv${header}\n`, 'latin1');
  head.writeUInt16LE(header.length + 1, 8);
  return Buffer.concat([head, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

function idx(type: number, shape: readonly number[], bytes: Buffer): Buffer {
  const head = Buffer.from([0, 0, type, shape.length]);
  const sizes = shape.map((size) => numbers(4, (view) => view.setUint32(0, size)));
  return Buffer.concat([head, ...sizes, bytes]);
}

function kaldi(key: string, kind: 'FM ' | 'DM '): Buffer {
  const bytes = kind === 'FM ' ? 4 : 8;
  const matrix = numbers(15 + 6 * bytes, (view) => {
    for (const [at, code] of Buffer.from(`\0B${kind}`, 'latin1').entries()) view.setUint8(at, code);
    view.setInt8(5, 4);
    view.setInt32(6, 2, true);
    view.setInt8(10, 4);
    view.setInt32(11, 3, true);
    for (let at = 0; at < 6; at++) {
      if (bytes === 4) view.setFloat32(15 + 4 * at, at / 4, true);
      else view.setFloat64(15 + 8 * at, at / 4, true);
    }
  });
  return Buffer.concat([Buffer.from(key), matrix]);
}

const htk = numbers(12 + 24, (view) => {
  view.setInt32(0, 2);
  view.setInt32(4, 100_000);
  view.setInt16(8, 12);
  view.setUint16(10, 6);
  for (let at = 0; at < 6; at++) view.setFloat32(12 + 4 * at, at - 2);
});

const sphinx = (isLittle: boolean) =>
  numbers(4 + 4 * 26, (view) => {
    view.setInt32(0, 26, isLittle);
    for (let at = 0; at < 26; at++) view.setFloat32(4 + 4 * at, at / 8, isLittle);
  });

function picture(channels: 1 | 3 | 4, depth: 8 | 16, width = 5, height = 4): Buffer {
  const count = width * height * channels;
  const data = depth === 8 ? new Uint8Array(count) : new Uint16Array(count);
  for (let at = 0; at < count; at++) data[at] = (at * 37) % 2 ** depth;
  return Buffer.from(encode({ width, height, channels, depth, data }));
}

const table = text([
  'date,a,b,__proto__',
  '2024-01-01,1,2.5,x',
  '2024-01-02,-3e2,0.25,"y ""z"""',
  '2024-01-03,4,1,"a,b"',
]);
const semicolons = text([
  'date;a;b;c',
  '01.02.2024 10:00;1,5;2;x',
  '02.02.2024 10:00;2,5;3;y',
  '03.02.2024 10:00;3,5;4;z',
]);
const tabs = text(['a\tb\tlabel', '1\t2\tyes', '3\t4\tno', '5\t6\tyes']);

const foreign = (name: string) =>
  readRegularFileSync(fileURLToPath(new URL(`../interchange/golden/files/${name}`, import.meta.url)));

/** The pickle of a file of torch.save. */
function pickleOf(name: string): Buffer {
  const entry = readZip(bytesAsSource(name, foreign(name))).get(`${name.replace('.pt', '')}/data.pkl`);
  return Buffer.from(entry?.open().read(0, entry.size) ?? []);
}

/** Valid files by the kind of reader that takes them. */
export function fileSeeds(directory: string) {
  const safetensors = join(directory, 'a.safetensors');
  const checkpoint = join(directory, 'b.safetensors');
  const tensors = new Map([
    ['layer.weights', { shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) }],
    ['__proto__', { shape: [], data: Float64Array.of(0.5) }],
    ['ids', { shape: [3], data: Int32Array.of(1, -1, 7) }],
  ]);
  writeSafetensorsSync(
    safetensors,
    tensors,
    new Map([
      ['format', 'pt'],
      ['constructor', '{"a": [1]}'],
    ]),
  );
  saveCheckpointSync(checkpoint, { tensors, metadata: { step: 3, nested: { list: [1, 'a', null] } } });
  const ramp = (length: number) => Float32Array.from({ length }, (_, at) => Math.sin(at / 3));
  return {
    wav: [wavBytes([ramp(40)], 8000), wavBytes([ramp(20), ramp(20)], 16_000)],
    png: [picture(1, 8), picture(3, 8), picture(4, 8), picture(3, 16), picture(1, 16, 9, 1)],
    idx: [
      idx(8, [2, 3, 4], Buffer.from(Array.from({ length: 24 }, (_, at) => at))),
      idx(8, [5], Buffer.from([0, 1, 2, 1, 0])),
      idx(13, [2, 2], Buffer.alloc(16, 1)),
      gzipSync(idx(8, [4, 2, 2], Buffer.alloc(16, 7))),
    ],
    npy: [
      npy('<f4', '2, 3', ramp(6)),
      npy('<f8', '3,', Float64Array.of(1, 2, 3)),
      npy('<i4', '', Int32Array.of(9)),
      npy('<i8', '2, 1', BigInt64Array.of(1n, -1n)),
    ],
    kaldi: [
      Buffer.concat([kaldi('one ', 'FM '), kaldi('two ', 'DM ')]),
      text(['utt1  [', '  1 2 3', '  4 5 6 ]', 'utt2  [', '  1 2 3 ]']),
      kaldi('', 'FM '),
    ],
    htk: [htk],
    sphinx: [sphinx(true), sphinx(false)],
    scp: [
      text(['one feats.ark:4', 'two feats.ark:two']),
      text(['one feats.ark:4', 'two feats.ark:__proto__', 'constructor other.scp:one']),
    ],
    table: [table, semicolons, tabs, text(['x', '1', '2', '', '3']), Buffer.from('\ufeffa,b\r\n1,2\r\n3,4', 'utf16le')],
    jsonLines: [
      text(['{"a": [1, 2.5, -3], "b": "text", "target": 1}', '{"a": [[1], [2]], "b": "x", "target": -1}']),
      text(['{"__proto__": [1], "a": [0], "b": "__proto__", "target": 0, "tokens": ["a", "constructor"]}']),
    ],
    tokens: [
      text(['The DT B-NP', 'cat NN I-NP', '', '-DOCSTART- X O', '', 'sat VB O']),
      text(['# global.columns = ID FORM UPOS', '1\tThe\tDET', '2-3\tcannot\t_', '2\tcan\tAUX', '', '1\tnot\tPART']),
    ],
    labels: [text(['__label__yes good film', '__label__no bad film']), text(['yes\tgood film', 'no\tbad film'])],
    pairs: [text(['hello\tbonjour', 'thanks\tmerci'])],
    pieces: [
      text(['{"train": [[[60, 64], [62]], [[70]]], "valid": [[[60]]], "test": [[[61], []]]}']),
      text(['{"notes": [[60], [61, 65]], "weight": 2}', '{"notes": [[60]], "weight": 1}']),
    ],
    transcripts: [text(['file,text,speaker,part', 'a.wav,one two,x,training', 'b.wav,three,y,valid'])],
    series: [
      text([
        '@problemName P',
        '@timeStamps false',
        '@univariate true',
        '@classLabel true a b',
        '@data',
        '1,2,3:a',
        '4,5:b',
      ]),
      text(['@problemName Q', '@targetLabel true', '@dimensions 2', '@data', '1,2:3,4:0.5', '5,?:7,8:1e3']),
    ],
    safetensors: [readRegularFileSync(safetensors)],
    stateDict: ['float32.safetensors', 'half.safetensors'].map(foreign),
    pytorch: ['plain.pt', 'strided.pt', 'checkpoint.pt'].map(foreign),
    pickles: ['plain.pt', 'protocol4.pt'].map(pickleOf),
    oldPytorch: ['old.pt', 'strided_old.pt'].map(foreign),
    npz: ['stored.npz', 'packed.npz', 'fortran.npz'].map(foreign),
    stateDicts: [
      text(['{"fc.weight": [[1, 2.5, -3], [4, 5, 6]], "fc.bias": [0.5, 1e-3]}']),
      text([
        '{"__proto__": [[1]], "rnn.weight_ih_l0": [[1], [2], [3], [4]], "rnn.weight_hh_l0": [[1], [2], [3], [4]]}',
      ]),
    ],
    checkpoint: [readRegularFileSync(checkpoint)],
  };
}
