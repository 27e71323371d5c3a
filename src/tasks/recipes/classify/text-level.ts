/** What the symbols of texts are, where no option says it. */
import { OptionError } from '../../../core/errors.js';
import type { SentenceLevel } from '../../../data/sentence-vocabulary.js';
import { wordsOf } from '../../../files/text.js';
import type { InputEncoding, RawInput } from '../../building-blocks/sequence-inputs.js';
import type { Setting } from '../../definition/settings.js';
import { CLASSIFY } from '../defaults/classify.js';
import { TAG } from '../defaults/tag.js';

const LEVELS = { characters: 'character', words: 'word', bytes: 'byte' } as const;

/**
 * The level of the inputs. Lists of tokens and rows of numbers have none; for them `character` stands for none, too, since runs have it
 * that say of no level.
 *
 * @param perStep whether there is a target for each symbol, which are characters then
 */
export function levelOf(
  given: SentenceLevel | undefined,
  inputs: readonly RawInput[],
  perStep: boolean,
): SentenceLevel | undefined {
  const texts = inputs.slice(0, CLASSIFY.level.value.texts).filter((input) => typeof input === 'string');
  if (texts.length === 0) return given === 'character' ? undefined : given;
  return given ?? (perStep || !areSentences(texts) ? TAG.level.value : 'word');
}

function areSentences(texts: readonly string[]): boolean {
  const { fewestWords, repeated: least } = CLASSIFY.level.value;
  const words = texts.flatMap(wordsOf);
  if (words.length < fewestWords * texts.length) return false;
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const repeated = [...counts.values()].filter((count) => count > 1).reduce((sum, count) => sum + count, 0);
  return repeated >= least * words.length;
}

/**
 * The level that was read, for the options of a run.
 *
 * @throws {OptionError} `invalid_option` for characters of inputs that are no texts
 */
export function settledLevel(given: SentenceLevel | undefined, { kind }: InputEncoding): { readonly level?: Setting } {
  if (kind !== 'features' && kind !== 'tokens') {
    return {
      level: { value: LEVELS[kind], reason: kind === 'words' ? 'texts of several words' : 'texts of few words' },
    };
  }
  if (given !== 'character') return {};
  const form = kind === 'tokens' ? 'tokens' : 'numbers';
  const message = `option 'level' is '${given}', but the inputs are ${form}: only texts are split into symbols`;
  throw new OptionError('invalid_option', message, { name: 'level', value: given, inputs: form });
}
