/** Options of the task `transcribe`. */
import { OptionError } from '../../../core/errors.js';
import { weightOption } from '../../building-blocks/row-weights.js';
import { commonOptions } from '../../definition/common-options.js';
import { tableOptions } from '../../definition/table-options.js';
import { type Checked, choiceOption, numberOption, optional, textOption } from '../../definition/task-options.js';

const count = { integer: true, min: 1 } as const;
const amount = { integer: true, min: 0 } as const;

/** The table of options. */
export const TRANSCRIBE_OPTIONS = {
  ...commonOptions(
    {
      ...{ valid: 0.1, test: 0.1, cell: 'gru', units: 128, layers: 1, dropout: 0.2, direction: 'bidirectional' },
      ...{ epochs: 30, batch: 16, learningRate: 3e-3, schedule: 'cosine' },
    },
    'a fraction to hold back, or a table; 0 for none. If the data names this part, it is taken from there',
  ),
  by: choiceOption(['clip', 'speaker'], {
    description: 'what is held back: single clips, or all clips of a speaker',
    default: 'clip',
  }),
  symbols: choiceOption(['words', 'characters'], { description: 'what a label stands for', default: 'words' }),
  features: choiceOption(['log-mel', 'mfcc'], { description: 'kind of the features', default: 'log-mel' }),
  melBands: numberOption(count, { description: 'filters on the mel scale', default: 40 }),
  coefficients: optional(numberOption(count, { description: 'of mfcc: number of coefficients that are kept' })),
  deltas: numberOption(
    { integer: true, min: 0, max: 2 },
    { description: '1: also deltas, 2: also deltas and double deltas', default: 0 },
  ),
  stack: numberOption(count, { description: 'frames of 10 ms in one step of the network', default: 3 }),
  normalize: choiceOption(['training', 'utterance'], {
    description:
      'whose mean and standard deviation scale the features: all training clips, or each utterance, which cannot be streamed',
    default: 'training',
  }),
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
  strings: numberOption(amount, { description: 'training examples in an epoch; 0: as many as clips', default: 500 }),
  validStrings: numberOption(count, { description: 'joined clips that choose the best model', default: 200 }),
  testStrings: numberOption(count, { description: 'joined clips for the evaluation at the end', default: 500 }),
  perturb: numberOption(
    { min: 0, max: 1 },
    { description: 'strength of random changes of speed, loudness, tone and noise in training', default: 1 },
  ),
  inputDropout: numberOption(
    { min: 0, max: 0.999999 },
    { description: 'probability of dropping a feature of a step', default: 0 },
  ),
  misfits: choiceOption(['error', 'drop'], {
    description: 'what to do with training clips that have more symbols than steps',
    default: 'error',
  }),
  weight: weightOption('column'),
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
