/** Defaults for the data of a task. */
import { createHash, type Hash } from 'node:crypto';
import { ConfigurationError, DataError } from '../../core/errors.js';
import { canonicalJson, isJsonObject, type JsonObject } from '../../core/json.js';
import { describeValue } from '../../core/options.js';
import { TokenStreams } from '../../data/streams.js';
import type { RunTable } from '../definition/common-options.js';
import type { AnyPart } from '../definition/parts.js';
import type { ReadData, TakeNote, TaskData, TaskDefinition } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';

const PARTS = ['training', 'validation', 'test'] as const;
const FIELDS = [...PARTS, 'saved', 'fingerprint', 'notes', 'settings'];

/** The part of a task that reading needs. */
type AnyRead = Pick<TaskDefinition<RunTable, JsonObject, unknown, AnyPart<unknown>, JsonObject>, 'name' | 'read'>;
type AnyReadData = ReadData<JsonObject, unknown, AnyPart<unknown>>;

/**
 * Reads the data of a task and adds defaults for missing fields.
 *
 * @param saved as for `read` of a definition
 * @throws {ConfigurationError} `invalid_task` when `read` returns something other than parts of data
 * @throws errors of `read`
 */
export async function readComplete(
  task: AnyRead,
  options: Checked<RunTable>,
  saved?: JsonObject,
): Promise<TaskData<JsonObject, unknown, AnyPart<unknown>>> {
  const data: AnyReadData = await (saved === undefined ? task.read(options) : task.read(options, saved));
  requireParts(task.name, data);
  return { ...data, saved: data.saved ?? {}, fingerprint: data.fingerprint ?? fingerprintOfParts(data) };
}

/**
 * The examples of another file: the training part of `read`, with nothing held out.
 *
 * @throws {DataError} `mixed_examples` when the saved data of the file would differ from those of the training
 * @throws as `readComplete`
 */
export async function readOtherFile(
  task: AnyRead,
  file: string,
  options: Checked<RunTable>,
  saved: JsonObject,
  note: TakeNote,
): Promise<AnyPart<unknown>> {
  const data = await readComplete(task, { ...options, data: file, valid: 0, test: 0 }, saved);
  for (const line of data.notes ?? []) note(line);
  if (canonicalJson(data.saved) === canonicalJson(saved)) return data.training;
  const message = `'${file}' gives the task '${task.name}' other saved data than its training did: the task needs the field 'readExamples', or 'read' must use the saved data`;
  throw new DataError('mixed_examples', message, { file, task: task.name, field: 'readExamples' });
}

function requireParts(name: string, data: unknown): asserts data is AnyReadData {
  const refuse = (field: string, expected: string, value: unknown): never => {
    const message = `'read' of the task '${name}' must return ${expected}, got ${describeValue(value)}`;
    throw new ConfigurationError('invalid_task', message, { task: name, field });
  };
  if (!isJsonObject(data)) return refuse('read', 'an object with the field training', data);
  const unknown = Object.keys(data).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) refuse(`read.${unknown}`, `no other fields than ${FIELDS.join(', ')}`, unknown);
  for (const part of PARTS) {
    const value = data[part] as unknown;
    if (value === undefined && part !== 'training') continue;
    const isPart = Array.isArray(value) || value instanceof TokenStreams || hasExamples(value);
    if (!isPart) refuse(`read.${part}`, `examples as '${part}' (an array, Examples or TokenStreams)`, value);
  }
  for (const field of ['saved', 'fingerprint'] as const) {
    if (data[field] === undefined || isPlainJson(data[field])) continue;
    refuse(`read.${field}`, `plain JSON as '${field}'`, data[field]);
  }
}

function hasExamples(value: unknown): boolean {
  return isJsonObject(value) && 'count' in value && 'lengthOf' in value && 'read' in value;
}

/** Whether a value is an object that does not change when it is written to a file and read again. */
function isPlainJson(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  try {
    return canonicalJson(JSON.parse(JSON.stringify(value))) === canonicalJson(value);
  } catch {
    return false;
  }
}

/** A digest of all parts. Of examples that are read later, only number and lengths are known. */
function fingerprintOfParts(data: Pick<AnyReadData, 'training' | 'validation' | 'test'>): JsonObject {
  const hash = createHash('sha256');
  for (const part of PARTS) {
    hash.update(`${part};`);
    const examples = data[part];
    if (examples !== undefined) addPart(hash, examples);
  }
  return { examples: hash.digest('hex') };
}

function addPart(hash: Hash, part: AnyPart<unknown>): void {
  if (part instanceof TokenStreams) {
    for (const { inputs } of part) addValue(hash, inputs);
  } else if ('read' in part) {
    hash.update(`${part.count};`);
    for (let index = 0; index < part.count; index++) hash.update(`${part.lengthOf(index)};`);
  } else {
    addValue(hash, part);
  }
}

/** Adds a value to the digest. Different values, and different nestings of values, give different digests. */
function addValue(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    hash.update(`${value.constructor.name}${value.byteLength};`).update(value as Uint8Array);
  } else if (Array.isArray(value)) {
    hash.update(`[${value.length};`);
    for (const item of value) addValue(hash, item);
  } else if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    hash.update(`{${fields.length};`);
    for (const [key, field] of fields) {
      addValue(hash, key);
      addValue(hash, field);
    }
  } else {
    const text = String(value);
    hash.update(`${typeof value}${text.length};${text};`);
  }
}
