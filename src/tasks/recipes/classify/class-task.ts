/** What the tasks that tell classes apart have in common: their data, their loss and their metrics. */

import { encoderOf, featuresOf } from '../../building-blocks/sequence-inputs.js';
import type { CommonTable } from '../../definition/common-options.js';
import type { Task } from '../../definition/task.js';
import { classScores, describeClassScores, errorRate } from './class-scores.js';
import { readClasses, readMoreClasses, type SavedClasses } from './classify-data.js';
import { readUnlabelled } from './labelled-sequences.js';

type Shared = 'read' | 'readExamples' | 'packing' | 'loss' | 'evaluate' | 'score' | 'describe' | 'readInputs';

/** @param perStep whether there is a class for each step rather than for the sequence */
export function classTask(perStep: boolean): Pick<Required<Task<CommonTable, SavedClasses>>, Shared> {
  return {
    read: (given) => readClasses(given, perStep),
    readExamples: (file, _given, saved) => readMoreClasses(file, saved, perStep),
    packing: (_given, { encoding }) => ({ features: featuresOf(encoding) }),
    loss: () => 'softmaxCrossEntropy',
    evaluate(model, part, { saved, signal }) {
      return classScores(model, part, saved.classes, { features: featuresOf(saved.encoding) }, signal);
    },
    score: errorRate,
    describe: (metrics, { classes }) => describeClassScores(metrics, classes),
    async readInputs(source, _given, { encoding }) {
      const encode = encoderOf(encoding);
      return (await readUnlabelled(source, encoding)).map((input) => ({ input: encode(input) }));
    },
  };
}
