/** Pieces as examples: each frame is predicted from the frames before it. */

import type { SequenceExample } from '../../../batch/sequence-packing.js';
import {
  PIANO_KEYS,
  type PianoPiece,
  type PianoPieces,
  pianoRows,
  readPianoPieces,
} from '../../../files/piano-pieces.js';
import { fingerprintOf, holdOut } from '../../building-blocks/held-out.js';
import { checkWeights, type Weighed } from '../../building-blocks/row-weights.js';
import type { SplitChoice } from '../../building-blocks/split-parts.js';
import type { TaskData } from '../../definition/task.js';

/**
 * Numbers of a step: the keys of the frame before, and a mark that is 1 at the start, where there is no frame before.
 */
export const STEP_WIDTH = PIANO_KEYS + 1;

/**
 * The data that is saved with a model of music: log odds of each key in the training part, for the baselines without
 * memory.
 */
export type SavedMusic = {
  readonly keys: readonly number[];
  /** Log odds when the key was silent in the frame before. */
  readonly afterSilence: readonly number[];
  /** Log odds when the key sounded in the frame before. */
  readonly afterSound: readonly number[];
};

/** How steps become batches. */
export const MUSIC_PACKING = { features: STEP_WIDTH, targetFeatures: PIANO_KEYS } as const;

/** The steps of a piece, with the step of the start first: [(frames + 1) * width]. */
export function stepsOf(piece: PianoPiece): Float32Array {
  const steps = pianoRows([[], ...piece], STEP_WIDTH);
  steps[PIANO_KEYS] = 1;
  return steps;
}

/** A piece and what it counts for. */
interface WeighedPiece extends Weighed {
  readonly piece: PianoPiece;
}

function exampleOf({ piece, weight }: WeighedPiece): SequenceExample {
  const weights = weight !== undefined && { weights: weight };
  return { input: stepsOf(piece).slice(0, piece.length * STEP_WIDTH), target: pianoRows(piece), ...weights };
}

/**
 * Reads the pieces and their parts. A part is taken from the file that its option names, else from the part in the file
 * itself, else it is a fraction of the training pieces.
 *
 * @param options.weight the field of the weights of pieces; undefined for none
 * @throws {DataError} `invalid_row`, `file_unreadable`, `empty_data`, `too_short`
 * @throws {OptionError} `invalid_option` for a fraction of 1 or more
 */
export async function readMusic(
  file: string,
  { valid, test, seed, weight }: SplitChoice & { readonly weight: string | undefined },
): Promise<TaskData<SavedMusic>> {
  const own = await readPianoPieces(file, weight);
  const held = async (name: 'valid' | 'test', given: number | string) =>
    typeof given === 'string' ? onePart(await readPianoPieces(given, weight), name) : (partOf(own, name) ?? given);
  const parts = holdOut(
    partOf(own, 'train'),
    { valid: await held('valid', valid), test: await held('test', test), seed },
    () => 0,
  );
  const notes = checkWeights(weight, parts, 'JSON lines');
  // The test part is not in the loss.
  const data = {
    training: parts.training.map(exampleOf),
    validation: parts.validation?.map(exampleOf),
    test: parts.test?.map(({ piece }) => exampleOf({ piece })),
  };
  return { ...data, saved: logOdds(data.training), fingerprint: { examples: fingerprintOf(data) }, notes };
}

/** Pieces of another file: its test part, if the file has parts. Throws as `readMusic`. */
export async function readMoreMusic(file: string): Promise<SequenceExample[]> {
  return onePart(await readPianoPieces(file), 'test').map(exampleOf);
}

function partOf(pieces: PianoPieces, name: 'train'): readonly WeighedPiece[];
function partOf(pieces: PianoPieces, name: 'train' | 'valid' | 'test'): readonly WeighedPiece[] | undefined;
function partOf(pieces: PianoPieces, name: 'train' | 'valid' | 'test'): readonly WeighedPiece[] | undefined {
  const weights = name === 'train' ? pieces.weights : undefined;
  return pieces[name]?.map((piece, at) => ({ piece, weight: weights?.[at] }));
}

function onePart(pieces: PianoPieces, name: 'valid' | 'test'): readonly WeighedPiece[] {
  return partOf(pieces, name) ?? partOf(pieces, 'train');
}

/** One is added to both counts of each key, so that no probability is zero. */
function logOdds(training: readonly SequenceExample[]): SavedMusic {
  const counts = () => Array.from({ length: PIANO_KEYS }, () => ({ sounding: 1, silent: 1 }));
  const all = { keys: counts(), afterSilence: counts(), afterSound: counts() };
  for (const { input, target } of training) {
    const targets = target as Float32Array;
    for (const [at, sounds] of targets.entries()) {
      const key = at % PIANO_KEYS;
      const before = input[Math.floor(at / PIANO_KEYS) * STEP_WIDTH + key] === 1;
      for (const count of [all.keys[key], (before ? all.afterSound : all.afterSilence)[key]]) {
        (count as { sounding: number; silent: number })[sounds === 1 ? 'sounding' : 'silent']++;
      }
    }
  }
  const odds = (of: ReturnType<typeof counts>) => of.map(({ sounding, silent }) => Math.log(sounding / silent));
  return { keys: odds(all.keys), afterSilence: odds(all.afterSilence), afterSound: odds(all.afterSound) };
}

/**
 * Log odds of every key of a piece [frames * keys]: constant, or depending on the state of the key in the frame before.
 */
export function controlOdds({ input, target }: SequenceExample, saved: SavedMusic, control: 'memoryless' | 'ownKey') {
  return Float64Array.from(target as Float32Array, (_, at) => {
    const key = at % PIANO_KEYS;
    if (control === 'memoryless') return saved.keys[key] as number;
    const before = input[Math.floor(at / PIANO_KEYS) * STEP_WIDTH + key] === 1;
    return (before ? saved.afterSound : saved.afterSilence)[key] as number;
  });
}
