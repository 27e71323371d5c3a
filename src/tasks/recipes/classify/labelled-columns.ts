/** Sentences with a tag for each token, from files of columns. */
import { areColumnNames, headerNote, isHeader } from '../../../files/header-row.js';
import { invalidRow, type RowPlace } from '../../../files/row-error.js';
import {
  isUnspecified,
  readTokenColumns,
  type TokenColumns,
  type TokenSentence,
  tokenColumn,
  tokenOf,
} from '../../../files/token-columns.js';
import type { Labelled } from './class-labels.js';
import type { LabelledOptions } from './labelled-options.js';
import type { ColumnsForm } from './source-form.js';

/** Rows below which a first column may count tokens by chance. */
const ENOUGH_ROWS = 4;

/**
 * Reads sentences. Without options the token is in the first column and its tag in the last; in CoNLL-U they are in `FORM`
 * and `UPOS`.
 *
 * @param withTargets whether there must be a column of tags
 * @param saved the form of the training file
 * @throws {DataError} as `readTokenColumns`; `invalid_row` for a file without the columns
 */
export async function readLabelledColumns(
  file: string,
  isConllu: boolean,
  withTargets: boolean,
  { input, target, format = {} }: LabelledOptions,
  saved?: ColumnsForm,
) {
  const { comment, encoding } = format;
  const read = await readTokenColumns(file, { isConllu, comment, encoding });
  const { columns } = read;
  if (saved === undefined && input === undefined && !isConllu) refuseCounter(file, read);
  const form: ColumnsForm = saved ?? {
    kind: 'columns',
    isConllu,
    input: input ?? (isConllu ? 'FORM' : '1'),
    target: target ?? (isConllu ? 'UPOS' : `${columns.length}`),
    width: columns.length,
  };
  if (!withTargets) requireWidth(file, read, form);
  const tokenAt = columns.length === 1 && !withTargets ? 0 : tokenColumn(columns, form.input, 'input', file);
  const tagAt = withTargets ? tokenColumn(columns, form.target, 'target', file) : undefined;
  if (tagAt === tokenAt) {
    const help = '--input N and --target N name them';
    throw invalidRow({ file, line: firstLine(read) }, '', 'a column of tokens and one of tags', 'one column', { help });
  }
  const { sentences, notes: headerNotes } = withoutHeader(file, read, tokenAt, tagAt);
  const tagOf = (fields: readonly string[], place: RowPlace) => {
    if (tagAt === undefined) return '';
    const tag = fields[tagAt] as string;
    if (tag === '' && !isConllu) throw invalidRow(place, `column ${tagAt + 1}`, 'a tag', 'nothing');
    return isConllu && isUnspecified(columns[tagAt] as string, tag) ? '' : tag;
  };
  const sequences = sentences.map(({ rows, lines }): Labelled<readonly string[]> => {
    const placeOf = (at: number) => ({ file, line: lines[at] as number });
    return {
      input: rows.map((fields, at) => tokenOf(fields[tokenAt] as string, placeOf(at))),
      labels: rows.map((fields, at) => tagOf(fields, placeOf(at))),
      place: placeOf(0),
    };
  });
  const part = (at: number) => (columns[at] === `${at + 1}` ? `column ${at + 1}` : `column ${columns[at]}`);
  const columnNote =
    tagAt === undefined ? [] : [`'${file}' has its tokens in ${part(tokenAt)}, their tags in ${part(tagAt)}`];
  return { sequences, form, notes: [...columnNote, ...headerNotes] };
}

/** Leaves out a first row that names the columns for certain: all its fields are such names, and its tag is that of no other row. */
function withoutHeader(file: string, { sentences }: TokenColumns, tokenAt: number, tagAt: number | undefined) {
  const [first, ...others] = sentences as readonly [TokenSentence, ...TokenSentence[]];
  const [header = [], ...rows] = first.rows;
  const after = [rows, ...others.map((sentence) => sentence.rows)];
  const tags = tagAt === undefined ? [] : after.flatMap((each) => each.map((fields) => fields[tagAt]));
  const named = { label: header[tagAt ?? tokenAt] ?? '', text: header[tokenAt] ?? '' };
  const isNamed = tagAt === undefined ? areColumnNames(header) : areColumnNames(header) && isHeader(named, tags);
  if (!isNamed || (rows.length === 0 && others.length === 0)) return { sentences, notes: [] };
  const kept = rows.length === 0 ? others : [{ rows, lines: first.lines.slice(1) }, ...others];
  return { sentences: kept, notes: [headerNote(file, first.lines[0] as number, header)] };
}

function firstLine({ sentences }: TokenColumns): number {
  return sentences[0]?.lines[0] ?? 1;
}

/** Refuses a first column that counts the tokens of each sentence, which no option has named. */
function refuseCounter(file: string, read: TokenColumns): void {
  const { sentences, columns } = read;
  const rows = sentences.reduce((sum, sentence) => sum + sentence.rows.length, 0);
  const counts = (first: number) =>
    sentences.every((sentence) => sentence.rows.every(([field], at) => field === `${at + first}`));
  if (columns.length < 2 || rows < ENOUGH_ROWS || !(counts(0) || counts(1))) return;
  const help = '--input N names the column of the tokens';
  throw invalidRow({ file, line: firstLine(read) }, 'column 1', 'tokens', 'the numbers of the tokens', { help });
}

/** Refuses sentences that stand in a line each: their words are no columns. */
function requireWidth(file: string, read: TokenColumns, { width }: ColumnsForm): void {
  const found = read.columns.length;
  const isNamed = read.columns[0] !== '1';
  if (isNamed || found === 1 || found === width || found === width - 1) return;
  const expected = `a token in each line, in ${width} columns as in the training, in ${width - 1}, or alone`;
  const help = `--options '{"form": "text"}' reads a sentence in each line`;
  throw invalidRow({ file, line: firstLine(read) }, '', expected, `${found} columns`, { help });
}
