import { MultiBar, type SingleBar } from 'cli-progress';
import { formatCount, formatDuration, formatLoss } from './progress-text.js';

/** The position of a run, after a step. */
export interface ProgressStatus {
  /** Optimizer steps done. */
  readonly step: number;
  /** Optimizer steps in the whole run; undefined when it is not known beforehand. */
  readonly totalSteps: number | undefined;
  /** The current epoch, from 1. */
  readonly epoch: number;
  /** Epochs of the run; undefined when only the steps are limited. */
  readonly epochs: number | undefined;
  /** Recent training loss in nats; undefined before the first step. */
  readonly loss: number | undefined;
  /** Recent speed: valid steps of the batches a second; 0 before the first step. */
  readonly tokensPerSecond: number;
  readonly secondsLeft: number | undefined;
}

/** Shows the progress of a run. Pass your own reporter to the Trainer to show it elsewhere. */
export interface ProgressReporter {
  /** Called once before the first step. */
  begin(status: ProgressStatus): void;
  /** Called after every step, so it must be cheap. */
  update(status: ProgressStatus): void;
  /** A line that stays: the result of a validation, the end of an epoch. */
  note(line: string): void;
  /** Called once, at the end of the run, also after an error. */
  end(): void;
}

/** The output of a progress display: a part of NodeJS.WriteStream. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows nothing. */
export const silentProgress: ProgressReporter = { begin() {}, update() {}, note() {}, end() {} };

/** A bar on a terminal, plain lines in a file or pipe. */
export function progressOn(stream: ProgressStream): ProgressReporter {
  return stream.isTTY === true ? terminalProgress(stream) : lineProgress(stream);
}

/** One line every `intervalMs` (default 10 s) and the notes: for logs. */
export function lineProgress(
  stream: ProgressStream,
  { intervalMs = 10_000, now = () => performance.now() }: { intervalMs?: number; now?: () => number } = {},
): ProgressReporter {
  let last = 0;
  return {
    begin() {
      last = now();
    },
    update(status) {
      if (now() - last < intervalMs) return;
      last = now();
      stream.write(`${joinParts(describe(status))}\n`);
    },
    note: (line) => void stream.write(`${line}\n`),
    end() {},
  };
}

// The bar is cut off at the edge of the terminal, notes are not.
const WRAP_LINES = '\x1b[?7h';
const CUT_LINES = '\x1b[?7l';

/** A progress bar that is redrawn in place; notes stay above it. */
export function terminalProgress(stream: ProgressStream): ProgressReporter {
  let bars: MultiBar | undefined;
  let bar: SingleBar | undefined;
  return {
    begin(status) {
      bars = new MultiBar({
        stream: stream as NodeJS.WriteStream,
        format: (_options, { maxWidth }, payload: { status: ProgressStatus }) =>
          formatBar(payload.status, maxWidth ?? 80),
        hideCursor: true,
        linewrap: false,
        // The program that trains decides how to handle a signal.
        gracefulExit: false,
        fps: 5,
      });
      bar = bars.create(status.totalSteps ?? 0, status.step, { status });
    },
    update: (status) => bar?.update(status.step, { status }),
    note(line) {
      bars?.log(`${WRAP_LINES}${line}\n${CUT_LINES}`);
      bars?.update();
    },
    end() {
      bars?.stop();
      bars = undefined;
      bar = undefined;
    },
  };
}

/**
 * The bar as one line of less than `width` columns. If space is short, the bar itself is left out first, then the
 * speed, then the step.
 */
export function formatBar(status: ProgressStatus, width: number): string {
  const parts = describe(status);
  const narrower = [parts, { ...parts, speed: '' }, { ...parts, speed: '', step: '' }].map(joinParts);
  const text =
    narrower.find((line) => line.length < width) ?? (narrower.at(-1) as string).slice(0, Math.max(0, width - 1));
  const room = Math.min(30, width - text.length - 3);
  if (status.totalSteps === undefined || room < 5) return text;
  const filled = Math.round(room * Math.min(1, status.step / Math.max(1, status.totalSteps)));
  return `${'█'.repeat(filled)}${'░'.repeat(room - filled)}  ${text}`;
}

/** The parts of a line of progress, in order; empty where a value is not known. */
interface ProgressParts {
  readonly epoch: string;
  readonly step: string;
  readonly loss: string;
  readonly speed: string;
  readonly left: string;
}

function describe(status: ProgressStatus): ProgressParts {
  const { step, totalSteps, epoch, epochs, loss, tokensPerSecond, secondsLeft } = status;
  return {
    epoch: epochs === undefined ? `epoch ${epoch}` : `epoch ${epoch}/${epochs}`,
    step: totalSteps === undefined ? `step ${step}` : `step ${step}/${totalSteps}`,
    loss: loss === undefined ? '' : `loss ${formatLoss(loss)}`,
    speed: tokensPerSecond > 0 ? `${formatCount(tokensPerSecond)} tokens/s` : '',
    left: secondsLeft === undefined ? '' : `${formatDuration(secondsLeft)} left`,
  };
}

function joinParts({ epoch, step, loss, speed, left }: ProgressParts): string {
  return [epoch, step, loss, speed, left].filter((part) => part !== '').join('  ');
}
