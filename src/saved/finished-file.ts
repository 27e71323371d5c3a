/** What a task has computed from trained weights: in a file of the run, or in the configuration of a file of one's own. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CheckpointError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from '../core/json.js';
import { existsAt } from '../core/path-stats.js';
import { readRegularFileSync } from '../core/regular-file.js';
import { runFolder } from './find-checkpoint.js';
import { type WeightHolder, weightTensors } from './model-tensors.js';

/** The key of the record in a configuration. */
const KEY = 'finished';

/** A record: `{ "step": n, "weights": digest, "finished": {...} }`. */
export type FinishedRecord = {
  readonly step: number;
  /** Of the weights; missing in records from before there was a digest. */
  readonly weights?: string;
  readonly finished: JsonObject;
};

/** The file in a run directory. */
export function finishedPath(run: string): string {
  return join(run, 'finished.json');
}

/** SHA-256 over the parameters and buffers of a model, in their order. */
export function weightDigest(model: WeightHolder): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of weightTensors(model)) hash.update(`${name};${data.length};`).update(data);
  return hash.digest('hex');
}

/** Whether a record was computed from the weights of a model. */
export function belongsTo({ step, weights }: FinishedRecord, model: WeightHolder & { readonly step: number }): boolean {
  // Records from before the digest have the step alone.
  return step === model.step && (weights === undefined || weights === weightDigest(model));
}

/** @throws {CheckpointError} `checkpoint_corrupt` for a value of another form */
function requireRecord(value: JsonValue | undefined, path: string, cause?: unknown): FinishedRecord {
  const { step, weights, finished } = isJsonObject(value) ? value : {};
  const isDigest = weights === undefined || typeof weights === 'string';
  if (typeof step === 'number' && isDigest && isJsonObject(finished)) return value as FinishedRecord;
  const message = `'${path}' must have 'step', 'weights' and 'finished', which a finished training writes: without them the network answers alone`;
  throw new CheckpointError('checkpoint_corrupt', message, { path }, cause);
}

/** A record, and the file that it is from. */
export interface FoundRecord {
  readonly record: FinishedRecord;
  readonly path: string;
}

/**
 * The record of a checkpoint: that of its own configuration, else that of its run.
 *
 * @param checkpoint path of its file
 * @throws {CheckpointError} `checkpoint_corrupt`
 */
export function findFinished(checkpoint: string, configuration: JsonObject = {}): FoundRecord | undefined {
  const own = configuration[KEY];
  if (own !== undefined) return { record: requireRecord(own, checkpoint), path: checkpoint };
  const path = finishedPath(runFolder(checkpoint));
  if (!existsAt(path)) return undefined;
  let value: JsonValue | undefined;
  let cause: unknown;
  try {
    value = parseStrictJson(readRegularFileSync(path).toString('utf8'));
  } catch (error) {
    cause = error;
  }
  return { record: requireRecord(value, path, cause), path };
}

/**
 * The configuration of a checkpoint of a task, with the record of its run if that is of these weights: so `saveModel` takes it along.
 * A record that cannot be read is left out: it says nothing of the network.
 */
export function withFinished(
  checkpoint: string,
  configuration: JsonObject,
  model: WeightHolder & { readonly step: number },
): JsonObject {
  try {
    const found = findFinished(checkpoint, configuration);
    if (found === undefined || !belongsTo(found.record, model)) return configuration;
    return { ...configuration, [KEY]: found.record };
  } catch (error) {
    if (error instanceof CheckpointError) return configuration;
    throw error;
  }
}
