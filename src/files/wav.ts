/**
 * Sound files: RIFF WAVE with uncompressed samples.
 *
 * This reader is part of the library because the packages that read WAV are no longer maintained (wavefile, node-wav,
 * wav-decoder) and accept truncated files.
 *
 * @see Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991; Microsoft, "Multiple
 *   channel audio data and WAVE files" (the extensible header)
 */
import { DataError } from '../core/errors.js';
import {
  asciiAt,
  corrupt,
  decodeFile,
  decodeFileSync,
  otherKind,
  requireBytes,
  requireInput,
  unsupported,
  viewOf,
} from './file-bytes.js';

/** A recording. */
export interface Sound {
  /** Samples per second. */
  readonly sampleRate: number;
  /**
   * Samples of each channel, all of one length. Samples of a file of whole numbers are in [-1, 1); the largest ones of
   * 32 bits round to 1. Samples of a file of floats are unchanged.
   */
  readonly channels: readonly Float32Array[];
}

interface SampleFormat {
  readonly kind: 'integer' | 'float';
  readonly bits: number;
  readonly channels: number;
  readonly sampleRate: number;
}

const INTEGER_TAG = 1;
const FLOAT_TAG = 3;
const EXTENSIBLE_TAG = 0xfffe;
/** The last 14 bytes of every format identifier that contains a tag. */
const FORMAT_TAIL = '000000001000800000aa00389b71';

function readFormat(bytes: Uint8Array, source: string, begin: number, size: number): SampleFormat {
  if (size < 16) throw corrupt(source, `has a format of ${size} bytes, expected at least 16`, { size });
  const view = viewOf(bytes);
  let tag = view.getUint16(begin, true);
  const channels = view.getUint16(begin + 2, true);
  const sampleRate = view.getUint32(begin + 4, true);
  const frameBytes = view.getUint16(begin + 12, true);
  const bits = view.getUint16(begin + 14, true);
  if (tag === EXTENSIBLE_TAG) {
    if (size < 40) throw corrupt(source, `has an extensible format of ${size} bytes, expected at least 40`, { size });
    const tail = Buffer.from(bytes.subarray(begin + 26, begin + 40)).toString('hex');
    if (tail !== FORMAT_TAIL) throw unsupported(source, `has samples of an unknown format …${tail}`, { tail });
    tag = view.getUint16(begin + 24, true);
  }
  const kind = tag === FLOAT_TAG ? 'float' : 'integer';
  const sizes = kind === 'float' ? [32, 64] : [8, 16, 24, 32];
  if ((tag !== FLOAT_TAG && tag !== INTEGER_TAG) || !sizes.includes(bits)) {
    const known = 'supported are whole numbers (1) of 8, 16, 24, 32 bits and floats (3) of 32, 64 bits';
    throw unsupported(source, `has samples of format ${tag} with ${bits} bits; ${known}`, { tag, bits });
  }
  if (channels === 0 || sampleRate === 0) {
    throw corrupt(source, `has ${channels} channels and ${sampleRate} samples per second`, { channels, sampleRate });
  }
  if (frameBytes !== (channels * bits) / 8) {
    const message = `has ${frameBytes} bytes per frame, but ${channels} channels of ${bits} bits`;
    throw corrupt(source, message, { frameBytes, channels, bits });
  }
  return { kind, bits, channels, sampleRate };
}

/** The sample at a byte offset, as a function of its format. */
function sampleReader(view: DataView, { kind, bits }: SampleFormat): (at: number) => number {
  if (kind === 'float') return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128; // only 8-bit samples are unsigned
  if (bits === 16) return (at) => view.getInt16(at, true) / 2 ** 15;
  if (bits === 24) return (at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23;
  return (at) => view.getInt32(at, true) / 2 ** 31;
}

function readSamples(bytes: Uint8Array, source: string, format: SampleFormat, begin: number, size: number): Sound {
  const sampleBytes = format.bits / 8;
  const frameBytes = format.channels * sampleBytes;
  if (size % frameBytes !== 0) {
    throw corrupt(source, `has ${size} bytes of samples, which is no multiple of the ${frameBytes} bytes of a frame`, {
      size,
      frameBytes,
    });
  }
  if (size === 0) throw new DataError('empty_data', `'${source}' has no samples`, { source });
  const sampleAt = sampleReader(viewOf(bytes), format);
  const channels = Array.from({ length: format.channels }, (_, channel) => {
    const samples = new Float32Array(size / frameBytes);
    let at = begin + channel * sampleBytes;
    for (let frame = 0; frame < samples.length; frame++, at += frameBytes) {
      const sample = sampleAt(at);
      samples[frame] = sample;
      if (Number.isFinite(samples[frame])) continue;
      throw corrupt(source, `has a sample of ${sample} in frame ${frame}, channel ${channel}`, { frame, channel });
    }
    return samples;
  });
  return { sampleRate: format.sampleRate, channels };
}

/**
 * A program that writes to a pipe cannot go back to write a size. It writes 0, a number near 2^31 (SoX, arecord) or near
 * 2^32 (FFmpeg). A recording of such a length in truth would be cut off unnoticed, but no file of that length is read.
 */
const UNKNOWN_SIZES = [
  [0x7ffff000, 0x80000fff],
  [0xfffff000, 0xffffffff],
] as const;

/** Whether a size in a header stands for one that was not known when it was written. @param left bytes that follow it */
function isUnknownSize(size: number, left: number): boolean {
  if (size === 0) return left > 0;
  return size > left && UNKNOWN_SIZES.some(([low, high]) => size >= low && size <= high);
}

/** End of the RIFF chunk; where its size was not known, the end of the file. */
function endOfRiff(bytes: Uint8Array, size: number): number {
  return isUnknownSize(size, bytes.length - 8) ? bytes.length : 8 + size;
}

/** Bytes of the whole frames in so many bytes: a recording of unknown size may end within one. */
function wholeFrames(size: number, format: SampleFormat | undefined): number {
  return format === undefined ? size : size - (size % ((format.channels * format.bits) / 8));
}

/**
 * The samples of a WAV file: whole numbers of 8, 16, 24 or 32 bits, or floats of 32 or 64 bits. Where a
 * program that wrote to a pipe has left the sizes open (0, or a number near 2^31 or 2^32), they are read to the end of the file.
 *
 * @param source name of the bytes in messages: a file name
 * @throws {DataError} `file_truncated` and `file_corrupt` with both sizes, `file_unsupported` for compressed samples,
 *   `empty_data` when there is no sample
 */
export function decodeWav(bytes: Uint8Array, source: string): Sound {
  requireInput(bytes, source);
  requireBytes(bytes, source, 'the RIFF header', 12);
  const name = `${asciiAt(bytes, 0, 4)} ${asciiAt(bytes, 8, 4)}`;
  if (name !== 'RIFF WAVE') throw otherKind(bytes, source, `'${name}', expected 'RIFF WAVE'`);
  const view = viewOf(bytes);
  const end = endOfRiff(bytes, view.getUint32(4, true));
  requireBytes(bytes, source, 'the RIFF chunk', end);
  let format: SampleFormat | undefined;
  for (let at = 12; at + 8 <= end; ) {
    const id = asciiAt(bytes, at, 4);
    const begin = at + 8;
    const said = view.getUint32(at + 4, true);
    const isOpen = id === 'data' && isUnknownSize(said, end - begin);
    const size = isOpen ? wholeFrames(end - begin, format) : said;
    if (!isOpen && begin + size > end) {
      const message = `has a chunk '${id}' that ends at byte ${begin + size}, after the end of the RIFF chunk at ${end}`;
      throw corrupt(source, message, { id, expected: begin + size, actual: end });
    }
    if (id === 'fmt ') format = readFormat(bytes, source, begin, size);
    if (id === 'data') {
      if (format === undefined) throw corrupt(source, "has its chunk 'data' before any chunk 'fmt '");
      return readSamples(bytes, source, format, begin, size);
    }
    at = begin + size + (size % 2); // chunks start at even offsets
  }
  throw corrupt(source, `has no chunk '${format === undefined ? 'fmt ' : 'data'}' in its ${end} bytes`, { end });
}

/**
 * Reads a WAV file.
 *
 * @throws as `decodeWav`, and {DataError} `file_unreadable`
 */
export function readWav(path: string): Promise<Sound> {
  return decodeFile(path, decodeWav);
}

/** As `readWav`, on the calling thread. */
export function readWavSync(path: string): Sound {
  return decodeFileSync(path, decodeWav);
}
