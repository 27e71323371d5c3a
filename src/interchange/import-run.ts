/** A model of another library as a run. */
import { basename } from 'node:path';
import { bestPath } from '../checkpoint/run.js';
import { RunDirectory } from '../checkpoint/run-directory.js';
import type { JsonObject } from '../core/json.js';
import { saveModel } from '../saved/save-model.js';
import { type ImportModelOptions, importModel } from './import-model.js';

/** What was made of a file. */
export interface ImportedRun {
  /** The folder of the run. */
  readonly run: string;
  readonly format: string;
  readonly notes: readonly string[];
  /** The layers with their outputs and parameters as text. */
  readonly summary: string;
  readonly parameters: number;
}

/**
 * Takes a model over and saves it as a run, which `loadModel`, `bptt predict` and `bptt export` read like any other.
 *
 * @param file as `importModel`
 * @param run folder, which must not exist or be empty
 * @throws as `importModel`; {ConfigurationError} `run_exists`, `run_locked`, `invalid_configuration`; {CheckpointError} `checkpoint_write_failed`
 */
export async function importRun(file: string, run: string, options: ImportModelOptions = {}): Promise<ImportedRun> {
  const { model, format, notes } = await importModel(file, options);
  try {
    const configuration: JsonObject = { imported: { format, file: basename(file), notes: [...notes] } };
    const directory = RunDirectory.open(run, configuration);
    try {
      await saveModel(model, bestPath(run), { configuration });
    } finally {
      directory.close();
    }
    const parameters = [...model.parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
    return { run, format, notes, summary: model.summary(), parameters };
  } finally {
    model.dispose();
  }
}
