/** How the data of a run name their parts: what is saved with it, so that later files are read in the same way. */
import type { LabelSeparator } from '../../../files/labelled-text.js';
import type { TableForm } from './table-form.js';

/** The fields of JSON lines. Plain JSON, saved with a run. */
export type LineForm = { readonly kind: 'lines'; readonly input: string; readonly target: string };

/** The columns of a file of tokens. Plain JSON, saved with a run. */
export type ColumnsForm = {
  readonly kind: 'columns';
  readonly isConllu: boolean;
  /** Name of the column of the tokens in CoNLL-U, or its number from 1. */
  readonly input: string;
  readonly target: string;
  /** Number of columns of the training file. */
  readonly width: number;
};

/** Lines of a class and a text. Plain JSON, saved with a run. */
export type LabelsForm = { readonly kind: 'labels'; readonly separator: LabelSeparator };

/** How the data of a run name their parts. Other kinds of files have no names. */
export type SourceForm = TableForm | LineForm | ColumnsForm | LabelsForm;

/** Whether the training data were a table. */
export function isTableForm(form: SourceForm | undefined): boolean {
  return form !== undefined && (form.kind === 'text' || form.kind === 'tokens' || form.kind === 'numbers');
}

/** The form of the training data, if they were a table. */
export function savedTable(form: SourceForm | undefined): TableForm | undefined {
  return isTableForm(form) ? (form as TableForm) : undefined;
}

/** The form of the training data, if they were columns of tokens. */
export function savedColumns(form: SourceForm | undefined): ColumnsForm | undefined {
  return form?.kind === 'columns' ? form : undefined;
}

/** The form of the training data, if they were JSON lines. */
export function savedFields(form: SourceForm | undefined): LineForm | undefined {
  return form?.kind === 'lines' ? form : undefined;
}
