import { describe, expect, it } from 'vitest';
import {
  type AnyLayer,
  adam,
  dense,
  embedding,
  gru,
  lstm,
  type Model,
  packSequences,
  pool,
  Random,
  restoreOrder,
  sequential,
} from '../../src/index.js';

const SYMBOLS = 4;
const LONGEST = 9;
const BATCH = 32;

/** What is to be seen in a sequence of symbols: class 1 where it is there, else class 0. */
interface Task {
  readonly classOf: (sequence: Int32Array) => number;
}

const firstIsLast: Task = { classOf: (sequence) => Number(sequence[0] === sequence.at(-1)) };

const equalNeighbours: Task = {
  classOf: (sequence) => Number(sequence.some((symbol, step) => step > 0 && symbol === sequence[step - 1])),
};

/** `count` random sequences of 2 to 9 steps, as many of one class as of the other. */
function drawSequences({ classOf }: Task, count: number, random: Random) {
  const sequences: Int32Array[] = [];
  while (sequences.length < count) {
    const length = 2 + random.integer(LONGEST - 1);
    const sequence = Int32Array.from({ length }, () => random.integer(SYMBOLS));
    if (classOf(sequence) === sequences.length % 2) sequences.push(sequence);
  }
  return { sequences, classes: Int32Array.from(sequences, classOf) };
}

/** Trains on new sequences in every step; `shuffled` gives each the class of another. */
function trainOn(model: Model, task: Task, steps: number, shuffled = false): void {
  const random = new Random(1, 'training');
  for (let step = 0; step < steps; step++) {
    const { sequences, classes } = drawSequences(task, BATCH, random);
    if (shuffled) random.shuffle(classes);
    model.trainStepSync(packSequences(sequences, { sequenceTargets: classes }));
  }
}

/** The part of 400 sequences, which training has not drawn, whose class the model knows. */
function accuracy(model: Model, task: Task): number {
  const { sequences, classes } = drawSequences(task, 400, new Random(2, 'test'));
  const batch = packSequences(sequences);
  const logits = restoreOrder(batch, model.predictPackedSync(batch), 2);
  const isRight = (kind: number, index: number) => {
    const [zero, one] = logits.subarray(2 * index, 2 * index + 2) as unknown as [number, number];
    return Number(one > zero) === kind;
  };
  return classes.filter(isRight).length / classes.length;
}

function classifier(layers: readonly AnyLayer[]): Model {
  const network = sequential([embedding({ size: SYMBOLS, units: 6 }), ...layers, dense({ units: 2 })]);
  return network.compileSync({ optimizer: adam({ learningRate: 0.01 }), threads: 1, seed: 3 });
}

const both = { units: 12, direction: 'bidirectional', output: 'last' } as const;

/** Training needs a third to a half of these steps, whatever the seed. */
const CASES: readonly (readonly [name: string, task: Task, layers: readonly AnyLayer[], steps: number])[] = [
  ['first and last symbol are equal, from an LSTM both ways', firstIsLast, [lstm(both)], 600],
  ['first and last symbol are equal, from a GRU both ways', firstIsLast, [gru({ ...both, merge: 'sum' })], 600],
  [
    'first and last symbol are equal, from a normalized LSTM both ways with zoneout and dropout',
    firstIsLast,
    [lstm({ ...both, layerNormalization: true, peepholes: true, zoneout: 0.1, recurrentDropout: 0.1 })],
    600,
  ],
  [
    'neighbours are equal, from the maximum of a GRU',
    equalNeighbours,
    [gru({ units: 16 }), pool({ over: 'max' })],
    600,
  ],
  [
    'neighbours are equal, from the mean of an LSTM',
    equalNeighbours,
    [lstm({ units: 24 }), pool({ over: 'mean' })],
    1000,
  ],
];

describe('a network with one output per sequence', () => {
  it.each(CASES)('learns whether %s, of sequences of many lengths', (_, task, layers, steps) => {
    const model = classifier(layers);
    trainOn(model, task, steps);
    expect(accuracy(model, task)).toBeGreaterThan(0.95);
  });

  it.each(CASES)('does not learn from the classes of other sequences whether %s', (_, task, layers, steps) => {
    const model = classifier(layers);
    trainOn(model, task, steps / 2, true);
    // Half would be a guess; how long a sequence is may say a little more.
    expect(accuracy(model, task)).toBeLessThan(0.75);
  });
});
