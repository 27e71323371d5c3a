import { OptionError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import type { LossSummary } from './validation.js';

/** The position of a run. Every event has it. */
export interface RunPosition {
  /** Optimizer steps done. */
  readonly step: number;
  /** The epoch, from 1. */
  readonly epoch: number;
  /** Ends the run after this step, as if it had reached its length: a checkpoint is written and `fit` returns. */
  stop(): void;
}

/** Before the first step, when everything has been checked and restored. */
export interface StartEvent extends RunPosition {
  /** The checkpoint from which the run continues; undefined for a new run. */
  readonly resumedFrom: string | undefined;
}

/** After every optimizer step. */
export interface StepEvent extends RunPosition {
  /** Mean over the targets of the batch, nats. */
  readonly loss: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/** After every validation. */
export interface ValidationEvent extends RunPosition, LossSummary {
  /** The value that chooses the best checkpoint, if it is neither the loss nor a metric. */
  readonly score?: number;
  /** Whether this validation is better than all before. */
  readonly isBest: boolean;
}

/** After every epoch and its validation. */
export interface EpochEvent extends RunPosition {
  /** Mean over the epoch, nats. */
  readonly trainingLoss: number;
  readonly validation: LossSummary | undefined;
}

/** After a checkpoint has reached the disk. */
export interface CheckpointEvent {
  /** The step whose state the file holds. */
  readonly step: number;
  readonly path: string;
}

/**
 * Functions that a run calls between steps, in this order: onStep, onValidation, onCheckpoint, onEpochEnd. The run
 * waits for promises. When a function throws, the run ends: `fit` rejects with that error, and the last checkpoint
 * stays valid.
 */
export interface TrainingCallbacks {
  onStart?(event: StartEvent): void | Promise<void>;
  onStep?(event: StepEvent): void | Promise<void>;
  onValidation?(event: ValidationEvent): void | Promise<void>;
  onEpochEnd?(event: EpochEvent): void | Promise<void>;
  onCheckpoint?(event: CheckpointEvent): void | Promise<void>;
}

const EVENTS = [
  'onStart',
  'onStep',
  'onValidation',
  'onEpochEnd',
  'onCheckpoint',
] as const satisfies readonly (keyof TrainingCallbacks)[];

/**
 * Refuses callbacks that would never be called. An object may have other fields, such as those of a class of one's own,
 * if their names do not begin as those of callbacks do and one of its functions is a callback.
 *
 * @param given an object of functions, or a list of them
 * @throws {OptionError} `unknown_option` for another name of the form `onX`, and for functions of which none is a callback; `invalid_option` for what is no function
 */
export function checkCallbacks(given: unknown): readonly TrainingCallbacks[] {
  const listeners: readonly unknown[] = Array.isArray(given) ? given : [given];
  for (const listener of listeners) {
    if (typeof listener !== 'object' || listener === null) {
      const message = `option 'callbacks' must be an object of functions such as { onStep }, or a list of them, got ${describeValue(listener)}`;
      throw new OptionError('invalid_option', message, { name: 'callbacks', value: listener });
    }
    requireEvents(listener);
    for (const name of EVENTS) {
      const value = (listener as Readonly<Record<string, unknown>>)[name];
      if (value === undefined || typeof value === 'function') continue;
      const message = `the callback '${name}' must be a function, got ${describeValue(value)}`;
      throw new OptionError('invalid_option', message, { name, value });
    }
  }
  return listeners as readonly TrainingCallbacks[];
}

/** Names of the members of an object, also those of its classes. */
function namesOf(listener: object): readonly string[] {
  const names = new Set<string>();
  for (let each = listener; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    for (const name of Object.getOwnPropertyNames(each)) names.add(name);
  }
  return [...names];
}

function requireEvents(listener: object): void {
  const isFunction = (name: string) => typeof (listener as Readonly<Record<string, unknown>>)[name] === 'function';
  const names = namesOf(listener);
  for (const name of names) if (/^on[A-Z]/.test(name) || (/^on/i.test(name) && isFunction(name))) requireEvent(name);
  if (names.some((name) => (EVENTS as readonly string[]).includes(name))) return;
  const other = Object.keys(listener).find(isFunction);
  if (other !== undefined) requireEvent(other);
}

function requireEvent(name: string): void {
  if ((EVENTS as readonly string[]).includes(name)) return;
  const message = `option 'callbacks' has no callback '${name}'; there are ${EVENTS.join(', ')}`;
  throw new OptionError('unknown_option', message, { name: 'callbacks', key: name, allowed: EVENTS });
}

/** Calls one kind of callback of all listeners, one after the other. */
export async function notify<Name extends keyof TrainingCallbacks>(
  listeners: readonly TrainingCallbacks[],
  name: Name,
  event: Parameters<NonNullable<TrainingCallbacks[Name]>>[0],
): Promise<void> {
  for (const listener of listeners) {
    await (listener[name] as ((event: unknown) => void | Promise<void>) | undefined)?.call(listener, event);
  }
}
