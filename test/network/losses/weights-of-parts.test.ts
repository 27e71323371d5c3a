import { expect, it } from 'vitest';
import { defineLoss, dense, type LossContext, type LossDescription, sequential } from '../../../src/index.js';
import {
  meanSquaredError,
  quantileLoss,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  type Value,
} from '../../../src/network/operations.js';
import { batchSizesOf } from '../../model/small-models.js';
import { COLUMNS, LENGTHS, X } from '../operation-cases.js';

it('a loss in a loss has weights as that of the library', () => {
  type Context = LossContext<object, 'weights'>;
  const own = (build: (outputs: Value, target: Value, context: Context) => Value, target: object) =>
    defineLoss({
      name: 'mine',
      target: target as never,
      inputs: { weights: { kind: 'features', units: 1 } },
      build: (outputs, truth, context) => build(outputs, truth, context),
    })();
  const lossOf = (loss: LossDescription, target: Float32Array | Int32Array) =>
    sequential([dense({ units: 2 })], { features: COLUMNS })
      .compileSync({ loss, threads: 1 })
      .evaluateSync({
        batchSizes: batchSizesOf(LENGTHS),
        inputs: { input: Float32Array.from(X.flat()) },
        targets: { target, 'target/weights': Float32Array.of(1, 0, 2, 0.5, 1) },
      }).loss;
  const features = { kind: 'features' };
  const indices = { kind: 'indices', ignore: true };
  const numbers = Float32Array.from(X.flat(), (value) => value / 4 + 0.5);
  const ids = Int32Array.of(0, 1, -1, 1, 0);
  const weights = 'step';
  expect(
    lossOf(
      own((y, t, { inputs }) => meanSquaredError(y, t, inputs), features),
      numbers,
    ),
  ).toBe(lossOf({ kind: 'meanSquaredError', weights }, numbers));
  expect(
    lossOf(
      own((y, t, { inputs }) => quantileLoss(y, t, 0.75, inputs), features),
      numbers,
    ),
  ).toBe(lossOf({ kind: 'quantile', levels: [0.75], weights }, numbers));
  const scores = own(
    (y, t, { inputs, constant }) => sigmoidCrossEntropy(y, t, { ...inputs, positiveWeights: constant([2, 0.5]) }),
    features,
  );
  expect(lossOf(scores, numbers)).toBe(
    lossOf({ kind: 'sigmoidCrossEntropy', weights, positiveWeights: [2, 0.5] }, numbers),
  );
  const classes = own(
    (y, t, { inputs, constant }) =>
      softmaxCrossEntropy(y, t, { ...inputs, classWeights: constant([2, 0.5]), labelSmoothing: 0.25 }),
    indices,
  );
  expect(lossOf(classes, ids)).toBe(
    lossOf({ kind: 'softmaxCrossEntropy', labelSmoothing: 0.25, classWeights: [2, 0.5], weights }, ids),
  );
  const refused = (build: Parameters<typeof own>[0], target: object) => expect(() => lossOf(own(build, target), ids));
  refused((y, t) => softmaxCrossEntropy(y, t, { labelSmoothing: 1 }), indices).toThrow(/labelSmoothing/);
  refused((y, t) => meanSquaredError(y, t, { weight: t } as never), features).toThrow(/no option 'weight'/);
});
