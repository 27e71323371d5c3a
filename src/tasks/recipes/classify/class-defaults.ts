/**
 * The defaults of tasks that classify which the data decide, each with its reason. They were chosen by experiments on small
 * and large sets of every kind: bench/defaults.mjs measures them.
 */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import type { InputEncoding } from '../../building-blocks/sequence-inputs.js';
import { type LengthOptions, type LengthRule, trainingLength } from '../../building-blocks/training-length.js';
import type { Setting, Settings } from '../../definition/settings.js';
import type { TaskData } from '../../definition/task.js';
import type { SavedClasses } from './classify-data.js';

/** The options that the data decide, of both tasks. */
export const SETTLED = ['valid', 'epochs', 'batch', 'patience', 'init', 'dropout'] as const;

type ClassSettings = Settings<(typeof SETTLED)[number] | 'inputDropout' | 'unknownWords' | 'unknownRate' | 'front'>;

/**
 * Of how many examples which part chooses the best model. A part of a handful would choose by chance, and would be missing
 * in training: the smallest sets are trained with all examples for a fixed time.
 */
const VALIDATION = [
  { below: 100, part: 0 },
  { below: 500, part: 0.2 },
  { below: Number.POSITIVE_INFINITY, part: 0.1 },
] as const;

/** The part of the smallest sets where somebody waits for better validations. */
const AWAITED_PART = 0.2;

/** Mean number of rows of a sequence from which a convolution goes before the recurrent layers. */
const LONG_SERIES = 20;

/** What symbols are, as far as defaults differ. */
type Kind = 'words' | 'characters' | 'series' | 'long series';

interface KindDefaults {
  readonly why: string;
  readonly length: LengthRule;
  /** Before the output. */
  readonly dropout: number;
  /** Of the embeddings. */
  readonly inputDropout: number;
  /** Words that become unknown: a / (a + times in training). */
  readonly unknownRate: number;
}

const DEFAULTS: Readonly<Record<Kind, KindDefaults>> = {
  words: {
    why: 'most words are rare, and each is learnt by heart after few epochs',
    length: { steps: 1500, epochs: [6, 300], batch: 32 },
    ...{ dropout: 0.5, inputDropout: 0.5, unknownRate: 0.25 },
  },
  characters: {
    why: 'symbols that are frequent',
    length: { steps: 1500, epochs: [10, 300], batch: 32 },
    ...{ dropout: 0.3, inputDropout: 0, unknownRate: 0 },
  },
  series: {
    why: 'rows of numbers',
    length: { steps: 1500, epochs: [10, 300], batch: 32 },
    ...{ dropout: 0.3, inputDropout: 0, unknownRate: 0 },
  },
  'long series': {
    why: 'long rows of numbers',
    length: { steps: 1500, epochs: [10, 300], batch: 32 },
    ...{ dropout: 0.3, inputDropout: 0, unknownRate: 0 },
  },
};

/**
 * The part of all examples that chooses the best model, where no option says it.
 *
 * @param patience validations without a better score that are waited for, if an option says so
 */
export function validationPart(examples: number, patience = 0): number {
  const part = VALIDATION.find(({ below }) => examples < below)?.part ?? 0;
  return part === 0 && patience > 0 ? AWAITED_PART : part;
}

/**
 * How words outside the vocabulary are read, where no option says it. Their form tells their tag (in 1,500 sentences of a novel 96.7 % of the parts of
 * speech are right with forms, 93.2 % without); it tells next to nothing of the class of a text.
 */
export function unknownWordsOf(perStep: boolean): 'form' | 'one' {
  return perStep ? 'form' : 'one';
}

function kindOf({ kind }: InputEncoding, training: readonly SequenceExample[], features: number): Kind {
  if (kind === 'words' || kind === 'tokens') return 'words';
  if (kind !== 'features') return 'characters';
  return meanRows(training, features) >= LONG_SERIES ? 'long series' : 'series';
}

function meanRows(training: readonly SequenceExample[], features: number): number {
  return training.reduce((sum, { input }) => sum + input.length, 0) / features / Math.max(1, training.length);
}

/** The options that were given, as far as others follow from them. */
export interface SettlingOptions extends LengthOptions {
  readonly patience: number | undefined;
  readonly test: number | string;
}

/**
 * The values of options that nobody gave.
 *
 * @param perStep whether there is a class for each step
 */
export function classSettings(
  given: SettlingOptions,
  { training, validation, test, saved: { encoding } }: TaskData<SavedClasses>,
  perStep: boolean,
): ClassSettings {
  const sequences = training as readonly SequenceExample[];
  const count = (part: unknown) => (part as readonly unknown[] | undefined)?.length ?? 0;
  const read = count(training) + count(validation) + (typeof given.test === 'number' ? count(test) : 0);
  const features = encoding.kind === 'features' ? encoding.features : 1;
  const kind = kindOf(encoding, sequences, features);
  const { why, length, dropout, inputDropout, unknownRate } = DEFAULTS[kind];
  const because = (value: number): Setting => ({ value, reason: why });
  const hasFront = kind === 'long series' && !perStep;
  return {
    valid: { value: validationPart(read, given.patience), reason: `${read} examples` },
    ...trainingLength(sequences.length, length, given, validation !== undefined),
    patience: { value: 0, reason: 'the learning rate falls until the last epoch' },
    init: { value: 'default,embedding=0.1', reason: 'embeddings of unit size are too large to learn from few words' },
    dropout: because(dropout),
    ...(kind === 'words' && {
      inputDropout: because(inputDropout),
      unknownRate: because(unknownRate),
      unknownWords: {
        value: unknownWordsOf(perStep),
        reason: perStep ? 'the form of a word tells its class' : 'a class for the whole text',
      },
    }),
    ...(hasFront && {
      front: { value: 'convolution', reason: `sequences of about ${Math.round(meanRows(sequences, features))} rows` },
    }),
  };
}
