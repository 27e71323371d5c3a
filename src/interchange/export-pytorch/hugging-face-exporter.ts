/** Writes a model as a folder in the layout of Hugging Face. */
import { join } from 'node:path';
import { OptionError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import { describeValue, requireOneOf } from '../../core/options.js';
import type { Vocabulary } from '../../data/vocabulary.js';
import { FOLDER_FILES, folderConfig } from '../../saved/model-folder.js';
import type { Exporter } from '../shared/exporter.js';
import { requireKeptData } from '../shared/kept-data.js';
import { measuresOf, modelCard } from './model-card.js';
import { moduleSource } from './module-source.js';
import { stateDictMetadata, stateDictNotes } from './pytorch-exporter.js';
import { stateDict } from './state-dict.js';
import { makeFolder, requireNoOthers, writeTensors, writeText } from './write-files.js';

/** How a model is written for Hugging Face. */
export interface HuggingFaceExportOptions {
  /** Name of the model on its card; default that of the folder. */
  readonly name?: string | undefined;
  /** Run directory that the model was trained in: its measures at the model's step stand on the card. */
  readonly run?: string | undefined;
  /** The symbols whose ids the model reads or outputs; `loadModel` gives it back. */
  readonly vocabulary?: Vocabulary | undefined;
  /** Other data that is needed to use the model, as JSON; `loadModel` gives it back. */
  readonly configuration?: JsonObject | undefined;
  /** Whether the program of the `nn.Module` is written, too, as `model.py`; default false. */
  readonly module?: boolean | undefined;
}

/** A folder for Hugging Face. */
export const huggingFaceExporter: Exporter<HuggingFaceExportOptions> = {
  options: ['name', 'run', 'vocabulary', 'configuration', 'module'],
  async write(model, path, { name, run, vocabulary, configuration, module = false }) {
    requireOneOf('module', module, [true, false]);
    for (const [option, value] of Object.entries({ name, run })) {
      if (value === undefined || (typeof value === 'string' && value !== '')) continue;
      const message = `option '${option}' must be a text, got ${describeValue(value)}`;
      throw new OptionError('invalid_option', message, { name: option, value });
    }
    requireKeptData(model, { vocabulary, configuration });
    const measures = run === undefined ? [] : measuresOf(run, model.step);
    const source = module ? moduleSource(model.description, FOLDER_FILES.weights) : undefined;
    const notes = [...stateDictNotes(model), ...(source?.notes ?? [])];
    const texts = new Map([
      [FOLDER_FILES.config, `${JSON.stringify(folderConfig(model, { vocabulary, configuration }), null, 2)}\n`],
      ['README.md', modelCard(model, { name, path, measures, notes, hasModule: module })],
      ...(source === undefined ? [] : [['model.py', source.text] as const]),
    ]);
    await makeFolder(path);
    await requireNoOthers([...texts.keys()].map((file) => join(path, file)));
    const weights = join(path, FOLDER_FILES.weights);
    await writeTensors(weights, stateDict(model), stateDictMetadata(model));
    for (const [file, text] of texts) await writeText(join(path, file), text);
    return { files: [weights, ...[...texts.keys()].map((file) => join(path, file))], notes };
  },
};
