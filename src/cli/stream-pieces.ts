/** The pieces of a sequence on standard input, as they arrive. */
import type { Readable } from 'node:stream';
import { DataError } from '../core/errors.js';
import { decodeLine, MAX_LINE_BYTES } from '../files/file-lines.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const INPUT = 'standard input';

/**
 * The lines of an input, each as soon as it is complete; the last line may have no line end. Empty lines are ignored.
 *
 * @throws {DataError} `not_utf8` with line and offset; `too_long` for a line of more than 256 MiB
 */
export async function* linePieces(input: Readable): AsyncGenerator<string, void, void> {
  let begun: Buffer[] = []; // parts of a line whose end has not arrived
  let begunBytes = 0;
  let line = 0;
  let offset = 0;
  const finish = (part: Buffer): string => {
    line += 1;
    const whole = Buffer.concat([...begun, part]);
    const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    const text = decodeLine(INPUT, bytes, line, offset);
    offset += whole.length + 1;
    begun = [];
    begunBytes = 0;
    return line === 1 ? text.replace(/^\ufeff/, '') : text;
  };
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      const text = finish(chunk.subarray(from, at));
      if (text !== '') yield text;
      from = at + 1;
    }
    begun.push(chunk.subarray(from));
    begunBytes += chunk.length - from;
    if (begunBytes <= MAX_LINE_BYTES) continue;
    const message = `'${INPUT}' line ${line + 1} is longer than ${MAX_LINE_BYTES} bytes`;
    throw new DataError('too_long', message, { file: INPUT, line: line + 1, limit: MAX_LINE_BYTES });
  }
  const rest = begunBytes > 0 ? finish(Buffer.alloc(0)) : '';
  if (rest !== '') yield rest;
}

/**
 * Samples in [-1, 1) of raw sound: signed 16-bit little-endian samples of one channel. When a chunk ends within a
 * sample, its first byte is kept for the next chunk. Half a sample at the end is ignored.
 */
export async function* soundPieces(input: Readable): AsyncGenerator<Float32Array, void, void> {
  let half: Buffer = Buffer.alloc(0);
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const bytes = half.length === 0 ? chunk : Buffer.concat([half, chunk]);
    const samples = bytes.length >> 1;
    half = Buffer.from(bytes.subarray(2 * samples));
    if (samples === 0) continue;
    yield Float32Array.from({ length: samples }, (_, at) => bytes.readInt16LE(2 * at) / 2 ** 15);
  }
}
