/** Words of the training part that are read as unknown now and then, so that the unknown word is trained. */
import type { Batch } from '../../../batch/batch.js';
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { Random } from '../../../core/random.js';
import { isInt32Array } from '../../../core/typed-array.js';
import { vocabularyFromJSON } from '../../../data/saved-vocabulary.js';
import { WordVocabulary } from '../../../data/word-vocabulary.js';
import type { Model } from '../../../model/model.js';
import type { InputEncoding } from '../../building-blocks/sequence-inputs.js';
import { WordForms } from '../../building-blocks/word-forms.js';

/** What the words of a model become. */
interface RareWords {
  /** The id that each word has when it is unknown. */
  readonly unknown: Int32Array;
  /** How often each word occurs in the training part. */
  readonly counts: Float64Array;
}

/** The words of the models that are trained. */
const WORDS = new WeakMap<Model, RareWords>();

/** Counts the words of the training part, if the model reads words. */
export function countWords(model: Model, training: readonly SequenceExample[], encoding: InputEncoding): void {
  if (encoding.kind !== 'words' && encoding.kind !== 'tokens') return;
  const vocabulary = vocabularyFromJSON(encoding.vocabulary);
  if (!(vocabulary instanceof WordVocabulary)) return;
  const { forms = [] } = encoding;
  const counts = new Float64Array(vocabulary.size + forms.length);
  for (const { input } of training) {
    for (let at = 0; at < input.length; at++) {
      const word = input[at] as number;
      counts[word] = (counts[word] as number) + 1;
    }
  }
  const byForm = new WordForms(vocabulary, forms);
  const unknown = Int32Array.from(counts.keys());
  for (let word = 0; word < vocabulary.size; word++) unknown[word] = byForm.idOf(vocabulary.symbolOf(word).trimStart());
  WORDS.set(model, { unknown, counts });
}

/**
 * The batch with some of its words unknown: a word that occurs n times in training, with probability a / (a + n). What is
 * chosen depends on the seed and the step alone.
 *
 * @param rate a; 0 for no change
 * @see Kiperwasser & Goldberg 2016, section 4.2
 */
export function withUnknownWords(
  batch: Batch,
  model: Model,
  { rate, seed, step }: { readonly rate: number; readonly seed: number; readonly step: number },
): Batch {
  const words = WORDS.get(model);
  const { input } = batch.inputs;
  if (rate === 0 || words === undefined || !isInt32Array(input)) return batch;
  const random = new Random(seed, `unknown/${step}`);
  const { unknown, counts } = words;
  const isUnknown = (word: number) => random.uniform() < rate / (rate + (counts[word] as number));
  const read = input.map((word) => (isUnknown(word) ? (unknown[word] as number) : word));
  return { ...batch, inputs: { ...batch.inputs, input: read } };
}
