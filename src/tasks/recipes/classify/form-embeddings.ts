/** Embeddings that begin with what words are written like. */
import { vocabularyFromJSON } from '../../../data/saved-vocabulary.js';
import { WordVocabulary } from '../../../data/word-vocabulary.js';
import type { Model } from '../../../model/model.js';
import type { InputEncoding } from '../../building-blocks/sequence-inputs.js';
import { formsOf, lessParticular } from '../../building-blocks/word-forms.js';

/** The name of the layer. */
const LAYER = 'embedding';

/**
 * Adds the vectors of its forms to the vector of each word, and to that of each form those of the less particular ones. The sums are scaled to the size of a
 * single vector. So words that are written alike begin alike, and rare ones need not be learnt one by one.
 */
export function startFromForms(model: Model, encoding: InputEncoding): void {
  if (encoding.kind === 'features' || encoding.forms === undefined) return;
  const vocabulary = vocabularyFromJSON(encoding.vocabulary);
  const table = model.parameters.get(`${LAYER}.weight`)?.data;
  if (!(vocabulary instanceof WordVocabulary) || table === undefined) return;
  const { size } = vocabulary;
  const ids = new Map(encoding.forms.map((form, at) => [form, size + at]));
  const units = table.length / (size + ids.size);
  const drawn = table.slice();
  const mixed = (id: number, forms: readonly string[]) => {
    const parts = [id, ...forms.flatMap((form) => ids.get(form) ?? [])];
    for (let unit = 0; unit < units; unit++) {
      const sum = parts.reduce((all, part) => all + (drawn[part * units + unit] as number), 0);
      table[id * units + unit] = sum / Math.sqrt(parts.length);
    }
  };
  for (let id = 0; id < size; id++) mixed(id, formsOf(vocabulary.symbolOf(id).trimStart()));
  for (const [form, id] of ids) mixed(id, lessParticular(form));
  model.parametersChanged();
}
