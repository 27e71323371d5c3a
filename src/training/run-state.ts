import { CheckpointError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.js';
import { type NumberBounds, requireNumber } from '../core/options.js';
import { type LossPartSum, LossSums } from '../model/execute/loss-sums.js';
import type { EarlyStoppingState } from './early-stopping.js';
import { Mean } from './mean.js';

/** A validation that took place. */
export type ValidationRecord = {
  /** Optimizer steps done before it. */
  readonly step: number;
  /** The epoch, from 1, in which or after which it took place. */
  readonly epoch: number;
  /** Mean over the predictions, nats. */
  readonly loss: number;
  /** Number of predictions; with weights of the loss their sum. */
  readonly tokens: number;
  /** The value that chooses the best validation, if it is neither the loss nor a metric. */
  readonly score?: number;
  /** The user's own metrics, by name. */
  readonly metrics?: Readonly<Record<string, number>>;
};

/**
 * The position of a run, besides weights and schedule: the data cursor, and the sums of its reports. So a resumed run
 * reports the same numbers as a run that was never stopped.
 */
export class RunState {
  /** Optimizer steps done in this run. */
  step = 0;
  /** Number of complete epochs, including their validation. */
  epoch = 0;
  /** Batches of the current epoch that have been trained on. */
  batch = 0;
  /** Whether all batches of the epoch have been trained on and only its validation is missing. */
  epochDone = false;
  /** Valid steps of the batches trained on. */
  tokens = 0;
  /** Training loss over the current epoch. */
  epochLoss = new LossSums();
  /** Training loss and gradient norm since the last line of metrics. */
  intervalLoss = new LossSums();
  intervalNorm = new Mean();
  /** Training loss of the last complete epoch. */
  lastEpochLoss: number | undefined;
  lastValidation: ValidationRecord | undefined;
  best: ValidationRecord | undefined;

  /** Begins the next epoch. */
  nextEpoch(): void {
    this.epoch += 1;
    this.batch = 0;
    this.epochDone = false;
    this.lastEpochLoss = this.epochLoss.countedLoss;
    this.epochLoss.reset();
  }

  toJSON(): JsonObject {
    return {
      step: this.step,
      epoch: this.epoch,
      batch: this.batch,
      epochDone: this.epochDone,
      tokens: this.tokens,
      epochLoss: this.epochLoss.toJSON(),
      intervalLoss: this.intervalLoss.toJSON(),
      intervalNorm: { ...this.intervalNorm.state() },
      lastEpochLoss: this.lastEpochLoss ?? null,
      lastValidation: this.lastValidation ?? null,
      best: this.best ?? null,
    };
  }

  /**
   * The state that `toJSON` wrote.
   *
   * @throws {CheckpointError} `checkpoint_corrupt` when a value is missing or of another kind
   */
  static fromJSON(path: string, json: JsonValue | undefined): RunState {
    const field = fieldsOf(path, 'run', json);
    const state = new RunState();
    state.step = field.count('step');
    state.epoch = field.count('epoch');
    state.batch = field.count('batch');
    state.epochDone = field.flag('epochDone');
    state.tokens = field.count('tokens');
    state.epochLoss = field.losses('epochLoss');
    state.intervalLoss = field.losses('intervalLoss');
    state.intervalNorm = field.mean('intervalNorm');
    state.lastEpochLoss = field.optional('lastEpochLoss', () => field.number('lastEpochLoss'));
    state.lastValidation = field.optional('lastValidation', () => field.validation('lastValidation'));
    state.best = field.optional('best', () => field.validation('best'));
    return state;
  }
}

/** The state of early stopping in a checkpoint's metadata. @throws {CheckpointError} `checkpoint_corrupt` */
export function readEarlyStoppingState(path: string, json: JsonValue | undefined): EarlyStoppingState {
  const field = fieldsOf(path, 'earlyStopping', json);
  return {
    best: field.optional('best', () => field.number('best')) ?? null,
    ...(field.has('loss') && { loss: field.number('loss') }),
    validationsWithoutImprovement: field.count('validationsWithoutImprovement'),
  };
}

interface Fields {
  has(name: string): boolean;
  number(name: string): number;
  count(name: string): number;
  /** A number >= 0: predictions are counted by their weights. */
  amount(name: string): number;
  numbers(name: string): Record<string, number>;
  flag(name: string): boolean;
  mean(name: string): Mean;
  losses(name: string): LossSums;
  text(name: string): string;
  validation(name: string): ValidationRecord;
  optional<T>(name: string, read: () => T): T | undefined;
}

/** Readers of the fields of one JSON object, which may be untrusted. */
function fieldsOf(path: string, prefix: string, json: JsonValue | undefined): Fields {
  const fail = (name: string, value: unknown): never => {
    throw new CheckpointError(
      'checkpoint_corrupt',
      `'${path}' is corrupt: its metadata has no usable '${name}': ${JSON.stringify(value) ?? 'absent'}`,
      { path, name, value },
    );
  };
  if (!isJsonObject(json)) return fail(prefix, json);
  const memberOf = (name: string): JsonValue | undefined => (Object.hasOwn(json, name) ? json[name] : undefined);
  const number = (name: string, bounds: NumberBounds = {}): number => {
    const value = memberOf(name);
    try {
      return requireNumber(name, value, bounds);
    } catch {
      return fail(`${prefix}.${name}`, value);
    }
  };
  return {
    has: (name) => memberOf(name) !== undefined,
    number: (name) => number(name),
    count: (name) => number(name, { integer: true, min: 0 }),
    amount: (name) => number(name, { min: 0 }),
    numbers: (name) => {
      const values = memberOf(name);
      const inner = fieldsOf(path, `${prefix}.${name}`, values);
      return Object.fromEntries(Object.keys(values as JsonObject).map((each) => [each, inner.number(each)]));
    },
    flag: (name) => {
      const value = memberOf(name);
      return typeof value === 'boolean' ? value : fail(`${prefix}.${name}`, value);
    },
    mean: (name) => {
      const inner = fieldsOf(path, `${prefix}.${name}`, memberOf(name));
      return new Mean({ sum: inner.number('sum'), weight: inner.number('weight') });
    },
    losses: (name) => {
      const list = memberOf(name);
      if (!Array.isArray(list)) return LossSums.ofOneLoss(fieldsOf(path, prefix, json).mean(name).state());
      return new LossSums(
        list.map((each, at): LossPartSum => {
          const inner = fieldsOf(path, `${prefix}.${name}[${at}]`, each);
          const [output, factor, isSum] = [inner.text('output'), inner.amount('factor'), inner.flag('isSum')];
          return { output, factor, sum: inner.number('sum'), total: inner.amount('total'), isSum };
        }),
      );
    },
    text: (name) => {
      const value = memberOf(name);
      return typeof value === 'string' ? value : fail(`${prefix}.${name}`, value);
    },
    validation: (name) => {
      const inner = fieldsOf(path, `${prefix}.${name}`, memberOf(name));
      const [step, epoch, tokens] = [inner.count('step'), inner.count('epoch'), inner.amount('tokens')];
      const score = inner.has('score') ? { score: inner.number('score') } : {};
      const metrics = inner.has('metrics') ? { metrics: inner.numbers('metrics') } : {};
      return { step, epoch, loss: inner.number('loss'), tokens, ...score, ...metrics };
    },
    optional: (name, read) => (memberOf(name) === null ? undefined : read()),
  };
}
