/** The class of a whole sequence: names by language, spoken vowels by speaker, pictures row by row. */

import { outputsOf } from '../../building-blocks/outputs.js';
import { probabilities } from '../../building-blocks/probabilities.js';
import { featuresOf } from '../../building-blocks/sequence-inputs.js';
import { commonOptions, settledOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import { valuesOf } from '../../definition/reasoned.js';
import { choiceOption, numberOption, optional, settled } from '../../definition/task-options.js';
import { CLASSIFY } from '../defaults/classify.js';
import { SETTLED } from './class-defaults.js';
import { adjustOf } from './class-finish.js';
import { classInputs, convolutions } from './class-layers.js';
import { classNetwork, POOLINGS } from './class-network.js';
import { CHOICES } from './class-scores.js';
import { classStructures } from './class-structures.js';
import { classOptions, classTask, embeddingOptions } from './class-task.js';
import type { SavedClasses } from './classify-data.js';

const options = {
  ...settledOptions(
    commonOptions(valuesOf(CLASSIFY, ['test', 'cell', 'units', 'direction', 'learningRate', 'schedule'])),
    SETTLED,
  ),
  pooling: settled(
    choiceOption(POOLINGS, {
      description:
        'how the steps become one row: the last step of each direction, the mean or the maximum over all steps, several of them beside each other, or a mean with learnt weights (attention)',
    }),
  ),
  hidden: settled(
    optional(
      numberOption(
        { integer: true, min: 0 },
        { description: 'units of a hidden layer before the output; 0 for none', before: 0 },
      ),
    ),
  ),
  front: settled(
    optional(
      choiceOption(['none', 'convolution'], {
        description: 'layers before the recurrent ones: convolutions that leave a quarter of the steps, or none',
        before: 'none',
      }),
    ),
  ),
  blend: choiceOption(['yes', 'no'], {
    description: 'whether naive Bayes of the symbols is added to the network, as far as the validation part says',
    default: CLASSIFY.blend.value,
    before: 'no',
  }),
  ...embeddingOptions(),
  ...classOptions(),
  choose: choiceOption(CHOICES, {
    description:
      'what chooses the best model: how many targets of the validation part are right, or how probable the right classes are',
    default: CLASSIFY.choose.value,
    before: 'accuracy',
  }),
};

/** What is saved with a classifier. */
export type ClassifySaved = SavedClasses;

/** The prediction of a classifier: the most likely class, its probability, and the probabilities of all classes by name. */
export type ClassPrediction = {
  readonly label: string;
  readonly probability: number;
  readonly probabilities: Readonly<Record<string, number>>;
};

/** Classification of sequences. */
export const classify = defineTask({
  name: 'classify',
  summary: 'the class of a whole sequence: text lines, time series, pictures row by row',
  options,
  ...classTask(false),
  structures: classStructures,

  network(given, { classes, encoding }) {
    const inputs = [...classInputs(given, encoding), ...convolutions(given.front)];
    return classNetwork(given, inputs, { features: featuresOf(encoding), classes: classes.length });
  },

  /** The most likely class, and its probability among all. */
  async *predict(
    model,
    inputs,
    { saved: { classes, encoding }, finished, signal },
  ): AsyncGenerator<ClassPrediction, void, void> {
    const adjust = adjustOf(finished);
    for await (const { output, example } of outputsOf(model, inputs, { features: featuresOf(encoding) }, signal)) {
      const likely = probabilities(adjust(output, example.input));
      const probability = Math.max(...likely);
      const label = classes[likely.indexOf(probability)] as string;
      yield {
        label,
        probability,
        probabilities: Object.fromEntries(classes.map((name, at) => [name, likely[at] ?? 0])),
      };
    }
  },
});
