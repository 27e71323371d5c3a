/** Reads the reference features and files in `golden/`; golden/make_features.py makes them. */
import { readFileSync } from 'node:fs';
import type { LogMelOptions } from '../../src/features/sound-options.js';

interface EncodedArray {
  readonly shape: readonly number[];
  readonly base64: string;
}

/** Sound, and the results of NumPy and SciPy for one set of options. */
export interface FeatureCase {
  readonly name: string;
  readonly options: LogMelOptions;
  /** [T, melBands]. */
  readonly logMel: Float32Array;
  /** [T, 13]. */
  readonly mfcc: Float32Array;
  /** [T, 39]: coefficients, deltas, double deltas. */
  readonly withDeltas: Float32Array;
}

/** A small file, and the numbers in it. */
export interface FileCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly shape: readonly number[];
  readonly expected: Float32Array;
}

function parse<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8')) as T;
}

function numbersOf({ base64 }: EncodedArray): Float32Array {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer, 0, bytes.length / 4);
}

/** The sound, and every case. */
export function featureCases(): { readonly sound: Float32Array; readonly cases: readonly FeatureCase[] } {
  type Arrays = Record<'logMel' | 'mfcc' | 'withDeltas', EncodedArray>;
  const golden = parse<{
    sound: EncodedArray;
    cases: readonly (Pick<FeatureCase, 'name' | 'options'> & Arrays)[];
  }>('features.json');
  const cases = golden.cases.map(({ name, options, logMel, mfcc, withDeltas }) => {
    return { name, options, logMel: numbersOf(logMel), mfcc: numbersOf(mfcc), withDeltas: numbersOf(withDeltas) };
  });
  return { sound: numbersOf(golden.sound), cases };
}

/** The files whose name begins so. Never empty. */
export function fileCases(prefix: string): readonly FileCase[] {
  const golden = parse<{ files: readonly { name: string; file: string; expected: EncodedArray }[] }>('files.json');
  const found = golden.files
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, file, expected }) => {
      const bytes = new Uint8Array(Buffer.from(file, 'base64'));
      return { name, bytes, shape: expected.shape, expected: numbersOf(expected) };
    });
  if (found.length === 0) throw new Error(`there is no file ${prefix}`);
  return found;
}

/** The one file of that name. */
export function fileCase(name: string): FileCase {
  const found = fileCases(name).find((file) => file.name === name);
  if (found === undefined) throw new Error(`there is no file ${name}`);
  return found;
}

/** Largest distance of two lists of one length. */
export function largestDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, expected ${expected.length}`);
  let largest = 0;
  for (let at = 0; at < actual.length; at++) {
    const distance = Math.abs((actual[at] as number) - (expected[at] as number));
    if (!(distance <= largest)) largest = distance; // NaN is kept
  }
  return largest;
}
