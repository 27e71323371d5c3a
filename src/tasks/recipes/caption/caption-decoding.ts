/** Captions of pictures by beam search, and the attention of each word. */

import { packExamples } from '../../../batch/example-packing.js';
import { groupBy } from '../../../core/group-by.js';
import { SequenceBatches } from '../../../data/sequence-batches.js';
import { WordVocabulary } from '../../../data/word-vocabulary.js';
import { beamSearch } from '../../../decoding/beam-search.js';
import type { LengthPenalty } from '../../../decoding/length-penalty.js';
import { Bleu } from '../../../metrics/bleu.js';
import { LikelihoodLoss } from '../../../metrics/likelihood.js';
import type { Model } from '../../../model/model.js';
import type { AttentionMap } from '../../../model/use/attention-maps.js';
import { countedAlike } from '../../building-blocks/row-weights.js';
import { examplesOf, type Part } from '../../definition/parts.js';
import type { CaptionExample, SavedCaptions } from './caption-data.js';
import { type CaptionShape, CONTEXT, captionForm, captionPacking } from './caption-network.js';

/** The options of the search. */
export interface CaptionSearch extends CaptionShape {
  readonly beams: number;
  readonly maxLength: number;
  readonly lengthPenalty: LengthPenalty['kind'];
}

/** A caption that was found. */
export interface FoundCaption {
  readonly tokens: readonly string[];
  readonly symbols: Int32Array;
  /** Log probability, divided by the length penalty. */
  readonly score: number;
}

/** An example and its captions, the best one first. */
export interface FoundCaptions {
  readonly example: CaptionExample;
  readonly found: readonly FoundCaption[];
}

/**
 * Number of pictures that are searched together, and of sequences in a batch. They change memory and speed, not the
 * result.
 */
const AT_ONCE = 64;

/**
 * The best captions of every picture of a part.
 *
 * @param best number of captions of each
 * @throws the signal's reason when it is aborted
 */
export async function* captionsOf(
  model: Model,
  part: Part<CaptionExample>,
  {
    given,
    saved,
    best,
    signal,
  }: { given: CaptionSearch; saved: SavedCaptions; best: number; signal?: AbortSignal | undefined },
): AsyncGenerator<FoundCaptions, void, void> {
  const vocabulary = WordVocabulary.fromJSON(saved.vocabulary);
  const { lengthPenalty: kind, maxLength } = given;
  const beams = Math.max(best, given.beams);
  for await (const examples of examplesOf(part, AT_ONCE)) {
    signal?.throwIfAborted();
    const batch = packExamples(examples, captionForm(given, saved, false));
    const decoder = await model.decoder(batch, { input: 'previous' });
    try {
      const hypotheses = await beamSearch(decoder.step, {
        vocabulary: vocabulary.size,
        begin: vocabulary.beginOfSentenceId as number,
        end: vocabulary.endOfSentenceId,
        lengthPenalty: kind === 'wu' ? { kind, alpha: 0.6 } : { kind },
        ...{ beams, best, maxLength, sentences: examples.length },
      });
      for (const [at, example] of examples.entries()) {
        const found = (hypotheses[at] ?? []).map(({ symbols, score }) => ({
          tokens: vocabulary.decodeTokens(symbols),
          symbols,
          score,
        }));
        yield { example, found };
      }
    } finally {
      decoder.dispose();
    }
  }
}

/** The attention of the model while it writes a caption: a row for each word. */
export async function attentionOf(
  model: Model,
  example: CaptionExample,
  symbols: Int32Array,
  { given, saved, signal }: { given: CaptionShape; saved: SavedCaptions; signal?: AbortSignal | undefined },
): Promise<AttentionMap> {
  const previous = new Int32Array(Math.max(1, symbols.length));
  previous.set(example.previous.subarray(0, 1));
  previous.set(symbols.subarray(0, -1), 1);
  const batch = packExamples([{ ...example, previous }], captionForm(given, saved, false));
  const [map] = await model.attention(batch, CONTEXT, signal === undefined ? {} : { signal });
  return map as AttentionMap;
}

/** The result of `captionScores`. */
export interface CaptionScores {
  readonly perplexity: number;
  /** The same for captions with other pictures. The difference shows how much the model uses the picture. */
  readonly shuffledPerplexity: number;
  readonly bleu: number;
  readonly words: number;
}

/** The captions of each picture, in their order. */
export function byPicture(examples: readonly CaptionExample[]): ReadonlyMap<string, readonly CaptionExample[]> {
  return groupBy(examples, ({ picture }) => picture);
}

/**
 * Perplexity of the captions with their own pictures and with others, and BLEU of the best captions against all
 * captions of each picture.
 */
export async function captionScores(
  model: Model,
  part: Part<CaptionExample>,
  { given, saved, signal }: { given: CaptionSearch; saved: SavedCaptions; signal?: AbortSignal | undefined },
): Promise<CaptionScores> {
  const all: CaptionExample[] = [];
  for await (const examples of examplesOf(part, AT_ONCE)) all.push(...examples);
  const likelihoodOf = async (examples: readonly CaptionExample[]) => {
    const likelihood = new LikelihoodLoss();
    for await (const batch of new SequenceBatches(countedAlike(examples), {
      batch: AT_ONCE,
      ...captionPacking(given, saved),
    })) {
      const { loss, targets } = await model.evaluate(batch, signal === undefined ? {} : { signal });
      likelihood.add(loss, targets);
    }
    return likelihood;
  };
  const own = await likelihoodOf(all);
  const shuffled = await likelihoodOf(withOtherPictures(all));
  const pictures = byPicture(all);
  const bleu = new Bleu();
  const firsts = Array.from(pictures.values(), ([first]) => first as CaptionExample);
  for await (const { example, found } of captionsOf(model, firsts, { given, saved, best: 1, signal })) {
    const references = (pictures.get(example.picture) ?? []).map(({ tokens }) => tokens);
    bleu.add(found[0]?.tokens ?? [], references);
  }
  return {
    perplexity: own.perplexity ?? Number.NaN,
    shuffledPerplexity: shuffled.perplexity ?? Number.NaN,
    bleu: bleu.value ?? 0,
    words: own.symbols,
  };
}

/**
 * Pairs every caption with the picture of another one, half of the part away, because neighbouring lines often have the
 * same scene.
 */
function withOtherPictures(examples: readonly CaptionExample[]): CaptionExample[] {
  const textOf = ({ tokens }: CaptionExample) => tokens.join(' ');
  return examples.map((example, at) => {
    let place = at + Math.floor(examples.length / 2);
    for (let tried = 1; tried < examples.length; tried++, place++) {
      if (textOf(examples[place % examples.length] as CaptionExample) !== textOf(example)) break;
    }
    return { ...example, patches: (examples[place % examples.length] as CaptionExample).patches };
  });
}
