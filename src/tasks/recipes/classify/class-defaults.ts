/** How the data decide defaults of tasks that classify, by the numbers of the table. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import type { SentenceLevel } from '../../../data/sentence-vocabulary.js';
import { featuresOf, type InputEncoding, idsOf } from '../../building-blocks/sequence-inputs.js';
import { type LengthOptions, type LengthRule, trainingLength } from '../../building-blocks/training-length.js';
import { rowFor } from '../../definition/reasoned.js';
import type { Setting, Settings } from '../../definition/settings.js';
import type { TaskData } from '../../definition/task.js';
import { CLASSES } from '../defaults/classes.js';
import { CLASSIFY } from '../defaults/classify.js';
import { TAG } from '../defaults/tag.js';
import { areSpanTags } from './tag-spans.js';
import { settledLevel } from './text-level.js';

/** The options that the data decide, of both tasks. */
export const SETTLED = ['valid', 'epochs', 'batch', 'patience', 'init', 'dropout'] as const;

type ClassSettings = Settings<
  | (typeof SETTLED)[number]
  | 'level'
  | 'inputDropout'
  | 'unknownWords'
  | 'unknownRate'
  | 'front'
  | 'pooling'
  | 'hidden'
  | 'memory'
  | 'choose'
>;

/** What sequences are made of, as far as defaults differ. */
type Kind = 'words' | 'characters' | 'symbols' | 'rows';

/** Why the defaults of a kind are what they are, in the words of a run. */
const WHY: Readonly<Record<Kind, string>> = {
  words: 'words are learnt by heart after few epochs',
  characters: 'characters of texts',
  symbols: 'symbols of a tiny vocabulary',
  rows: 'rows of numbers',
};

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
  const { part } = rowFor<{ readonly part: number }>(CLASSES.valid.value, examples);
  return part === 0 && (patience > 0 || test === 0) ? CLASSES.neededValid.value : part;
}

/** How words outside the vocabulary are read, where no option says it. */
export function unknownWordsOf(perStep: boolean): 'form' | 'one' {
  return (perStep ? TAG : CLASSIFY).unknownWords.value;
}

function kindOf(encoding: InputEncoding): Kind {
  const ids = idsOf(encoding);
  if (ids === undefined) return 'rows';
  if (areWords(encoding) && ids >= CLASSES.fewestWords.value) return 'words';
  return ids < CLASSES.fewestCharacters.value ? 'symbols' : 'characters';
}

/** Why a default is that of a kind. */
function whyOf(kind: Kind, { kind: symbols }: InputEncoding): string {
  if (kind !== 'characters') return WHY[kind];
  if (symbols === 'words' || symbols === 'tokens') return `${symbols} of a small vocabulary, of which none is rare`;
  return symbols === 'bytes' ? 'bytes of texts' : WHY[kind];
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
  readonly front?: 'none' | 'convolution' | undefined;
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
  const length = lengthOf(kind, sequences);
  const rows = meanRows(sequences, featuresOf(encoding));
  const because = (value: number): Setting => ({ value, reason: whyOf(kind, encoding) });
  const isLong = kind === 'rows' && rows >= CLASSIFY.front.value.fewestRows && !perStep;
  const { front = isLong ? 'convolution' : 'none' } = given;
  return {
    valid: { value: validationPart(read, given), reason: `${read} examples` },
    ...trainingLength(sequences.length, length, given, validation !== undefined),
    patience: CLASSES.patience,
    ...settledLevel(given.level, encoding),
    init: initOf(kind),
    dropout: because(CLASSES.dropout.value[kind]),
    ...(areWords(encoding) && {
      unknownWords: {
        value: unknownWordsOf(perStep),
        reason: perStep ? 'the form of a word tells its class' : 'a class for the whole text',
      },
    }),
    ...(kind === 'words' && {
      inputDropout: because(CLASSES.inputDropout.value),
      unknownRate: {
        value: perStep ? TAG.unknownRate.value[areSpanTags(classes) ? 'span' : 'step'] : CLASSIFY.unknownRate.value,
        reason: 'later texts have other words',
      },
    }),
    ...(perStep && { choose: choiceFor(classes) }),
    ...(perStep && kind === 'symbols' && { memory: because(TAG.memory.value.symbols) }),
    ...(!perStep && outputSettings(kind, front === 'convolution')),
    ...(isLong && {
      front: { value: 'convolution', reason: `sequences of about ${Math.round(rows)} rows` },
    }),
  };
}

/** What chooses the best model of tags. */
function choiceFor(classes: readonly string[]): Setting {
  const { span, step } = TAG.choose.value;
  return areSpanTags(classes)
    ? { value: span, reason: 'tags of spans' }
    : { value: step, reason: 'smoother than the number of right tags' };
}

function initOf(kind: Kind): Setting {
  if (kind === 'rows') return { value: 'default', reason: 'rows of numbers have no embedding' };
  const { value } = CLASSES.init;
  if (kind === 'symbols') return { value: value.symbols, reason: 'orthogonal weights keep what symbols say' };
  return { value: value.others, reason: 'embeddings of unit size are too large to learn from few examples' };
}

/** The layers between the recurrent ones and the classes of whole sequences. */
function outputSettings(kind: Kind, hasFront: boolean): Settings<'pooling' | 'hidden'> {
  const poolings = CLASSIFY.pooling.value;
  if (kind === 'rows') {
    const [name, reason] = hasFront
      ? (['rows', 'rows behind convolutions'] as const)
      : (['fewRows', 'ends and middle of rows without convolutions'] as const);
    return { pooling: { value: poolings[name], reason } };
  }
  const pooling = poolings[kind];
  if (kind === 'words') return { pooling: { value: pooling, reason: WHY[kind] } };
  const reason = 'ends and middle of sequences of symbols';
  return { pooling: { value: pooling, reason }, hidden: { value: CLASSIFY.hidden.value[kind], reason } };
}

/** The budget of a kind; long sequences of symbols get fewer epochs. */
function lengthOf(kind: Kind, training: readonly SequenceExample[]): LengthRule {
  const length = CLASSES.length.value[kind];
  if (kind !== 'symbols') return length;
  const symbols = training.reduce((sum, { input }) => sum + input.length, 0);
  const [fewest, most] = length.epochs;
  return {
    ...length,
    epochs: [fewest, Math.max(fewest, Math.min(most, Math.floor(CLASSES.mostSymbols.value / symbols)))],
  };
}
