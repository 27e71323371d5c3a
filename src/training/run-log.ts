import type { MetricsFile, MetricsRecord } from '../checkpoint/metrics-file.js';
import type { JsonObject } from '../core/json.js';
import type { ProgressReporter, ProgressStatus } from './progress.js';
import { Throughput, TimeBetweenSteps } from './throughput.js';

/** The scope of a line of metrics: the steps since the last such line, a validation, a whole epoch. */
export type MetricsKind = 'train' | 'validation' | 'epoch';

/** The length of the rest of the run, as far as it is known. */
export interface RunLength {
  readonly totalSteps: number | undefined;
  readonly epochs: number | undefined;
}

/**
 * The output of a run: lines of metrics and progress.
 *
 * Everything that depends on the clock is under `timing` in a line of metrics. The rest has the same bytes in a run
 * that was interrupted and resumed and in a run that was not.
 */
export class RunLog {
  readonly throughput = new Throughput();
  readonly #between = new TimeBetweenSteps();
  readonly #metrics: MetricsFile | undefined;
  readonly #progress: ProgressReporter;
  readonly #length: RunLength;
  readonly #started = performance.now();
  #recentLoss: number | undefined;
  // Kinds of lines that the file already had, at the step where the run was resumed.
  #resumedAt = -1;
  #written: ReadonlySet<string> = new Set();

  constructor(metrics: MetricsFile | undefined, progress: ProgressReporter, length: RunLength) {
    this.#metrics = metrics;
    this.#progress = progress;
    this.#length = length;
  }

  /**
   * Records the step at which the run continues. A run that was stopped during a validation may already have lines of
   * this step, which it would write again.
   */
  resumeAt(step: number): void {
    this.#resumedAt = step;
    this.#written = new Set((this.#metrics?.recordsOf(step) ?? []).map(({ kind }) => String(kind)));
  }

  /** Seconds since the run was started or resumed. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  begin(step: number, epoch: number): void {
    this.#progress.begin(this.#status(step, epoch));
  }

  /** Called after each step, so it must be cheap. */
  step(step: number, epoch: number, loss: number, tokens: number, seconds: number): void {
    this.throughput.record(tokens, seconds);
    this.#between.record(epoch, this.seconds, seconds);
    this.#recentLoss = this.#recentLoss === undefined ? loss : 0.95 * this.#recentLoss + 0.05 * loss;
    this.#progress.update(this.#status(step, epoch));
  }

  /** A line of metrics. */
  record(kind: MetricsKind, values: MetricsRecord, timing: JsonObject = {}): void {
    if (values.step === this.#resumedAt && this.#written.has(kind)) return;
    this.#metrics?.append({ kind, ...values, timing: { seconds: this.seconds, ...timing } });
  }

  /** A line of progress that stays. */
  note(line: string): void {
    this.#progress.note(line);
  }

  end(): void {
    this.#progress.end();
  }

  #status(step: number, epoch: number): ProgressStatus {
    const { totalSteps, epochs } = this.#length;
    return {
      step,
      totalSteps,
      epoch: epochs === undefined ? epoch : Math.min(epoch, epochs),
      epochs,
      loss: this.#recentLoss,
      tokensPerSecond: this.throughput.tokensPerSecond,
      secondsLeft: totalSteps === undefined ? undefined : this.#secondsFor(totalSteps - step),
    };
  }

  #secondsFor(steps: number): number | undefined {
    const own = this.throughput.secondsFor(steps);
    return own === undefined ? undefined : own + steps * this.#between.perStep;
  }
}
