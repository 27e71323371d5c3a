/** Options of the task `transcribe`. */
import { OptionError } from '../../../core/errors.js';
import { weightOption } from '../../building-blocks/row-weights.js';
import { commonOptions, settledOptions } from '../../definition/common-options.js';
import { valuesOf } from '../../definition/reasoned.js';
import { tableOptions } from '../../definition/table-options.js';
import {
  type Checked,
  choiceOption,
  numberOption,
  optional,
  settled,
  textOption,
} from '../../definition/task-options.js';
import { TRANSCRIBE } from '../defaults/transcribe.js';

const count = { integer: true, min: 1 } as const;
const amount = { integer: true, min: 0 } as const;

/** The table of options. */
export const TRANSCRIBE_OPTIONS = {
  ...settledOptions(
    commonOptions(
      valuesOf(TRANSCRIBE, ['valid', 'test', 'cell', 'units', 'direction', 'learningRate', 'schedule']),
      'a fraction to hold back, or a table; 0 for none. If the data names this part, it is taken from there',
    ),
    ['epochs', 'batch', 'patience', 'layers', 'dropout'],
  ),
  by: choiceOption(['clip', 'speaker'], {
    description: 'what is held back: single clips, or all clips of a speaker',
    default: TRANSCRIBE.by.value,
  }),
  symbols: choiceOption(['words', 'characters'], {
    description: 'what a label stands for',
    default: TRANSCRIBE.symbols.value,
  }),
  features: choiceOption(['log-mel', 'mfcc'], {
    description: 'kind of the features',
    default: TRANSCRIBE.features.value,
  }),
  melBands: numberOption(count, { description: 'filters on the mel scale', default: TRANSCRIBE.melBands.value }),
  coefficients: optional(
    numberOption(count, {
      description: 'of mfcc: number of coefficients that are kept; of Sphinx files: numbers in a row (13)',
    }),
  ),
  deltas: numberOption(
    { integer: true, min: 0, max: 2 },
    { description: '1: also deltas, 2: also deltas and double deltas', default: TRANSCRIBE.deltas.value },
  ),
  stack: numberOption(count, {
    description: 'frames of 10 ms in one step of the network',
    default: TRANSCRIBE.stack.value,
  }),
  normalize: optional(
    choiceOption(['training', 'utterance', 'speaker'], {
      description:
        "whose mean and standard deviation scale the features: all training clips, each utterance, or each speaker of a part; only the first can be streamed (default: utterance; training with direction 'forward', and for sounds that are shorter than a second on average)",
    }),
  ),
  join: textOption(
    {
      description: 'clips of one speaker that are joined: a number such as 3 or a range such as 1-7',
      default: TRANSCRIBE.join.value,
      placeholder: 'n-m',
    },
    (name, text) => rangeText(parseRange(name, text)),
  ),
  silence: numberOption(
    { min: 0 },
    { description: 'longest pause between two joined clips in milliseconds', default: TRANSCRIBE.silence.value },
  ),
  strings: optional(
    numberOption(amount, {
      description: 'training examples in an epoch; 0: as many as clips (default: each clip occurs about once)',
    }),
  ),
  validStrings: numberOption(count, {
    description: 'joined clips that choose the best model',
    default: TRANSCRIBE.validStrings.value,
  }),
  testStrings: numberOption(count, {
    description: 'joined clips for the evaluation at the end',
    default: TRANSCRIBE.testStrings.value,
  }),
  perturb: optional(
    numberOption(
      { min: 0, max: 1 },
      {
        description:
          'strength of random changes of speed, loudness, tone and noise in training (default: 0, and 1 for fewer than 100 sounds)',
      },
    ),
  ),
  inputDropout: numberOption(
    { min: 0, max: 0.999999 },
    { description: 'probability of dropping a feature of a step', default: TRANSCRIBE.inputDropout.value },
  ),
  mask: settled(
    numberOption(
      { min: 0, max: 1 },
      { description: 'strength of masks that hide stretches of time and of features in training', before: 0 },
    ),
  ),
  featureMemory: numberOption(
    { min: 0 },
    {
      description: 'most megabytes of features that are kept in memory; those beyond are computed again in every epoch',
      ...{ default: TRANSCRIBE.featureMemory.value, before: 1024 },
    },
  ),
  misfits: choiceOption(['error', 'drop'], {
    description: 'what to do with training clips that have more symbols than steps',
    default: TRANSCRIBE.misfits.value,
  }),
  weight: weightOption('column'),
  validBy: choiceOption(['greedy', 'beam'], {
    description:
      'decoding that chooses the best model: the most likely path, of at most 300 utterances, or the beam search, of all',
    default: TRANSCRIBE.validBy.value,
    before: 'beam',
  }),
  beams: numberOption(count, { description: 'number of beams in the beam search', default: TRANSCRIBE.beams.value }),
  languageModel: optional(
    textOption({ description: "for the beam search: a run of 'bptt train lm'", placeholder: 'run' }),
  ),
  lmWeight: numberOption(
    { min: 0 },
    { description: 'weight of the language model in the beam search', default: TRANSCRIBE.lmWeight.value },
  ),
  insertionBonus: numberOption(
    {},
    { description: 'score that the beam search adds for each symbol', default: TRANSCRIBE.insertionBonus.value },
  ),
  nBest: numberOption(count, { description: 'number of texts for each sound', default: TRANSCRIBE.nBest.value }),
  ...tableOptions(),
} as const;

/** The options, checked. */
export type TranscribeOptions = Checked<typeof TRANSCRIBE_OPTIONS>;

/** Fewest and most clips of a joined sound. @throws {OptionError} `invalid_option` */
export function parseRange(name: string, text: string): { readonly fewest: number; readonly most: number } {
  const [, first, last] = /^([1-9]\d{0,3})(?:-([1-9]\d{0,3}))?$/.exec(text) ?? [];
  const fewest = Number(first);
  const most = Number(last ?? first);
  if (fewest <= most) return { fewest, most };
  const message = `option '${name}' must be a number such as 3 or a range such as 1-7, got '${text}'`;
  throw new OptionError('invalid_option', message, { name, value: text });
}

function rangeText({ fewest, most }: ReturnType<typeof parseRange>): string {
  return fewest === most ? `${fewest}` : `${fewest}-${most}`;
}
