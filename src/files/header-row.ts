/** First rows that name their columns, in files whose form has no header. */
import { quoted } from './row-error.js';

/** Names that a header gives to classes and tags. */
const CLASS_NAMES: ReadonlySet<string> = new Set(
  'label labels class category target tag tags sentiment topic intent pos upos xpos ner entity chunk ner_tag ner_tags pos_tag pos_tags'.split(
    ' ',
  ),
);

/** Names that a header gives to texts and tokens. */
const TEXT_NAMES: ReadonlySet<string> = new Set(
  'text texts message sentence review comment document content title headline query utterance tweet word words token tokens form lemma input'.split(
    ' ',
  ),
);

function isAmong(names: ReadonlySet<string>, field: string): boolean {
  return names.has(field.trim().toLowerCase());
}

/** Whether the first row names its columns: by their names, and because its class is that of no other row. */
export function isHeader(
  first: { readonly label: string; readonly text: string },
  otherLabels: Iterable<string | undefined>,
): boolean {
  if (!isAmong(CLASS_NAMES, first.label) || !isAmong(TEXT_NAMES, first.text)) return false;
  for (const label of otherLabels) if (label === first.label) return false;
  return true;
}

/** Whether all fields of a row, two or more, are names of columns. */
export function areColumnNames(fields: readonly string[]): boolean {
  return fields.length > 1 && fields.every((field) => isAmong(CLASS_NAMES, field) || isAmong(TEXT_NAMES, field));
}

/** A note of a header. */
export function headerNote(file: string, line: number, fields: readonly string[]): string {
  return `line ${line} of '${file}' names the columns, ${fields.map(quoted).join(' and ')}, and is left out`;
}
