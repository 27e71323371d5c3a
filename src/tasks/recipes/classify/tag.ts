/** A class for every step of a sequence: parts of speech, states of a machine, frames of a sound. */

import { largestClasses } from '../../../metrics/confusion-matrix.js';
import { outputsOf } from '../../building-blocks/outputs.js';
import { featuresOf } from '../../building-blocks/sequence-inputs.js';
import { commonOptions, settledOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import { valuesOf } from '../../definition/reasoned.js';
import { choiceOption, numberOption, optional, settled } from '../../definition/task-options.js';
import { TAG } from '../defaults/tag.js';
import { SETTLED } from './class-defaults.js';
import { classInputs } from './class-layers.js';
import { TAG_CHOICES } from './class-scores.js';
import { tagStructures } from './class-structures.js';
import { classOptions, classTask, embeddingOptions } from './class-task.js';
import type { SavedClasses } from './classify-data.js';
import { tagNetwork } from './tag-network.js';
import { tagStream } from './tag-stream.js';

const options = {
  ...settledOptions(
    commonOptions(valuesOf(TAG, ['test', 'cell', 'units', 'direction', 'learningRate', 'schedule'])),
    SETTLED,
  ),
  ...embeddingOptions(),
  memory: settled(
    optional(
      numberOption(
        { integer: true, min: 0 },
        {
          description:
            'units without gates beside the recurrent layers, which carry what was read through many steps; 0 for none',
          before: 0,
        },
      ),
    ),
  ),
  ...classOptions(),
  choose: settled(
    choiceOption(TAG_CHOICES, {
      description:
        'what chooses the best model: how many targets of the validation part are right, how probable the right classes are, or how many spans are right',
      before: 'accuracy',
    }),
  ),
};

/** What is saved with a tagger. */
export type TagSaved = SavedClasses;

/** The prediction of a tagger: the most likely class of each step. */
export type TagPrediction = { readonly labels: readonly string[] };

/** Classification of every step. */
export const tag = defineTask({
  name: 'tag',
  summary: 'a class for every step of a sequence, from JSON lines or CSV',
  options,
  ...classTask(true),
  structures: tagStructures,

  network(given, { classes, encoding }) {
    const shape = { features: featuresOf(encoding), classes: classes.length };
    return tagNetwork(given, classInputs(given, encoding), shape);
  },

  /** The most likely class of every step. */
  async *predict(model, inputs, { saved: { classes, encoding }, signal }): AsyncGenerator<TagPrediction, void, void> {
    for await (const { output } of outputsOf(model, inputs, { features: featuresOf(encoding) }, signal)) {
      yield { labels: Array.from(largestClasses(output, classes.length), (id) => classes[id] as string) };
    }
  },

  stream: (model, { saved, options: given, finished }) => tagStream(model, saved, { missing: given.missing, finished }),
});
