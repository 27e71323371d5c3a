/** Pieces of music as frames of sounding keys: the usual form of the chorales and other piano rolls. */
import { requireList, requirePath } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { MATLAB_5 } from '../core/file-kind.js';
import { isJsonObject, type JsonValue, parseStrictJson } from '../core/json.js';
import { describeValue, requireNumber } from '../core/options.js';
import { readRegularFile } from '../core/regular-file.js';
import { unsupported } from './file-bytes.js';
import { isJsonLinesFile, type JsonRow, readJsonLines } from './json-lines.js';
import { weightOfLine } from './row-weight.js';
import { decodeUtf8 } from './text.js';

/** Keys of a piano. */
export const PIANO_KEYS = 88;

/** MIDI note number of its lowest key, A0. */
export const LOWEST_NOTE = 21;

/** Frames, each with the sounding MIDI note numbers 21..108; an empty frame is silence. */
export type PianoPiece = readonly (readonly number[])[];

/** The pieces of a file by part; a file of JSON lines has only training pieces. */
export interface PianoPieces {
  readonly train: readonly PianoPiece[];
  readonly valid?: readonly PianoPiece[];
  readonly test?: readonly PianoPiece[];
  /** What each training piece counts for in the loss, where a field of weights was asked for and the file has fields. */
  readonly weights?: readonly number[];
}

const PARTS = ['train', 'valid', 'test'] as const;

function refuse(what: string, expected: string, value: unknown, details: object): never {
  const found = value === undefined ? 'nothing' : describeValue(value);
  throw new DataError('invalid_row', `${what}: expected ${expected}, found ${found}`, { expected, ...details });
}

/**
 * A frame of JSON.
 *
 * @param what its name in messages
 * @throws {DataError} `invalid_row`
 */
export function pianoFrame(value: JsonValue | undefined, what: string): number[] {
  if (!Array.isArray(value)) return refuse(what, 'a list of notes', value, {});
  return value.map((note: JsonValue) => {
    const key = Number(note) - LOWEST_NOTE;
    if (typeof note === 'number' && Number.isInteger(note) && key >= 0 && key < PIANO_KEYS) return note;
    return refuse(what, `notes ${LOWEST_NOTE}..${LOWEST_NOTE + PIANO_KEYS - 1}`, note, { note });
  });
}

/**
 * A piece of JSON, of any number of frames.
 *
 * @param what its name in messages
 * @throws {DataError} `invalid_row`, with the number of the frame
 */
export function pianoPiece(value: JsonValue | undefined, what: string): PianoPiece {
  if (!Array.isArray(value)) return refuse(what, 'a list of frames', value, {});
  return value.map((frame: JsonValue, at) => pianoFrame(frame, `${what}, frame ${at}`));
}

/** @throws {DataError} `invalid_row` for a piece without a frame */
function wholePiece(value: JsonValue | undefined, what: string): PianoPiece {
  const piece = pianoPiece(value, what);
  return piece.length > 0 ? piece : refuse(what, 'at least one frame', value, {});
}

/** The Python programs that write pieces of other forms as JSON. Both take the paths of the file and of the JSON. */
const CONVERTERS = {
  matlab: `import json, sys; from scipy.io import loadmat; d = loadmat(sys.argv[1]); f = lambda k: [[[int(n) + 21 for n in r.nonzero()[0]] for r in p] for p in d[k].ravel()]; json.dump({'train': f('traindata'), 'valid': f('validdata'), 'test': f('testdata')}, open(sys.argv[2], 'w'))`,
  pickle: `import json, pickle, sys; d = pickle.load(open(sys.argv[1], 'rb'), encoding='latin1'); json.dump({k: [[[int(n) for n in f] for f in p] for p in d[k]] for k in ('train', 'valid', 'test')}, open(sys.argv[2], 'w'))`,
} as const;

/** Refuses pieces as MATLAB and Python save them, with the command that converts them. */
function refuseArrays(file: string, bytes: Uint8Array): void {
  const isMatlab = Buffer.from(bytes.subarray(0, MATLAB_5.length)).toString('latin1') === MATLAB_5;
  if (!isMatlab && !/\.(pickle|pkl)$/i.test(file)) return;
  const [name, program] = isMatlab
    ? ['a MATLAB file of arrays', CONVERTERS.matlab]
    : [
        'a Python pickle, which could run any program when it is read: convert it only if you trust it',
        CONVERTERS.pickle,
      ];
  const quotedPath = file.replaceAll("'", "'\\''");
  const help = `python -c "${program}" '${quotedPath}' pieces.json`;
  throw unsupported(file, `is ${name}; this writes the JSON that is read: ${help}`, { help });
}

/**
 * The pieces of a file: JSON `{"train": [piece...], "valid": [...], "test": [...]}`, where the last two may be missing,
 * or JSON lines (`*.jsonl`) `{"notes": piece}`.
 *
 * @param weight the field of JSON lines with the number that a piece counts for in a loss; default: none is read
 * @throws {DataError} `invalid_row`, `empty_data`, `file_unreadable`, `not_utf8`; `file_unsupported` for MATLAB files and
 * pickles, with the command that converts them
 */
export async function readPianoPieces(file: string, weight?: string): Promise<PianoPieces> {
  if (isJsonLinesFile(requirePath(file))) {
    const weights: number[] = [];
    const read = (row: JsonRow) => {
      const piece = wholePiece(row.value('notes'), "field 'notes'");
      weights.push(weightOfLine(row, weight) ?? 1);
      return piece;
    };
    const train = await readJsonLines(file, read);
    return weight === undefined ? { train } : { train, weights };
  }
  const bytes = await readRegularFile(file);
  refuseArrays(file, bytes);
  let value: JsonValue;
  try {
    value = parseStrictJson(decodeUtf8(bytes, file));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new DataError('invalid_row', `'${file}' is not JSON: ${cause.message}`, { file }, cause);
  }
  if (!isJsonObject(value)) return refuse(`'${file}'`, 'an object with the pieces under "train"', value, { file });
  const read = (part: string): PianoPiece[] | undefined => {
    const pieces = (value as Record<string, JsonValue>)[part];
    if (pieces === undefined) return undefined;
    if (!Array.isArray(pieces)) return refuse(`'${file}', '${part}'`, 'a list of pieces', pieces, { file });
    if (pieces.length === 0) throw new DataError('empty_data', `'${file}', '${part}' has no pieces`, { file, part });
    return pieces.map((piece: JsonValue, at) => wholePiece(piece, `'${file}', '${part}', piece ${at}`));
  };
  const [train, valid, test] = PARTS.map(read);
  if (train === undefined) return refuse(`'${file}', 'train'`, 'a list of pieces', undefined, { file });
  return { train, ...(valid && { valid }), ...(test && { test }) };
}

/**
 * Frames as rows of zeros and ones: [frames * width], key by key from the lowest.
 *
 * @param width numbers in a row; those after the keys stay zero; default 88
 */
export function pianoRows(piece: PianoPiece, width = PIANO_KEYS): Float32Array {
  requireList('a piece', piece);
  const rows = new Float32Array(piece.length * requireNumber('width', width, { integer: true, min: 1, max: 2 ** 16 }));
  for (const [frame, notes] of piece.entries()) {
    for (const note of requireList('the notes of a step', notes)) rows[frame * width + note - LOWEST_NOTE] = 1;
  }
  return rows;
}
