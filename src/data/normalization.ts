/** Unicode normalization: the same character may be written as one code point or as several. */
import { requireOneOf } from '../core/options.js';

/**
 * What a vocabulary does with a text before it becomes symbols: `NFC` puts letters and their marks together where
 * Unicode has one character for them, so that the two forms of `é` are one symbol; `none` changes nothing.
 */
export const NORMALIZATIONS = ['NFC', 'none'] as const;

/** One of `NORMALIZATIONS`. */
export type Normalization = (typeof NORMALIZATIONS)[number];

/** The text in the form of a vocabulary. */
export function normalizeText(text: string, normalization: Normalization): string {
  return normalization === 'NFC' ? text.normalize('NFC') : text;
}

/** Checks the option of that name. @throws {OptionError} `invalid_option` */
export function requireNormalization(value: unknown = 'none'): Normalization {
  return requireOneOf('normalization', value, NORMALIZATIONS);
}

/** The field of a saved vocabulary. Vocabularies that change nothing have none, as those of version 0.1.0. */
export function savedNormalization(normalization: Normalization): { readonly normalization?: 'NFC' } {
  return normalization === 'NFC' ? { normalization } : {};
}
