import type { RunCheckpoint } from '../checkpoint/run.js';
import type { RunState, ValidationRecord } from './run-state.js';
import type { LossSummary } from './validation.js';

/** `83` s reads `1:23`, `3723` s `1:02:03`. Rounded up, so that it is 0 only at the end. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}`;
}

/** Three significant digits with a unit: `152k`, `1.25M`, `830`. */
export function formatCount(value: number): string {
  const units = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const;
  for (const [size, unit] of units) {
    if (value < 0.9995 * size) continue;
    const scaled = value / size;
    return `${scaled.toFixed(scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0)}${unit}`;
  }
  return value.toFixed(0);
}

/** A loss in nats, four decimals; very large and very small ones in exponents. */
export function formatLoss(loss: number): string {
  return loss !== 0 && (Math.abs(loss) < 1e-3 || Math.abs(loss) >= 1e5) ? loss.toExponential(3) : loss.toFixed(4);
}

/** The result of a validation, without a line feed. */
export function formatValidation({ loss, perplexity, metrics = {} }: LossSummary): string {
  const text = [`validation loss ${formatLoss(loss)}`];
  if (perplexity !== undefined) text.push(`perplexity ${perplexity.toFixed(2)}`);
  for (const [name, value] of Object.entries(metrics)) text.push(`${name} ${formatLoss(value)}`);
  return text.join('  ');
}

/**
 * Which weights a model has at the end, without a line feed.
 *
 * @param step the last one
 * @param monitored the metric that chose them
 */
function formatWeights(weights: 'best' | 'last', step: number, best: ValidationRecord, monitored?: string): string {
  const value = best.score ?? best.metrics?.[monitored ?? ''];
  const score = value === undefined ? '' : `${monitored ?? 'score'} ${formatLoss(value)}, `;
  const ofBest = `${score}validation loss ${formatLoss(best.loss)}`;
  if (best.step === step) return `weights of the last step ${step}, the best (${ofBest})`;
  if (weights === 'best') return `weights of step ${best.step}, the best (${ofBest}); the last step was ${step}`;
  return `weights of the last step ${step}; the best were those of step ${best.step} (${ofBest})`;
}

/**
 * The line at the end of a run: which weights the model has and, if early stopping ended the run, when and why. None
 * without a validation.
 *
 * @param monitored the metric that chose the weights; undefined for the score or the loss
 * @param waited validations without improvement, if these ended the run
 */
export function formatEnd(
  weights: 'best' | 'last',
  { step, best, lastValidation: last = best }: Pick<RunState, 'step' | 'best' | 'lastValidation'>,
  monitored?: string,
  waited?: number,
): string[] {
  if (best === undefined) return [];
  const kept = formatWeights(weights, step, best, monitored);
  if (waited === undefined) return [kept];
  const followed = monitored ?? (best.score === undefined ? 'the validation loss' : 'the score');
  const validations = waited === 1 ? '1 validation' : `${waited} validations`;
  const why = `${followed} has not got better in ${validations}`;
  return [`stopped early in epoch ${last?.epoch} at step ${step}: ${why}; ${kept}`];
}

/** What decides how long a run is, and where it is. */
interface RunPlan {
  readonly resume?: boolean;
  readonly directory?: string;
  readonly epochs?: number;
  readonly steps?: number;
}

/**
 * The notes at the start of a run that may be resumed; none for a new one.
 *
 * @param state where it is
 */
export function formatStart(
  { resume, directory, epochs = Number.POSITIVE_INFINITY, steps = Number.POSITIVE_INFINITY }: RunPlan,
  latest: RunCheckpoint | undefined,
  state: Pick<RunState, 'epoch' | 'step'>,
): string[] {
  if (resume !== true) return [];
  if (latest === undefined) return [`nothing to resume in ${directory}: the run begins`];
  const { step, path, skipped } = latest;
  return [
    ...skipped.map((damaged) => `damaged checkpoint set aside: ${damaged.path}`),
    `resumed at step ${step} from ${path}`,
    ...(state.epoch >= epochs ? [nothingLeft(`${state.epoch} epochs`, 'epochs', epochs)] : []),
    ...(state.epoch < epochs && state.step >= steps ? [nothingLeft(`${state.step} steps`, 'steps', steps)] : []),
  ];
}

function nothingLeft(done: string, option: string, value: number): string {
  return `nothing is left to train: ${done} are done, and option '${option}' is ${value}; a larger number continues the run`;
}
