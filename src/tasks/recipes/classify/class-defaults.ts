/**
 * The defaults of tasks that classify which the data decide, each with its reason. They were chosen by experiments on small
 * and large sets of every kind: bench/defaults.mjs measures them.
 */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import type { SentenceLevel } from '../../../data/sentence-vocabulary.js';
import { featuresOf, type InputEncoding, idsOf } from '../../building-blocks/sequence-inputs.js';
import { type LengthOptions, type LengthRule, trainingLength } from '../../building-blocks/training-length.js';
import type { Setting, Settings } from '../../definition/settings.js';
import type { TaskData } from '../../definition/task.js';
import { areSpanTags } from './tag-spans.js';
import { settledLevel } from './text-level.js';

/** The options that the data decide, of both tasks. */
export const SETTLED = ['valid', 'epochs', 'batch', 'patience', 'init', 'dropout'] as const;

type ClassSettings = Settings<
  (typeof SETTLED)[number] | 'level' | 'inputDropout' | 'unknownWords' | 'unknownRate' | 'front' | 'pooling' | 'hidden'
>;

/**
 * Of how many examples which part chooses the best model. A part of a handful would choose by chance, and would be missing
 * in training: the smallest sets are trained with all examples for a fixed time.
 */
const VALIDATION = [
  { below: 100, part: 0 },
  { below: 500, part: 0.2 },
  { below: Number.POSITIVE_INFINITY, part: 0.1 },
] as const;

/** The part of the smallest sets where somebody waits for better validations, and where nothing else would tell what was learnt. */
const NEEDED_PART = 0.2;

/**
 * Mean number of rows of a sequence from which convolutions go before the recurrent layers. On outlines of 251 and 427 steps they
 * raise the accuracy from 90 to 95 % and from 81 to 98 %, in a fifth of the time; at 24 steps from 95.9 to 96.3 %. At 8 steps they do not help.
 */
const LONG_SERIES = 20;

/** What sequences are made of, as far as defaults differ. */
type Kind = 'words' | 'characters' | 'symbols' | 'rows';

interface KindDefaults {
  readonly why: string;
  readonly length: LengthRule;
  /** Before the output. */
  readonly dropout: number;
}

/** Enough steps for the smallest sets, and a few epochs for large ones. Words are learnt by heart after fewer epochs. */
const LENGTH = { steps: 1500, epochs: [10, 300], batch: 32 } as const;

const DEFAULTS: Readonly<Record<Kind, KindDefaults>> = {
  words: {
    why: 'words are learnt by heart after few epochs',
    length: { ...LENGTH, epochs: [6, 300] },
    dropout: 0.5,
  },
  characters: { why: 'characters of texts', length: LENGTH, dropout: 0.3 },
  symbols: { why: 'symbols of a tiny vocabulary', length: { ...LENGTH, steps: 2500 }, dropout: 0.1 },
  rows: { why: 'rows of numbers', length: LENGTH, dropout: 0.3 },
};

/**
 * Vocabularies below this are smaller than alphabets: brackets, states, moves, bases. The rules that make their classes are exact, and often hold for
 * all of a sequence, so little is dropped. Brackets are still learnt between the steps 1,500 and 2,500.
 */
const SYMBOLS = 20;

/**
 * Symbols that a training reads at most, but for the fewest epochs: some minutes on one thread. Where the class is the first of 500
 * symbols, it is learnt from 2 million of them; 2,500 steps would read 40 million.
 */
const MOST_SYMBOLS = 10_000_000;

/**
 * How the steps of a sequence of symbols become one row, and the units of the hidden layer behind it. The final states have the ends
 * of a sequence, and the mean gives a gradient to every step, where the maximum finds one by chance. The hidden layer can compare
 * them. Whether brackets are well nested (seed 1): 71 % are right with the maximum alone and 1,500 steps; behind a hidden layer and 2,250 steps
 * 88 % with mean and maximum, 98 % with all three. Whether the first and the last of 200 symbols are the same: nothing is learnt with the maximum in four
 * epochs, 100 % are right after three with the final states. Surnames of 18 languages: 82.7 and 83.2 %.
 */
const SYMBOL_OUTPUT = { pooling: 'last+mean+max', hidden: 64 } as const;

/** What words have beside other symbols. Most of them are rare, and later texts have others. */
const WORDS = {
  /** Fewer of them are like characters: states of a machine, of which none is rare and each has to be read. */
  fewest: 200,
  /** Of the embeddings. */
  inputDropout: 0.5,
  /**
   * Words that become unknown in training: a / (a + times in training). Whole texts gain by more of it (of six
   * speakers of Shakespeare's 52.0 % of the lines are right, with a quarter of it 50.7 %), and so do spans, most of which are new names (span F1 82.3 and 83.9 %);
   * other tags do not (parts of speech 96.5 and 96.4 %).
   */
  unknownRate: { sequence: 1, span: 1, step: 0.25 },
} as const;

/** The options that a validation part depends on. */
export interface HeldOptions {
  /** Validations without a better score that are waited for, if an option says so. */
  readonly patience: number | undefined;
  /** The test part. */
  readonly test: number | string;
}

/**
 * The part of all examples that chooses the best model, where no option says it.
 *
 * @param examples their number, with those of a test part that is a fraction of them
 */
export function validationPart(examples: number, { patience = 0, test }: HeldOptions): number {
  const part = VALIDATION.find(({ below }) => examples < below)?.part ?? 0;
  return part === 0 && (patience > 0 || test === 0) ? NEEDED_PART : part;
}

/**
 * How words outside the vocabulary are read, where no option says it. Their form tells their tag (in 1,500 sentences of a novel 96.7 % of the parts of
 * speech are right with forms, 93.2 % without); it tells next to nothing of the class of a text.
 */
export function unknownWordsOf(perStep: boolean): 'form' | 'one' {
  return perStep ? 'form' : 'one';
}

function kindOf(encoding: InputEncoding): Kind {
  const ids = idsOf(encoding);
  if (ids === undefined) return 'rows';
  if (areWords(encoding) && ids >= WORDS.fewest) return 'words';
  return ids < SYMBOLS ? 'symbols' : 'characters';
}

function areWords({ kind }: InputEncoding): boolean {
  return kind === 'words' || kind === 'tokens';
}

function meanRows(training: readonly SequenceExample[], features: number): number {
  return training.reduce((sum, { input }) => sum + input.length, 0) / features / Math.max(1, training.length);
}

/** What is known of the classes and inputs, as far as defaults follow from it. */
type ReadClasses = { readonly classes: readonly string[]; readonly encoding: InputEncoding };

/** The options that were given, as far as others follow from them. */
export interface SettlingOptions extends LengthOptions, HeldOptions {
  readonly level?: SentenceLevel | undefined;
}

/**
 * The values of options that nobody gave.
 *
 * @param perStep whether there is a class for each step
 */
export function classSettings(
  given: SettlingOptions,
  { training, validation, test, saved: { classes, encoding } }: TaskData<ReadClasses>,
  perStep: boolean,
): ClassSettings {
  const sequences = training as readonly SequenceExample[];
  const count = (part: unknown) => (part as readonly unknown[] | undefined)?.length ?? 0;
  const read = count(training) + count(validation) + (typeof given.test === 'number' ? count(test) : 0);
  const kind = kindOf(encoding);
  const { why, dropout } = DEFAULTS[kind];
  const length = lengthOf(kind, sequences);
  const rows = meanRows(sequences, featuresOf(encoding));
  const because = (value: number): Setting => ({ value, reason: why });
  const hasFront = kind === 'rows' && rows >= LONG_SERIES && !perStep;
  return {
    valid: { value: validationPart(read, given), reason: `${read} examples` },
    ...trainingLength(sequences.length, length, given, validation !== undefined),
    patience: { value: 0, reason: 'the learning rate falls until the last epoch' },
    ...settledLevel(given.level, encoding),
    init: { value: 'default,embedding=0.1', reason: 'embeddings of unit size are too large to learn from few words' },
    dropout: because(dropout),
    ...(areWords(encoding) && {
      unknownWords: {
        value: unknownWordsOf(perStep),
        reason: perStep ? 'the form of a word tells its class' : 'a class for the whole text',
      },
    }),
    ...(kind === 'words' && {
      inputDropout: because(WORDS.inputDropout),
      unknownRate: {
        value: WORDS.unknownRate[perStep ? (areSpanTags(classes) ? 'span' : 'step') : 'sequence'],
        reason: 'later texts have other words',
      },
    }),
    ...(!perStep && outputSettings(kind)),
    ...(hasFront && {
      front: { value: 'convolution', reason: `sequences of about ${Math.round(rows)} rows` },
    }),
  };
}

/** The layers between the recurrent ones and the classes of whole sequences. */
function outputSettings(kind: Kind): Settings<'pooling' | 'hidden'> {
  if (kind !== 'symbols' && kind !== 'characters') return { pooling: { value: 'max', reason: DEFAULTS[kind].why } };
  const reason = 'ends and middle of sequences of symbols';
  return { pooling: { value: SYMBOL_OUTPUT.pooling, reason }, hidden: { value: SYMBOL_OUTPUT.hidden, reason } };
}

/** The budget of a kind; long sequences of symbols get fewer epochs. */
function lengthOf(kind: Kind, training: readonly SequenceExample[]): LengthRule {
  const { length } = DEFAULTS[kind];
  if (kind !== 'symbols') return length;
  const symbols = training.reduce((sum, { input }) => sum + input.length, 0);
  const [fewest, most] = length.epochs;
  return { ...length, epochs: [fewest, Math.max(fewest, Math.min(most, Math.floor(MOST_SYMBOLS / symbols)))] };
}
