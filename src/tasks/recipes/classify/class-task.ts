/** The common part of tasks that classify: data, loss and metrics. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import type { JsonObject } from '../../../core/json.js';
import type { Model } from '../../../model/model.js';
import { encoderOf, featuresOf } from '../../building-blocks/sequence-inputs.js';
import type { Part, PredictionSource } from '../../definition/task.js';
import { classScores, describeClassScores, errorRate } from './class-scores.js';
import { type ClassDataOptions, readClasses, readMoreClasses, type SavedClasses } from './classify-data.js';
import { readUnlabelled } from './labelled-sequences.js';

/** @param perStep whether there is a class for each step, and not for the sequence */
export function classTask(perStep: boolean) {
  return {
    read: (given: ClassDataOptions) => readClasses(given, perStep),
    readExamples: (file: string, _given: unknown, saved: SavedClasses) => readMoreClasses(file, saved, perStep),
    packing: (_given: unknown, { encoding }: SavedClasses) => ({ features: featuresOf(encoding) }),
    loss: 'softmaxCrossEntropy' as const,
    evaluate(model: Model, part: Part, { saved, signal }: { saved: SavedClasses; signal?: AbortSignal | undefined }) {
      return classScores(model, part, saved.classes, { features: featuresOf(saved.encoding) }, signal);
    },
    score: errorRate,
    describe: (metrics: JsonObject, { classes }: SavedClasses) => describeClassScores(metrics, classes),
    async readInputs(
      source: PredictionSource,
      _given: unknown,
      { encoding }: SavedClasses,
    ): Promise<SequenceExample[]> {
      const encode = encoderOf(encoding);
      return (await readUnlabelled(source, encoding)).map((input) => ({ input: encode(input) }));
    },
  };
}
