import { createHash } from 'node:crypto';
import type { JsonObject } from '../core/json.js';
import { type Corpus, characterStreams, wordStreams } from '../data/corpus.js';
import { readText } from '../data/text.js';
import type { CheckedLanguageModelOptions } from './language-model-options.js';

/** A corpus read from files, and what identifies its text. */
export interface LanguageModelCorpus {
  readonly corpus: Corpus;
  /** SHA-256 of the texts by use: a resumed run must read the same. */
  readonly texts: JsonObject;
}

/**
 * Reads the text, and the validation text where that is a file of its own.
 *
 * @throws {DataError} `file_unreadable`, `not_utf8`, `empty_data`, `too_short`
 */
export async function readLanguageModelCorpus(options: CheckedLanguageModelOptions): Promise<LanguageModelCorpus> {
  const { data, valid, level, batch, steps } = options;
  const text = await readText(data);
  const validation = typeof valid === 'string' ? await readText(valid) : valid;
  const streams = { batch, steps, ...(validation !== 0 && { validation }) };
  return {
    corpus: level === 'word' ? wordStreams(text, streams) : characterStreams(text, streams),
    texts: {
      data: sha256(text),
      valid: typeof validation === 'string' ? sha256(validation) : validation,
    },
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
