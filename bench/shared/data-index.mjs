/** The index of the data sets that `bench/data-sets/make_data_sets.py` writes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The best options found by hand so far, by the name of the set; they are not part of the data, and sets without them are not searched. */
const BY_HAND = JSON.parse(readFileSync(new URL('../data-sets/by-hand.json', import.meta.url), 'utf8'));

/** The form of the index that is read here. */
const FORM = 1;
const TASKS = ['classify', 'forecast', 'lm', 'music', 'tag', 'transcribe', 'translate'];

const isText = (value) => typeof value === 'string' && value !== '';
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isRecordOf = (value, fits) => isRecord(value) && Object.values(value).every(fits);
const isPart = (value) => isText(value) || (Number.isFinite(value) && value >= 0);

const FIELDS = {
  name: (value) => isText(value) && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value),
  task: (value) => TASKS.includes(value),
  about: isText,
  parts: (value) => isRecordOf(value, isPart) && isText(value.data),
  options: isTexts,
  sizes: (value) => isRecordOf(value, (size) => Number.isInteger(size) && size > 0),
  metric: (value) => isRecord(value) && isText(value.path) && ['higher', 'lower'].includes(value.better),
  naive: (value) => isRecord(value) && (isRecordOf(value.values, Number.isFinite) || isRecordOf(value.paths, isText)),
  published: (value) =>
    Array.isArray(value) &&
    value.every((one) => isRecord(one) && isText(one.what) && Number.isFinite(one.value) && isText(one.source)),
  byHand: isTexts,
  digest: isText,
};

/**
 * The sets of an index.
 *
 * @param index the content of index.json
 * @throws {Error} naming the set and the field that does not fit
 */
export function dataSetsOf(index) {
  if (!isRecord(index) || index.form !== FORM || !Array.isArray(index.sets)) {
    throw new Error(`the index of data sets must have the form ${FORM} and a list of sets: write it again`);
  }
  const names = new Set();
  for (const [at, set] of index.sets.entries()) {
    const title = isRecord(set) && isText(set.name) ? `'${set.name}'` : `${at + 1}`;
    for (const [field, fits] of Object.entries(FIELDS)) {
      if (isRecord(set) && fits(set[field])) continue;
      throw new Error(`set ${title} of the index has no valid '${field}', got ${JSON.stringify(set?.[field])}`);
    }
    if (names.has(set.name)) throw new Error(`the index has two sets of the name ${title}`);
    names.add(set.name);
  }
  return index.sets;
}

/**
 * Reads the index of a folder of data sets.
 *
 * @throws {Error} that says how the data sets are made, when there is none
 */
export function readDataSets(folder) {
  let text;
  try {
    text = readFileSync(join(folder, 'index.json'), 'utf8');
  } catch {
    throw new Error(`no data sets in ${folder}: python bench/data-sets/make_data_sets.py writes them`);
  }
  return dataSetsOf(JSON.parse(text)).map((set) => ({ ...set, byHand: BY_HAND[set.name]?.split(' ') ?? set.byHand }));
}

/** The arguments of `bptt train` for a set: its parts, its options, and the options of a setting. */
export function argumentsOf({ task, parts, options }, folder, more = []) {
  const given = Object.entries(parts).flatMap(([part, value]) => [
    `--${part}`,
    typeof value === 'number' ? String(value) : join(folder, value),
  ]);
  return ['train', task, ...given, ...options, ...more];
}

/** The number at a path such as `beam.wordErrorRate`; undefined where there is none. */
export function numberAt(record, path) {
  const value = path.split('.').reduce((inner, field) => inner?.[field], record);
  return typeof value === 'number' ? value : undefined;
}
