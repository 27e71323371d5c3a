/** Options of the task `transcribe`. */
import { OptionError } from '../../../core/errors.js';
import { weightOption } from '../../building-blocks/row-weights.js';
import { type CommonDefaults, commonOptions, settledOptions } from '../../definition/common-options.js';
import { tableOptions } from '../../definition/table-options.js';
import {
  type Checked,
  choiceOption,
  numberOption,
  optional,
  settled,
  textOption,
} from '../../definition/task-options.js';

const count = { integer: true, min: 1 } as const;
const amount = { integer: true, min: 0 } as const;

/**
 * Defaults and their reasons. Measured on 980 recordings of spelled words, numbers and short sentences by 70 synthetic voices, of which
 * 8 were held out, and on spoken digits (FSDD).
 *
 * | option | default | reason |
 * |---|---|---|
 * | `normalize` | utterance, of sounds of a second and more | takes away loudness and microphone; the mean of a single word tells much of what is said |
 * | `perturb` | 0, and 1 for fewer than 100 sounds | changed sounds are computed anew in every epoch; a few recordings (yes and no, 24) are learnt by heart without: 3.3 to 4.2 %, with 0.4 to 2.9 % |
 * | `deltas` | 0 | twice the inputs, and the network sees neighbouring frames anyway: with labels of words 25 % without, 66 % with; one seed |
 * | `symbols` | words | 25 %; of characters 39 % with deltas, 46 % without in smaller batches; one seed |
 * | `strings` | each clip once | a fixed number repeats a few clips, and leaves out most of many |
 * | biases of the output | logarithms of frequencies, with the blanks | most steps have no symbol: with a bias of the blank of 3, test 22 %; of 0, 26 to 28 %; of -3, 31 %; one seed each |
 * | `layers`, `dropout`, `mask`, `epochs`, `batch`, `patience` | by the data | transcribe-defaults.ts |
 */
const DEFAULTS: CommonDefaults = {
  ...{ valid: 0.1, test: 0.1, cell: 'gru', units: 128, direction: 'bidirectional' },
  ...{ learningRate: 3e-3, schedule: 'cosine' },
};

/** The table of options. */
export const TRANSCRIBE_OPTIONS = {
  ...settledOptions(
    commonOptions(
      DEFAULTS,
      'a fraction to hold back, or a table; 0 for none. If the data names this part, it is taken from there',
    ),
    ['epochs', 'batch', 'patience', 'layers', 'dropout'],
  ),
  by: choiceOption(['clip', 'speaker'], {
    description: 'what is held back: single clips, or all clips of a speaker',
    default: 'clip',
  }),
  symbols: choiceOption(['words', 'characters'], { description: 'what a label stands for', default: 'words' }),
  features: choiceOption(['log-mel', 'mfcc'], { description: 'kind of the features', default: 'log-mel' }),
  melBands: numberOption(count, { description: 'filters on the mel scale', default: 40 }),
  coefficients: optional(
    numberOption(count, {
      description: 'of mfcc: number of coefficients that are kept; of Sphinx files: numbers in a row (13)',
    }),
  ),
  deltas: numberOption(
    { integer: true, min: 0, max: 2 },
    { description: '1: also deltas, 2: also deltas and double deltas', default: 0 },
  ),
  stack: numberOption(count, { description: 'frames of 10 ms in one step of the network', default: 3 }),
  normalize: optional(
    choiceOption(['training', 'utterance', 'speaker'], {
      description:
        "whose mean and standard deviation scale the features: all training clips, each utterance, or each speaker of a part; only the first can be streamed (default: utterance; training with direction 'forward', and for sounds that are shorter than a second on average)",
    }),
  ),
  join: textOption(
    {
      description: 'clips of one speaker that are joined: a number such as 3 or a range such as 1-7',
      default: '1',
      placeholder: 'n-m',
    },
    (name, text) => rangeText(parseRange(name, text)),
  ),
  silence: numberOption(
    { min: 0 },
    { description: 'longest pause between two joined clips in milliseconds', default: 100 },
  ),
  strings: optional(
    numberOption(amount, {
      description: 'training examples in an epoch; 0: as many as clips (default: each clip occurs about once)',
    }),
  ),
  validStrings: numberOption(count, { description: 'joined clips that choose the best model', default: 200 }),
  testStrings: numberOption(count, { description: 'joined clips for the evaluation at the end', default: 500 }),
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
    { description: 'probability of dropping a feature of a step', default: 0 },
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
      ...{ default: 1024, before: 1024 },
    },
  ),
  misfits: choiceOption(['error', 'drop'], {
    description: 'what to do with training clips that have more symbols than steps',
    default: 'error',
  }),
  weight: weightOption('column'),
  validBy: choiceOption(['greedy', 'beam'], {
    description:
      'decoding that chooses the best model: the most likely path, of at most 300 utterances, or the beam search, of all',
    default: 'greedy',
    before: 'beam',
  }),
  beams: numberOption(count, { description: 'number of beams in the beam search', default: 8 }),
  languageModel: optional(
    textOption({ description: "for the beam search: a run of 'bptt train lm'", placeholder: 'run' }),
  ),
  lmWeight: numberOption({ min: 0 }, { description: 'weight of the language model in the beam search', default: 0.5 }),
  insertionBonus: numberOption({}, { description: 'score that the beam search adds for each symbol', default: 0 }),
  nBest: numberOption(count, { description: 'number of texts for each sound', default: 3 }),
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
