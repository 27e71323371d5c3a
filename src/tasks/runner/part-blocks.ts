/** Blocks of a part of the data, by whose scores two models are compared. */
import { TokenStreams } from '../../data/streams.js';
import type { AnyPart, Part } from '../definition/parts.js';

/** Most blocks of a part. */
const BLOCKS = 10;

/**
 * Divides a part into ten blocks of about the same size, or into as many as it has examples, or windows of a text. Every tenth example is in the same
 * block, so that an order by classes does not matter; texts, and examples that are made when they are needed, such as windows of a series, which overlap,
 * are cut into pieces that are together. The state of a text begins at zero in each block.
 */
export function blocksOf(part: AnyPart<unknown>): readonly AnyPart<unknown>[] {
  if (part instanceof TokenStreams) return bordersOf(part.windows).map((border) => piecesOfText(part, border));
  if ('read' in part) return bordersOf(part.count).map((border) => pieceOfExamples(part, border));
  const blocks = Math.min(BLOCKS, part.length);
  return Array.from({ length: blocks }, (_, block) => part.filter((_example, at) => at % blocks === block));
}

interface Border {
  readonly begin: number;
  readonly end: number;
}

function bordersOf(count: number): readonly Border[] {
  const blocks = Math.min(BLOCKS, count);
  const border = (block: number) => Math.round((block * count) / blocks);
  return Array.from({ length: blocks }, (_, block) => ({ begin: border(block), end: border(block + 1) }));
}

/** The windows from `begin` to `end` of each stream. */
function piecesOfText(text: TokenStreams, { begin, end }: Border): TokenStreams {
  const { batch, steps } = text;
  const pieces = Array.from({ length: batch }, (_, at) => text.stream(at).subarray(begin * steps, end * steps + 1));
  const ids = new Int32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const piece of pieces) {
    ids.set(piece, filled);
    filled += piece.length;
  }
  return new TokenStreams(ids, { batch, steps });
}

function pieceOfExamples(examples: Extract<Part<unknown>, { read: unknown }>, { begin, end }: Border): Part<unknown> {
  return {
    count: end - begin,
    lengthOf: (index) => examples.lengthOf(begin + index),
    read: (indices) => examples.read(indices.map((index) => begin + index)),
  };
}
