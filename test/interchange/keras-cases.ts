/** Models of Keras and TensorFlow.js with what they compute, from golden/keras. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { JsonObject } from '../../src/core/json.js';
import type { ImportedModel } from '../../src/interchange/import-model.js';
import { convertModel } from '../../src/interchange/keras/convert-model.js';
import { configVersion, majorVersion, modelOf } from '../../src/interchange/keras/keras-format.js';
import { TensorTable, variablesOf } from '../../src/interchange/keras/layer-weights.js';
import { makeModel } from '../../src/interchange/shared/make-model.js';
import { hashed, hashedWeight } from './hashed-numbers.js';

const FOLDER = new URL('golden/keras/', import.meta.url);

interface Golden {
  readonly shape: readonly number[];
  readonly base64: string;
}

interface ModelCase {
  readonly name: string;
  /** Shapes, and whether they are indices. */
  readonly inputs: readonly (readonly [readonly number[], boolean])[];
  readonly outputs: readonly Golden[];
  /** What is added to the numbers of all inputs. */
  readonly shift?: number;
}

/** A model of Keras 2 or 3. */
export interface KerasCase extends ModelCase {
  readonly config: JsonObject;
  /** How it was made, for the names of tests. */
  readonly shape: string | readonly string[];
  /** Names and shapes of the variables, those that are trained first. */
  readonly variables: readonly (readonly [string, readonly number[]])[];
  /** A file of the model, where one is kept. */
  readonly file?: string;
}

/** A model of TensorFlow.js. */
export interface TensorflowJsCase extends ModelCase {
  readonly json: JsonObject;
}

/** A kept file, unpacked. */
export function keptFile(name: string): Buffer {
  return gunzipSync(readFileSync(new URL(name, FOLDER)));
}

export const kerasCases = () => JSON.parse(keptFile('models.json.gz').toString('utf8')) as KerasCase[];
export const kerasLayerCases = () => JSON.parse(keptFile('layers.json.gz').toString('utf8')) as KerasCase[];
export const tensorflowJsCases = () => {
  return JSON.parse(keptFile('tensorflow-js-models.json.gz').toString('utf8')) as TensorflowJsCase[];
};

export const countOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** The rows of the last axis. */
function rowsOf(numbers: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: numbers.length / columns }, (_, row) => {
    return Array.from({ length: columns }, (_, column) => numbers[row * columns + column] as number);
  });
}

/** The input of a case as plain sequences; rows of a model without a time axis are the steps of one sequence. */
function sequencesOf(
  at: number,
  [shape, isIndices]: ModelCase['inputs'][number],
  hasSteps: boolean,
  shift: number,
): unknown[] {
  const numbers = hashed(1000 + at, countOf(shape)).map((number) => number + shift);
  const [batch, ...rest] = shape as [number, ...number[]];
  const each = countOf(rest);
  const parts = Array.from({ length: batch }, (_, index) => numbers.subarray(index * each, (index + 1) * each));
  if (isIndices) return parts.map((part) => Array.from(part, (number) => Math.floor(Math.abs(number) * 2) + 1));
  if (rest.length === 2) return parts.map((part) => rowsOf(part, rest[1] as number));
  return hasSteps ? parts.map((part) => Array.from(part)) : [rowsOf(numbers, each)];
}

/** float32 rounds each of some hundred sums of up to a hundred terms; an error of one step goes through all later ones. */
const TOLERANCE = 4 * Math.ceil(Math.log2(100 * 100)) * 2 ** -24;

/** What the model predicts must be what the library computed that it comes from. */
export async function expectOutputs(
  { model }: ImportedModel,
  { inputs, outputs, shift = 0 }: ModelCase,
): Promise<void> {
  const names = Object.keys(model.description.inputs);
  const hasSteps = inputs.some(([shape, isIndices]) => shape.length === (isIndices ? 2 : 3));
  const given = names.map((name, at) => [
    name,
    sequencesOf(at, inputs[at] as ModelCase['inputs'][number], hasSteps, shift),
  ]);
  const results = Object.values(await model.predictAll(Object.fromEntries(given) as never)) as Float32Array[][];
  expect(results.length).toBe(outputs.length);
  for (const [at, { base64, shape }] of outputs.entries()) {
    const bytes = Buffer.from(base64, 'base64');
    const expected = Array.from({ length: countOf(shape) }, (_, place) => bytes.readFloatLE(4 * place));
    const actual = (results[at] as Float32Array[]).flatMap((sequence) => [...sequence]);
    expect(actual.length).toBe(expected.length);
    const largest = expected.reduce((most, number) => Math.max(most, Math.abs(number)), 1);
    const error = expected.reduce(
      (most, number, place) => Math.max(most, Math.abs(number - (actual[place] as number))),
      0,
    );
    expect(error / largest).toBeLessThanOrEqual(TOLERANCE);
  }
}

/** The model of a configuration, with the weights that the hash gives. */
export async function importedFromHash({ name, config, variables }: KerasCase): Promise<ImportedModel> {
  const source = { path: name, version: majorVersion(name, configVersion(config)) };
  const root = modelOf(source, config);
  const table = new TensorTable();
  const own = variablesOf(root);
  // Keras 3 names what is a `depthwise_kernel` before a `kernel`.
  expect(own.map(({ role }, at) => role.endsWith(variables[at]?.[0] ?? 'none'))).toEqual(variables.map(() => true));
  for (const [at, variable] of own.entries()) {
    const [role, shape] = variables[at] as KerasCase['variables'][number];
    const read = () => hashedWeight(at, role, countOf(shape));
    table.set(variable, { name: `${at} ${role}`, shape, type: 'float32', read });
  }
  const imported = convertModel(source, root, table.all);
  const { outputs } = imported.network.description;
  const losses = outputs && Object.fromEntries(Object.keys(outputs).map((each) => [each, 'meanSquaredError']));
  const loss = losses === undefined ? { loss: 'meanSquaredError' } : { losses };
  return { model: await makeModel(name, imported, loss as never), format: 'keras', notes: imported.notes };
}
