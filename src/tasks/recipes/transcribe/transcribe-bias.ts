/** How often each label of connectionist temporal classification occurs. */
import { BLANK, type TranscriptSymbols } from '../../../data/transcript-symbols.js';
import type { Utterances } from './transcribe-data.js';

/** Counts of the labels of the training part; of the blank, all steps that are left. [classes] */
export function labelCounts(training: Utterances, symbols: TranscriptSymbols): Float64Array {
  const counts = new Float64Array(symbols.classes);
  for (const [index, text] of training.texts.entries()) {
    const weight = training.weights[index] as number;
    const { labels } = symbols.encodeKnown(text);
    for (const label of labels) counts[label] = (counts[label] as number) + weight;
    counts[BLANK] = (counts[BLANK] as number) + weight * Math.max(0, training.lengthOf(index) - labels.length);
  }
  return counts;
}
