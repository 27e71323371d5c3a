/** Data that is written beside a model, and given back with it. */
import { OptionError } from '../../core/errors.js';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import { describeValue } from '../../core/options.js';
import type { Vocabulary } from '../../data/vocabulary.js';
import type { Model } from '../../model/model.js';
import { requireFittingVocabulary } from '../../saved/model-vocabulary.js';

function refuse(name: string, expected: string, value: unknown): OptionError {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  return new OptionError('invalid_option', message, { name, value });
}

/**
 * The options `vocabulary` and `configuration` of an export.
 *
 * @throws {OptionError} `invalid_option`
 * @throws {VocabularyError} `vocabulary_mismatch`
 */
export function requireKeptData(
  model: Model,
  { vocabulary, configuration }: { vocabulary?: Vocabulary | undefined; configuration?: JsonObject | undefined },
): void {
  if (configuration !== undefined && !isJsonObject(configuration)) {
    throw refuse('configuration', 'a JSON object', configuration);
  }
  if (vocabulary === undefined) return;
  if (typeof vocabulary?.toJSON !== 'function') throw refuse('vocabulary', 'a vocabulary', vocabulary);
  requireFittingVocabulary('exportModel', model, vocabulary);
}
