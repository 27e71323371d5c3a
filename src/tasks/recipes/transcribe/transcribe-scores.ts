/** Error rates of transcripts: the one that chooses the best model, and their lines for people. */
import type { JsonObject } from '../../../core/json.js';

/**
 * The number that chooses the best model: the word error rate, of the beam search where it was made; ties are decided by the wrong
 * characters, and then by the doubt: of many models that make no error on a small validation part, the first would be the least trained.
 */
export function decodedErrorRate({ beam, greedy, doubt }: JsonObject): number {
  const { wordErrorRate, characterErrorRate } = (beam ?? greedy) as Record<string, number | null>;
  return (wordErrorRate ?? 1) + 1e-3 * (characterErrorRate ?? 1) + 1e-6 * Number(doubt ?? 0);
}

/** Word and character error rate. */
export function rateLine({ wordErrorRate, characterErrorRate }: JsonObject): string {
  return `word error rate ${percent(wordErrorRate)}  character error rate ${percent(characterErrorRate)}`;
}

/** The rates as lines for people. */
export function describeErrors(metrics: JsonObject): string {
  const { utterances, words, substitutions, deletions, insertions, sentenceErrorRate } = metrics;
  const line = (name: string) => `${name.padEnd(8)} ${rateLine(metrics[name] as JsonObject)}`;
  return [
    line('greedy'),
    line('beam'),
    `${utterances} utterances of ${words} words: ${substitutions} substituted, ${deletions} deleted, ${insertions} inserted; ` +
      `${percent(sentenceErrorRate)} of the utterances are wrong`,
  ].join('\n');
}

function percent(rate: unknown): string {
  return typeof rate === 'number' ? `${(100 * rate).toFixed(2)} %` : '-';
}
