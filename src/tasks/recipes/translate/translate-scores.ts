/** The scores of translations. */
import type { JsonObject } from '../../../core/json.js';
import { SequenceBatches } from '../../../data/sequence-batches.js';
import { Bleu } from '../../../metrics/bleu.js';
import { LikelihoodLoss } from '../../../metrics/likelihood.js';
import type { Model } from '../../../model/model.js';
import type { Part } from '../../definition/parts.js';
import { type SavedTranslation, TRANSLATION_PACKING, type TranslationExample } from './translate-data.js';
import { type SearchOptions, translationsOf } from './translate-search.js';

/**
 * Mean cross-entropy of the symbols of all targets and their end marks, in nats, and its perplexity.
 *
 * @throws the signal's reason when it is aborted
 */
export async function translationLoss(
  model: Model,
  part: Part<TranslationExample>,
  signal?: AbortSignal,
): Promise<JsonObject> {
  const mean = new LikelihoodLoss();
  for await (const batch of new SequenceBatches(part, { batch: 64, ...TRANSLATION_PACKING })) {
    const { loss, targets } = await model.evaluate(batch, signal === undefined ? {} : { signal });
    mean.add(loss, targets);
  }
  return { loss: mean.value ?? null, perplexity: mean.perplexity ?? null };
}

/**
 * BLEU of the best translations, on the tokens of the files.
 *
 * @throws the signal's reason when it is aborted
 */
export async function translationBleu(
  model: Model,
  part: Part<TranslationExample>,
  saved: SavedTranslation,
  search: SearchOptions,
  signal?: AbortSignal,
): Promise<JsonObject> {
  const bleu = new Bleu();
  for await (const { example, best } of translationsOf(model, part, saved, search, signal)) {
    bleu.add(best[0]?.tokens ?? [], [example.tokens.target]);
  }
  const { value = 0, precisions, brevityPenalty, hypothesisLength, referenceLength } = bleu;
  return { bleu: value, precisions, brevityPenalty, hypothesisLength, referenceLength };
}
