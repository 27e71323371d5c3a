/** Options that have no effect on the data that were found. */
import { kebabCase } from '../../../core/kebab-case.js';
import type { InputEncoding } from '../../building-blocks/sequence-inputs.js';
import type { SourceForm } from './source-form.js';

type Kind = SourceForm['kind'] | 'other';

const OF_TABLES = ['delimiter', 'decimal', 'quote', 'header', 'skipFooter'] as const;
const NAMES = ['input', 'target'] as const;
const TIME = ['sequence', 'time', 'dateFormat'] as const;

/** The options that say something of each kind of data; `encoding` says something of all texts. */
const USED: Readonly<Record<Kind, readonly string[]>> = {
  numbers: [...NAMES, ...TIME, ...OF_TABLES, 'comment', 'categories', 'missing', 'missingValues'],
  tokens: [...NAMES, ...TIME, ...OF_TABLES, 'comment'],
  text: [...NAMES, ...OF_TABLES, 'comment'],
  lines: [...NAMES, 'missing'],
  columns: [...NAMES, 'comment'],
  labels: [],
  other: ['missing'],
};

/** What the kinds are, for the note. */
const TITLES: Readonly<Record<Kind, string>> = {
  numbers: 'a table of numbers',
  tokens: 'a table of tokens',
  text: 'a table of texts',
  lines: 'JSON lines',
  columns: 'columns of tokens',
  labels: 'lines of a class and a text',
  other: 'a folder, an archive or pictures',
};

/** Options that are not asked about in each kind: they are always used, or are refused where they do not fit. */
const ASKED = [...NAMES, ...TIME, ...OF_TABLES, 'comment', 'categories', 'missing', 'missingValues'];

/** Options of words, and of embeddings. */
const OF_WORDS = ['minCount', 'vocabulary', 'unknownWords', 'unknownRate'];
const OF_EMBEDDINGS = ['inputDropout'];

/** Values that ask for nothing. */
const NOTHING: readonly unknown[] = [undefined, 'refuse', 'one', 0];

function isGiven(value: unknown): boolean {
  return !NOTHING.includes(value);
}

/** Why naive Bayes is not added although it should be; undefined where it may be. */
function unblended({ blend, calibrate, weight, classWeights }: Readonly<Record<string, unknown>>): string | undefined {
  if (blend !== 'yes') return undefined;
  if (calibrate === 'no') return 'with --calibrate no: its weight is fitted with the temperature';
  if (weight !== undefined) return 'with --weight: it counts all examples alike';
  return classWeights === undefined ? undefined : 'with --class-weights: it counts all classes alike';
}

/** A note of the options that were given and have no effect. */
export function unusedNotes(
  given: Readonly<Record<string, unknown>>,
  source: SourceForm | undefined,
  { kind: symbols }: InputEncoding,
): readonly string[] {
  const kind = source?.kind ?? 'other';
  const unused = (names: readonly string[]) =>
    names.filter((name) => isGiven(given[name])).map((name) => `--${kebabCase(name)}`);
  const ofData = unused(ASKED.filter((name) => !USED[kind].includes(name)));
  const ofWords = symbols === 'words' || symbols === 'tokens' ? [] : unused(OF_WORDS);
  const ofEmbeddings = symbols === 'features' ? unused(OF_EMBEDDINGS) : [];
  const reason = symbols === 'features' ? undefined : unblended(given);
  return [
    ...(ofData.length === 0 ? [] : [`no effect on ${TITLES[kind]}: ${ofData.join(', ')}`]),
    ...(ofWords.length === 0 ? [] : [`no effect where no words are read: ${ofWords.join(', ')}`]),
    ...(ofEmbeddings.length === 0 ? [] : [`no effect on numbers, which have no embedding: ${ofEmbeddings.join(', ')}`]),
    ...(reason === undefined ? [] : [`no effect of --blend yes ${reason}`]),
  ];
}
