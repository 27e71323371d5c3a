/** How the sounds decide defaults of the task `transcribe`, by the numbers of the table. */
import { type LengthOptions, trainingLength } from '../../building-blocks/training-length.js';
import type { Settings } from '../../definition/settings.js';
import { TRANSCRIBE } from '../defaults/transcribe.js';
import type { Utterances } from './transcribe-data.js';

type Kind = keyof typeof TRANSCRIBE.length.value;

/** Why the defaults of a kind are what they are, in the words of a run. */
const WHY: Readonly<Record<Kind, string>> = {
  short: 'sounds of a word, or few of them',
  long: 'sounds of a second and more',
};

/** The options that the sounds decide. */
export function settleTranscription(
  given: LengthOptions & { readonly stack: number },
  training: Utterances,
  hasValidation: boolean,
): Settings<'epochs' | 'batch' | 'patience' | 'layers' | 'dropout' | 'mask'> {
  const kind = kindOf(given.stack, training);
  const because = (value: number) => ({ value, reason: WHY[kind] });
  const { layers, dropout, mask, length } = TRANSCRIBE;
  return {
    ...trainingLength(training.count, length.value[kind], given, hasValidation),
    layers: because(layers.value[kind]),
    dropout: because(dropout.value[kind]),
    mask: because(mask.value[kind]),
  };
}

function kindOf(stack: number, { count, lengthOf }: Utterances): Kind {
  let frames = 0;
  for (let at = 0; at < count; at++) frames += stack * lengthOf(at);
  const { frames: fewest, sounds } = TRANSCRIBE.longSounds.value;
  return count >= sounds && frames / count >= fewest ? 'long' : 'short';
}
