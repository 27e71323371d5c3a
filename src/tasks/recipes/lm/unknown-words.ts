/** Words that a language model does not know, in the parts of its text. */
import type { TokenStreams } from '../../../data/streams.js';
import type { Vocabulary } from '../../../data/vocabulary.js';
import { UNKNOWN_MARK } from '../../../files/text.js';

/** The part of unknown words from which the perplexity is much that of their mark. */
const MANY = 0.1;

/** The parts of a text. */
interface TextParts {
  readonly training: TokenStreams;
  readonly validation?: TokenStreams | undefined;
  readonly test?: TokenStreams | undefined;
}

/** A note of the size of the vocabulary, and of the part of each text that is outside it. */
export function unknownWordsNote(
  { size, unknownId }: Pick<Vocabulary, 'size' | 'unknownId'>,
  { training, validation, test }: TextParts,
): string {
  const rates = Object.entries({ training, validation, test }).flatMap(([name, part]) =>
    part === undefined ? [] : [{ name, rate: unknownRate(part, unknownId) }],
  );
  const shown = rates.map(({ name, rate }) => `${(100 * rate).toFixed(1)} % of the ${name} words`).join(', ');
  const advice = rates.some(({ rate }) => rate >= MANY)
    ? '. The perplexity is much that of the mark: compare it with models of this vocabulary alone; --min-count 1, a longer text or --level char has fewer'
    : '';
  return `vocabulary of ${size} words; read as ${UNKNOWN_MARK}: ${shown}${advice}`;
}

/** The part of the words that are unknown. */
function unknownRate(part: TokenStreams, unknownId: number | undefined): number {
  let [count, all] = [0, 0];
  for (let index = 0; index < part.batch; index++) {
    for (const id of part.stream(index)) {
      all += 1;
      if (id === unknownId) count += 1;
    }
  }
  return count / all;
}
