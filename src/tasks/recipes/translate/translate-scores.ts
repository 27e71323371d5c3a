/** The scores of translations. */
import type { JsonObject } from '../../../core/json.js';
import { SequenceBatches } from '../../../data/sequence-batches.js';
import { Bleu } from '../../../metrics/bleu.js';
import { LikelihoodLoss } from '../../../metrics/likelihood.js';
import type { Model } from '../../../model/model.js';
import { countedAlike } from '../../building-blocks/row-weights.js';
import { examplesOf, type Part } from '../../definition/parts.js';
import { type SavedTranslation, type TranslationExample, translationPacking } from './translate-data.js';
import { type SearchOptions, translationsOf } from './translate-search.js';

/** Number of pairs in a batch. It changes memory and speed, not the result. */
const AT_ONCE = 64;

/**
 * Mean cross-entropy of the symbols of all targets and their end marks, in nats, and its perplexity. All pairs count alike.
 *
 * @param options.weight the name of the weights of the loss
 * @throws the signal's reason when it is aborted
 */
export async function translationLoss(
  model: Model,
  part: Part<TranslationExample>,
  options: { readonly weight: string | undefined },
  signal?: AbortSignal,
): Promise<JsonObject> {
  const all: TranslationExample[] = [];
  for await (const examples of examplesOf(part, AT_ONCE)) all.push(...examples);
  const mean = new LikelihoodLoss();
  const packing = translationPacking(options);
  for await (const batch of new SequenceBatches(countedAlike(all), { batch: AT_ONCE, ...packing })) {
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
