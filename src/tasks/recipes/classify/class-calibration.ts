/** How the probabilities of a finished classifier compare with those of its network alone. */
import { CalibrationError } from '../../../metrics/calibration-error.js';
import { probabilities } from '../../building-blocks/probabilities.js';
import type { FinishedClasses } from './class-finish.js';

/** A number of the network alone, and of the classifier. */
type Change = { readonly before: number | null; readonly after: number | null };

/** The metrics of the probabilities of a part. */
export type CalibrationMetrics = {
  readonly temperature: number;
  /** The weight of naive Bayes, where it counts. */
  readonly naiveBayes?: number;
  /** Mean cross-entropy, nats. */
  readonly loss: Change;
  /** Expected calibration error, within [0, 1]. */
  readonly error: Change;
  readonly accuracy: Change;
};

/** A probability of zero would make a loss infinite. */
const LEAST_PROBABILITY = 1e-300;

/** The probabilities of one side. */
class Side {
  readonly #error = new CalibrationError();
  #loss = 0;
  #right = 0;
  #count = 0;

  add(scores: ArrayLike<number>, target: number): void {
    const likely = probabilities(scores);
    const most = Math.max(...likely);
    const isRight = likely.indexOf(most) === target;
    this.#error.add(most, isRight);
    this.#loss -= Math.log(Math.max(LEAST_PROBABILITY, likely[target] as number));
    if (isRight) this.#right += 1;
    this.#count += 1;
  }

  get loss(): number | null {
    return this.#count === 0 ? null : this.#loss / this.#count;
  }

  get error(): number | null {
    return this.#error.value ?? null;
  }

  get accuracy(): number | null {
    return this.#count === 0 ? null : this.#right / this.#count;
  }
}

/** Adds up the probabilities of the network, and those of the classifier. */
export class Calibration {
  readonly #before = new Side();
  readonly #after = new Side();

  /** Adds one target with the scores of its classes. */
  add(before: ArrayLike<number>, after: ArrayLike<number>, target: number): void {
    this.#before.add(before, target);
    this.#after.add(after, target);
  }

  metrics({ temperature, naiveBayes }: FinishedClasses): CalibrationMetrics {
    const change = (name: 'loss' | 'error' | 'accuracy') => ({ before: this.#before[name], after: this.#after[name] });
    return {
      temperature,
      ...(naiveBayes && { naiveBayes: naiveBayes.weight }),
      ...{ loss: change('loss'), error: change('error'), accuracy: change('accuracy') },
    };
  }
}

/** The metrics in a line. */
export function describeCalibration({ temperature, naiveBayes, loss, error, accuracy }: CalibrationMetrics): string {
  const change = ({ before, after }: Change, show: (value: number) => string) =>
    before === null || after === null ? '-' : `${show(before)} -> ${show(after)}`;
  const percent = (value: number) => `${(100 * value).toFixed(2)} %`;
  const figures = [
    `cross-entropy ${change(loss, (value) => value.toFixed(4))}`,
    `calibration error ${change(error, percent)}`,
    ...(naiveBayes === undefined ? [] : [`accuracy ${change(accuracy, percent)}`]),
  ];
  const by = `temperature ${temperature.toFixed(3)}${naiveBayes === undefined ? '' : ` and naive Bayes (weight ${naiveBayes.toFixed(3)})`}`;
  return `by ${by}: ${figures.join(', ')}`;
}
