/** How labelled sequences are read, and what they are. */
import { fillMissing, type MissingMode } from '../../../features/missing-values.js';
import { columnPart, invalidRow, type RowPlace } from '../../../files/row-error.js';
import type { RawInput } from '../../building-blocks/sequence-inputs.js';
import type { SequenceTableOptions } from './labelled-table.js';
import type { ExampleWeights } from './sequence-weights.js';
import type { SourceForm } from './source-form.js';

/** Forms of data that an option names. A text in each line, without a class, is for predictions. */
export const DATA_FORMS = ['table', 'json', 'columns', 'labels', 'text'] as const;

/** One of `DATA_FORMS`. */
export type DataForm = (typeof DATA_FORMS)[number];

/** A sequence and the index of its class; in a task that tags, one index for each step. */
export interface LabelledSequence extends ExampleWeights {
  readonly input: RawInput;
  readonly target: number | Int32Array;
  /** Where it stands, if it stands in a line. */
  readonly place?: RowPlace;
}

/** Sequences, and the names of their classes. */
export interface LabelledSequences {
  readonly classes: readonly string[];
  readonly examples: readonly LabelledSequence[];
  readonly source?: SourceForm | undefined;
  readonly notes: readonly string[];
}

/** How labelled data are read. */
export interface LabelledOptions extends SequenceTableOptions {
  /** Whether there is a target for each step. */
  readonly perStep?: boolean;
  /** The target that leaves out a step or a sequence; default -1. */
  readonly ignore?: string | undefined;
  /** What the file is; default: by its name, or by its first lines. */
  readonly form?: DataForm | undefined;
  /** What becomes of missing numbers; default: they are refused. */
  readonly missing?: MissingMode | undefined;
}

/** Whether missing numbers are read as NaN. */
export function keepMissing({ missing = 'refuse' }: LabelledOptions): boolean {
  return missing !== 'refuse';
}

/** Fills in the missing numbers of each sequence, in place. With `mask` the encoding does it. */
export function fillInputs(inputs: readonly RawInput[], file: string, missing: MissingMode = 'refuse'): void {
  if (missing === 'refuse' || missing === 'mask') return;
  for (const [at, input] of inputs.entries()) {
    if (typeof input === 'string' || !('features' in input) || input.rows instanceof Float32Array) continue;
    const { features: width, rows, place, times, names } = input;
    for (let column = 0; column < width; column++) {
      const step = fillMissing(rows, { width, column, begin: 0, end: rows.length / width, times }, missing);
      if (step < 0) continue;
      const help = '--missing mask marks it';
      const name = names?.[column];
      const what = name === undefined ? `number ${column + 1}` : columnPart(name);
      const part = `${what} of step ${step + 1} of sequence ${at + 1}`;
      throw invalidRow(place ?? { file, line: 1 }, part, 'a number before it', 'none', { help });
    }
  }
}
