/** Compares the configuration of a run with the one that it is to be resumed with. */
import { ConfigurationError } from '../core/errors.js';
import { type JsonDifference, type JsonObject, jsonDifferences } from '../core/json.js';
import { describeValue } from '../core/options.js';

/** What the fields of a configuration are for. A field stands for everything below it. */
export interface ConfigurationFields {
  /** Fields that a resumed run may change, such as `epochs` or `model.threads`. */
  readonly mayDiffer?: readonly string[];
  /** Fields that describe the data. */
  readonly data?: readonly string[];
  /** Fields that may follow from the data, such as sizes of a model. */
  readonly followsData?: readonly string[];
  /** Fields that a run of an earlier version lacks as a whole. */
  readonly mayBeAbsent?: readonly string[];
}

function isWithin(path: string, fields: readonly string[] = []): boolean {
  return fields.some((field) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`));
}

/**
 * The differences of two configurations that forbid to go on, the most telling one first: settings, then the data, then
 * what follows from the data.
 */
function forbiddenDifferences(there: JsonObject, here: JsonObject, fields: ConfigurationFields): JsonDifference[] {
  const rank = ({ path }: JsonDifference) =>
    isWithin(path, fields.data) ? 1 : isWithin(path, fields.followsData) ? 2 : 0;
  return [...jsonDifferences(there, here)]
    .filter(({ path }) => !isWithin(path, fields.mayDiffer))
    .filter(({ path, left }) => left !== undefined || fields.mayBeAbsent?.includes(path) !== true)
    .sort((first, second) => rank(first) - rank(second));
}

/**
 * Refuses a configuration that is not that of the run.
 *
 * @param what of which the configuration is, for the message: `the run 'runs/a'`
 * @throws {ConfigurationError} `configuration_mismatch`, naming the first field that differs and both values. Where the data
 *   differ and no setting does, the message says so, and `details.reason` is `data`.
 */
export function requireSameConfiguration(
  what: string,
  there: JsonObject,
  here: JsonObject,
  fields: ConfigurationFields,
): void {
  const [first] = forbiddenDifferences(there, here, fields);
  if (first === undefined) return;
  const { path: field, left, right } = first;
  const [before, now] = [left, right].map((value) => (value === undefined ? 'absent' : describeValue(value)));
  const isData = isWithin(field, fields.data);
  const difference = `'${field}' is ${before} there and ${now} here`;
  const help = 'resume with the data that it was started with, or train in another directory';
  const message = isData
    ? `the data have changed, or the way they are cut into batches, since ${what} was started: ${difference}; ${help}`
    : `${what} has another configuration: ${difference}`;
  const reason = isData ? 'data' : 'setting';
  throw new ConfigurationError('configuration_mismatch', message, { field, there: left, here: right, reason });
}

/** Whether two configurations differ at all. */
export function isSameConfiguration(there: JsonObject, here: JsonObject): boolean {
  return jsonDifferences(there, here).next().done === true;
}
