import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BpttError, DataError } from '../../src/core/errors.js';
import { decodeWav, readWav, readWavSync } from '../../src/files/wav.js';
import { fileCase, fileCases } from '../features/load-golden.js';
import { sharedData } from '../features/shared-data.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** A WAV file of chunks; `size` is what its RIFF chunk claims. */
function riff(chunks: readonly (readonly [id: string, data: Uint8Array])[], size?: number): Buffer {
  const body = Buffer.concat(
    chunks.flatMap(([id, data]) => {
      const head = Buffer.alloc(8);
      head.write(id, 'latin1');
      head.writeUInt32LE(data.length, 4);
      return [head, data, Buffer.alloc(data.length % 2)];
    }),
  );
  const head = Buffer.alloc(12);
  head.write('RIFF....WAVE', 'latin1');
  head.writeUInt32LE(size ?? body.length + 4, 4);
  return Buffer.concat([head, body]);
}

function format(fields: {
  tag?: number;
  channels?: number;
  rate?: number;
  frameBytes?: number;
  bits?: number;
}): Buffer {
  const { tag = 1, channels = 1, rate = 8000, bits = 16 } = fields;
  const chunk = Buffer.alloc(16);
  chunk.writeUInt16LE(tag, 0);
  chunk.writeUInt16LE(channels, 2);
  chunk.writeUInt32LE(rate, 4);
  chunk.writeUInt16LE(fields.frameBytes ?? (channels * bits) / 8, 12);
  chunk.writeUInt16LE(bits, 14);
  return chunk;
}

const samples = Buffer.from(Int16Array.of(16384, -8192, 0).buffer);

describe('decodeWav', () => {
  it.each(fileCases('wav'))(
    'reads the exact samples of $name, every channel by itself',
    ({ bytes, shape, expected }) => {
      const { sampleRate, channels } = decodeWav(bytes, 'a.wav');
      expect(sampleRate).toBe(8000);
      expect(channels.length).toBe(shape[1]);
      for (const [channel, values] of channels.entries()) {
        expect([...values]).toEqual([...expected].filter((_, index) => index % channels.length === channel));
      }
    },
  );

  it.each(fileCases('wav'))('refuses $name cut off at every byte, and never hangs', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeWav(bytes.subarray(0, length), 'a.wav'), `${length} bytes`).toThrow(code('file_truncated'));
    }
  });

  it('reads or refuses with an error of its own every file with one byte changed', () => {
    const { bytes } = fileCase('wav_s16');
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[at] = value;
        try {
          decodeWav(changed, 'a.wav');
        } catch (error) {
          expect(error, `byte ${at} = ${value}`).toBeInstanceOf(DataError);
        }
      }
    }
  });

  it('skips chunks that it does not know, the odd byte behind one and what follows the RIFF chunk', () => {
    const chunks = [
      ['JUNK', Buffer.from('odd')],
      ['fmt ', format({})],
      ['LIST', Buffer.alloc(0)],
      ['data', samples],
    ] as const;
    const file = Buffer.concat([riff(chunks), Buffer.from('tag behind the end')]);
    expect([...(decodeWav(file, 'a.wav').channels[0] as Float32Array)]).toEqual([0.5, -0.25, 0]);
  });

  it('reads the extensible header, and refuses one of an unknown format', () => {
    const tail = Buffer.from('000000001000800000aa00389b71', 'hex');
    const extensible = Buffer.concat([format({ tag: 0xfffe }), Buffer.alloc(8), Buffer.of(1, 0), tail]);
    const file = riff([
      ['fmt ', extensible],
      ['data', samples],
    ]);
    expect([...(decodeWav(file, 'a.wav').channels[0] as Float32Array)]).toEqual([0.5, -0.25, 0]);
    file[file.indexOf(tail)] = 1;
    expect(() => decodeWav(file, 'a.wav')).toThrow(code('file_unsupported'));
    const short = riff([
      ['fmt ', extensible.subarray(0, 18)],
      ['data', samples],
    ]);
    expect(() => decodeWav(short, 'a.wav')).toThrow(
      "'a.wav' has an extensible format of 18 bytes, expected at least 40",
    );
  });

  describe('written to a pipe', () => {
    const parts = [
      ['fmt ', format({ channels: 2 })],
      ['LIST', Buffer.from('note')],
      ['data', Buffer.concat([samples, samples])],
    ] as const;
    const whole = riff(parts);
    const dataSize = whole.lastIndexOf('data') + 4;
    const streamed = (riffSize: number, size: number, bytes = whole): Buffer => {
      const file = Buffer.from(bytes);
      file.writeUInt32LE(riffSize, 4);
      file.writeUInt32LE(size, dataSize);
      return file;
    };
    const SIZES: [number, number][] = [
      [0xffffffff, 0xffffffff],
      [0x7ffff024, 0x7ffff000],
      [0x80000024, 0x80000000],
      [0, 0],
      [0xffffffff, 0],
      [whole.length - 8, 0xffffffff],
    ];

    it.each(SIZES)('with the sizes %i and %i is read to its end', (riffSize, size) => {
      expect(decodeWav(streamed(riffSize, size), 'a.wav')).toEqual(decodeWav(whole, 'a.wav'));
      const torn = whole.subarray(0, -1); // a recording that was stopped within a frame
      if (riffSize === whole.length - 8) return;
      expect(decodeWav(streamed(riffSize, size, torn), 'a.wav').channels[0]?.length).toBe(2);
    });

    it('is refused where its size is known and it is shorter, or where it holds nothing', () => {
      for (const [riffSize, size] of [
        [whole.length, 16],
        [0x60000000, 0x5fffff00],
        [3_000_000_000, 2_999_999_000],
      ] as const) {
        expect(() => decodeWav(streamed(riffSize, size), 'a.wav')).toThrow(code('file_truncated'));
      }
      const empty = streamed(0, 0, whole.subarray(0, dataSize + 4));
      expect(() => decodeWav(empty, 'a.wav')).toThrow(code('empty_data'));
    });
  });

  it('names the file and both sizes of what is wrong', () => {
    const good = riff([
      ['fmt ', format({})],
      ['data', samples],
    ]);
    expect(() => decodeWav(good.subarray(0, 40), 'a.wav')).toThrow(
      "'a.wav' is cut off: the RIFF chunk ends at byte 50, but there are 40",
    );
    const long = Buffer.from(good);
    long.writeUInt32LE(0x9fffffff, 40);
    expect(() => decodeWav(long, 'a.wav')).toThrow(
      "'data' that ends at byte 2684354603, after the end of the RIFF chunk at 50",
    );
    const odd = riff([
      ['fmt ', format({ channels: 2 })],
      ['data', samples],
    ]);
    expect(() => decodeWav(odd, 'a.wav')).toThrow(
      'has 6 bytes of samples, which is no multiple of the 4 bytes of a frame',
    );
    const frame = riff([
      ['fmt ', format({ frameBytes: 3 })],
      ['data', samples],
    ]);
    expect(() => decodeWav(frame, 'a.wav')).toThrow('has 3 bytes per frame, but 1 channels of 16 bits');
  });

  it.each([
    ['another magic number', Buffer.from('RIFX....WAVE'), 'file_corrupt'],
    ['no format', riff([['data', samples]]), 'file_corrupt'],
    ['no samples chunk', riff([['fmt ', format({})]]), 'file_corrupt'],
    ['no chunk at all', riff([]), 'file_corrupt'],
    [
      'a short format',
      riff([
        ['fmt ', Buffer.alloc(14)],
        ['data', samples],
      ]),
      'file_corrupt',
    ],
    [
      'no channel',
      riff([
        ['fmt ', format({ channels: 0 })],
        ['data', samples],
      ]),
      'file_corrupt',
    ],
    [
      'no sample rate',
      riff([
        ['fmt ', format({ rate: 0 })],
        ['data', samples],
      ]),
      'file_corrupt',
    ],
    [
      'compressed samples',
      riff([
        ['fmt ', format({ tag: 7, bits: 8 })],
        ['data', samples],
      ]),
      'file_unsupported',
    ],
    [
      'samples of 12 bits',
      riff([
        ['fmt ', format({ bits: 12, frameBytes: 2 })],
        ['data', samples],
      ]),
      'file_unsupported',
    ],
    [
      'not one sample',
      riff([
        ['fmt ', format({})],
        ['data', Buffer.alloc(0)],
      ]),
      'empty_data',
    ],
    [
      'a sample that is NaN',
      riff([
        ['fmt ', format({ tag: 3, bits: 32 })],
        ['data', Buffer.from(Float32Array.of(0, Number.NaN).buffer)],
      ]),
      'file_corrupt',
    ],
  ])('refuses a file with %s', (_, bytes, expected) => {
    expect(() => decodeWav(bytes, 'a.wav')).toThrow(BpttError);
    expect(() => decodeWav(bytes, 'a.wav')).toThrow(code(expected));
  });
});

describe('readWav', () => {
  it('reads a file, and names one that is missing or a folder', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'bptt-wav-'));
    try {
      const { bytes } = fileCase('wav_s16');
      const file = path.join(folder, 'a.wav');
      writeFileSync(file, bytes);
      expect(await readWav(file)).toEqual(decodeWav(bytes, file));
      expect(readWavSync(file)).toEqual(decodeWav(bytes, file));
      expect(() => readWavSync(folder)).toThrow(`cannot read '${folder}': it is a directory`);
      await expect(readWav(path.join(folder, 'b.wav'))).rejects.toThrow(code('file_unreadable'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const digits = sharedData('fsdd/recordings');
describe.skipIf(digits.isMissing)('the spoken digits', () => {
  it('are 3,000 sounds of one channel, of 0.14 to 2.28 seconds', () => {
    const sounds = readdirSync(digits.folder)
      .filter((name) => name.endsWith('.wav'))
      .map((name) => readWavSync(path.join(digits.folder, name)));
    expect(sounds.length).toBe(3000);
    expect(new Set(sounds.map(({ sampleRate, channels }) => `${sampleRate} ${channels.length}`))).toEqual(
      new Set(['8000 1']),
    );
    const seconds = sounds.map(({ channels }) => (channels[0] as Float32Array).length / 8000);
    expect([Math.min(...seconds).toFixed(2), Math.max(...seconds).toFixed(2)]).toEqual(['0.14', '2.28']);
  });
});
