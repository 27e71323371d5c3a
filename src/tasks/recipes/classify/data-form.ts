/** What a file of labelled data is: by its name, by an option, or by its first lines where these leave no doubt. */

import { OptionError } from '../../../core/errors.js';
import { statsAt } from '../../../core/path-stats.js';
import { areColumnNames } from '../../../files/header-row.js';
import { LABEL_PREFIX, LABELS_HELP, type LabelSeparator } from '../../../files/labelled-text.js';
import { invalidRow, quoted } from '../../../files/row-error.js';
import { isBlank } from '../../../files/text.js';
import { type TextLine, textLines } from '../../../files/text-lines.js';
import type { LabelledOptions } from './labelled-options.js';
import { isTableForm, type LabelsForm, type SourceForm } from './source-form.js';
import { TARGET_NAMES } from './table-form.js';

/** What a file is. */
export type FoundForm =
  | { readonly kind: 'folder' | 'pictures' | 'series' | 'table' | 'json' | 'text' }
  | { readonly kind: 'columns'; readonly isConllu: boolean }
  | LabelsForm;

const IDX = /-idx\d-ubyte(\.gz)?$/;
const TABLE = /\.(csv|tsv|tab|psv)(\.gz)?$/i;
const TAB_TABLE = /\.(tsv|tab)(\.gz)?$/i;
const TAB_TEXT = /\.(tsv|tab|txt)(\.gz)?$/i;
const JSON_LINES = /\.(jsonl|ndjson|json)(\.gz)?$/i;
const CONLLU = /\.conllup?(\.gz)?$/i;
const COLUMNS = /\.(conll\w*|iob2?|iobes|bio|bioes|bilou)(\.gz)?$/i;

/** A comment that stands in CoNLL-U alone. */
const CONLLU_COMMENT = /^# *(newdoc|newpar|sent_id|text|global\.columns)\b/;

/** Lines that are looked at. */
const LOOKED_AT = 50;

/** Names of columns in the header of a table that needs no options. */
const HEADER_NAMES: ReadonlySet<string> = new Set([...TARGET_NAMES, 'text', 'token', 'input', 'sequence']);

/** The first lines that are not empty, and whether an empty one stands between them. */
async function firstLines(file: string, encoding: string | undefined) {
  const found: TextLine[] = [];
  let hasBreaks = false;
  for await (const lines of textLines(file, encoding)) {
    for (const line of lines) {
      if (found.length === LOOKED_AT) break;
      if (!isBlank(line.text)) found.push(line);
      else if (found.length > 0) hasBreaks = true;
    }
    if (found.length === LOOKED_AT) break;
  }
  return { lines: found, hasBreaks };
}

type FirstLines = Awaited<ReturnType<typeof firstLines>>;

function isConlluStart({ lines }: FirstLines): boolean {
  const [first] = lines;
  if (first !== undefined && CONLLU_COMMENT.test(first.text)) return true;
  const token = lines.find(({ text }) => !text.startsWith('#'))?.text.split('\t') ?? [];
  return token.length === 10 && /^1(-\d+)?$/.test(token[0] as string);
}

/** Whether all lines have the same number of columns, at least two. */
function areColumns({ lines }: FirstLines): boolean {
  if (lines[0]?.text.startsWith('-DOCSTART-') === true) return true;
  const rows = lines.map(({ text }) => text).filter((text) => !text.startsWith('#') && !text.startsWith('-DOCSTART-'));
  const hasTabs = rows[0]?.includes('\t') === true;
  const widths = new Set(rows.map((text) => (hasTabs ? text.split('\t') : text.trim().split(/ +/)).length));
  return widths.size === 1 && !widths.has(1);
}

/** The separator of lines of a class and a text, if they are such lines for certain. */
function separatorOf(file: string, { lines }: FirstLines): LabelSeparator | undefined {
  if (lines.length === 0) return undefined;
  if (lines.every(({ text }) => text.trimStart().startsWith(LABEL_PREFIX))) return 'prefix';
  return TAB_TEXT.test(file) && lines.every(({ text }) => text.trim().includes('\t')) ? 'tab' : undefined;
}

/** Whether the first line has names of columns that a table reader knows, or an option names columns. */
function isTable({ lines }: FirstLines, { input, target, sequence, format }: LabelledOptions): boolean {
  const isNamed = [input, target, sequence, format?.header, format?.delimiter].some((given) => given !== undefined);
  return isNamed || (lines[0]?.text ?? '').split('\t').some((name) => HEADER_NAMES.has(name.trim().toLowerCase()));
}

/** What a file is read for. */
export interface FileReading {
  /** Whether there must be targets. */
  readonly withTargets: boolean;
  /** The classes of the training: a word before a tab is one of them, or part of the text. */
  readonly classes?: readonly string[] | undefined;
}

/** The separator of classes that are to be left out of texts, if all lines have one for certain. */
function separatorBeforeTexts(found: LabelSeparator | undefined, { lines }: FirstLines, classes: readonly string[]) {
  if (found === 'prefix' || lines.length === 0) return found;
  const known = new Set(classes);
  const isClass = (text: string) => text.includes('\t') && known.has(text.slice(0, text.indexOf('\t')).trim());
  const [first, ...others] = lines.map(({ text }) => text.trim());
  const isFirst = isClass(first as string) || (others.length > 0 && areColumnNames((first as string).split('\t')));
  return isFirst && others.every(isClass) ? ('tab' as const) : undefined;
}

/**
 * What a file is.
 *
 * @param saved of the training data
 * @throws {OptionError} `invalid_option` for a form that the task does not read
 * @throws {DataError} `invalid_row` when it is not recognised; others of `textLines`
 */
export async function formOfFile(
  file: string,
  options: LabelledOptions,
  saved: SourceForm | undefined,
  reading: FileReading,
): Promise<FoundForm> {
  const found = await recognise(file, options, saved, reading);
  const { withTargets } = reading;
  const { perStep = false, form } = options;
  const refuse = (what: string): never => {
    const message = `'${file}' ${what}`;
    throw new OptionError('invalid_option', message, { name: form === undefined ? 'data' : 'form', value: file });
  };
  if (withTargets && perStep && ['folder', 'pictures', 'series', 'labels', 'text'].includes(found.kind)) {
    refuse('has no target for each step: give JSON lines {"input": [...], "target": [...]}, CSV, or CoNLL columns');
  }
  if (withTargets && found.kind === 'text') refuse('is read as texts, which have no targets');
  if (!perStep && found.kind === 'columns') refuse('has a tag for each token: the task tag reads it');
  return found;
}

/** Refuses lines of a class and a text of which only some are that, with the first that is not. */
function refuseLabels(file: string, { lines }: FirstLines): void {
  for (const [isLabelled, expected] of [
    [(text: string) => text.trimStart().startsWith(LABEL_PREFIX), `'${LABEL_PREFIX}CLASS TEXT'`],
    [(text: string) => TAB_TEXT.test(file) && text.trim().includes('\t'), 'a class, a tab and a text'],
  ] as const) {
    const others = lines.filter(({ text }) => !isLabelled(text));
    if (2 * others.length >= lines.length) continue;
    const [{ line, text }] = others as [TextLine];
    throw invalidRow({ file, line }, '', `${expected}, as in most lines`, quoted(text), { help: LABELS_HELP });
  }
}

async function recognise(
  file: string,
  options: LabelledOptions,
  saved: SourceForm | undefined,
  { withTargets, classes = [] }: FileReading,
): Promise<FoundForm> {
  const { perStep = false, form, format } = options;
  if (statsAt(file)?.isDirectory() === true) return { kind: 'folder' };
  if (form === 'table' || form === 'json' || form === 'text') return { kind: form };
  if (form === undefined) {
    if (IDX.test(file)) return { kind: 'pictures' };
    if (file.endsWith('.ts')) return { kind: 'series' };
    if (JSON_LINES.test(file)) return { kind: 'json' };
    if (TABLE.test(file) && (!TAB_TABLE.test(file) || isTableForm(saved))) return { kind: 'table' };
  }
  const start = await firstLines(file, format?.encoding);
  const columns = (): FoundForm => ({ kind: 'columns', isConllu: CONLLU.test(file) || isConlluStart(start) });
  const separator = separatorOf(file, start);
  if (form === 'columns') return columns();
  if (form === 'labels') return { kind: 'labels', separator: separator ?? 'tab' };
  if (COLUMNS.test(file) || CONLLU.test(file)) return columns();
  if (saved?.kind === 'columns' && (start.hasBreaks || !TABLE.test(file))) {
    return { kind: 'columns', isConllu: saved.isConllu };
  }
  const texts = perStep ? undefined : separatorBeforeTexts(separator, start, classes);
  if (saved?.kind === 'labels') {
    return { kind: 'labels', separator: (withTargets ? separator : texts) ?? saved.separator };
  }
  if (TABLE.test(file)) {
    if (isTable(start, options)) return { kind: 'table' };
    if (perStep && start.hasBreaks && areColumns(start)) return columns();
    return !perStep && separator !== undefined ? { kind: 'labels', separator } : { kind: 'table' };
  }
  if (!withTargets) return texts === undefined ? { kind: 'text' } : { kind: 'labels', separator: texts };
  const [first] = start.lines;
  if (first === undefined || first.text.trimStart().startsWith('{')) return { kind: 'json' };
  if (perStep && (isConlluStart(start) || areColumns(start))) return columns();
  if (!perStep && separator !== undefined) return { kind: 'labels', separator };
  if (!perStep) refuseLabels(file, start);
  const help = `--form ${perStep ? 'columns' : 'labels'} (or table) names what the file is${perStep ? '' : `: ${LABELS_HELP}`}`;
  throw invalidRow({ file, line: first.line }, '', 'a JSON object', quoted(first.text), { help });
}
