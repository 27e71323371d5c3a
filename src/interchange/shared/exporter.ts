/** A format that models are written in. */
import type { Model } from '../../model/model.js';

/** What was written. */
export interface ExportedModel {
  /** Paths of the files. */
  readonly files: readonly string[];
  /** What the other library does not have and was left out, or is written out there: a sentence each. */
  readonly notes: readonly string[];
}

/** Writes models in a format. `O` are its options besides `to`. */
export interface Exporter<O> {
  /** Names of its options. */
  readonly options: readonly (keyof O & string)[];
  /** The model does not change meanwhile. */
  write(model: Model, path: string, options: O): Promise<ExportedModel>;
}
