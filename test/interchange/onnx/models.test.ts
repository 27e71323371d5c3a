import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ImportModelOptions, importModel } from '../../../src/interchange/import-model.js';
import type { Model } from '../../../src/model/model.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';

type Numbers = number | readonly Numbers[];

interface Sequence {
  readonly inputs: Readonly<Record<string, readonly Numbers[]>>;
  readonly outputs: Readonly<Record<string, readonly Numbers[]>>;
}

interface Case {
  readonly name: string;
  readonly options?: ImportModelOptions;
  readonly model: string;
  readonly sequences: readonly Sequence[];
}

/** Made by golden/make_models.py: ONNX Runtime computed the outputs, each sequence by itself. */
function casesOf(file: string): Case[] {
  const path = new URL(`./golden/${file}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(path)).toString()) as Case[];
}

/** What is refused, and why: the beginning of the name of a case, and what the message says. */
const REFUSED: readonly (readonly [name: RegExp, message: RegExp])[] = [
  [/^RNN_directions_differ/, /expected the same ones in both directions/],
  // A sequence cannot be turned around by itself, only read backwards by a recurrent layer.
  [/^reversed_time/, /whose length is known only when data arrive/],
  // x^y is e^(y log x) only for positive x.
  [/^pow_rows/, /the exponent \(input 1\) is not constant/],
  // No gradient, and no kernel.
  [/^Floor/, /this operator is not known/],
  [/^counted_steps/, /is a shape/],
  // Loops over a fixed number of steps of indices, and a reshape with the number of steps that the example had.
  [/^recurrent-(1|38)-dynamo/, /a slice 1:2:1 of time/],
  [/^recurrent-21-dynamo/, /is reshaped to \[6, -1, 3\]/],
];

const flat = (numbers: readonly Numbers[]): number[] => numbers.flat(9) as number[];

/** The rows of one example as an input takes them: rows, one row of everything, or the numbers of the example. */
function rowsFor(model: Model, name: string, rows: readonly Numbers[] | undefined): unknown {
  const input = model.description.inputs[name];
  // A state that the network takes as an input like any other: zeros.
  if (rows === undefined && input?.kind === 'features') return [new Array<number>(input.units).fill(0)];
  if (rows === undefined || input?.kind !== 'features' || input.per === 'sequence') return rows;
  if (!Array.isArray(rows[0])) return [rows];
  return rows.length > 1 && input.units === flat(rows).length ? [flat(rows)] : rows;
}

async function predicted(
  model: Model,
  sequences: readonly Sequence[],
): Promise<ReadonlyMap<string, ArrayLike<number>[]>> {
  const names = Object.keys(model.description.inputs);
  const values = names.map((name) => sequences.map(({ inputs }) => rowsFor(model, name, inputs[name])));
  const inputs = names.length === 1 ? values[0] : Object.fromEntries(names.map((name, at) => [name, values[at]]));
  if (model.description.outputs !== undefined) {
    const all: unknown = await model.predictAll(inputs as never);
    return new Map(Object.entries(all as Record<string, ArrayLike<number>[]>));
  }
  const [first = ''] = Object.keys(sequences[0]?.outputs ?? {});
  return new Map([[first, (await model.predict(inputs as never)) as ArrayLike<number>[]]]);
}

/** Rounding of float32 over some dozens of steps of products of at most 12 numbers. */
const TOLERANCE = 2e-5;

function expectAgreement(name: string, actual: ArrayLike<number> | undefined, expected: readonly Numbers[]): void {
  const wanted = flat(expected);
  expect(actual, name).toHaveLength(wanted.length);
  for (const [at, value] of wanted.entries()) {
    const found = actual?.[at] as number;
    expect(Math.abs(found - value), `${name} at ${at}: ${found} is ${value}`).toBeLessThanOrEqual(
      TOLERANCE * (1 + Math.abs(value)),
    );
  }
}

async function check({ model: bytes, options, sequences }: Case): Promise<void> {
  const path = join(temporaryDirectory(), 'model.onnx');
  writeFileSync(path, Buffer.from(bytes, 'base64'));
  const { model, notes } = await importModel(path, { threads: 1, ...options });
  try {
    const found = await predicted(model, sequences);
    for (const name of Object.keys(sequences[0]?.outputs ?? {})) {
      const values = found.get(name);
      // A final state that goes in again is the stream's own.
      if (values === undefined) expect(notes.join('\n'), name).toContain(`'${name}' are the state of a stream`);
      else
        for (const [at, { outputs }] of sequences.entries())
          expectAgreement(name, values[at], outputs[name] as Numbers[]);
    }
  } finally {
    model.dispose();
  }
}

const refusal = (name: string) => REFUSED.find(([pattern]) => pattern.test(name))?.[1];

describe.each(['exported_models', 'built_models'])('%s', (file) => {
  const cases = casesOf(file);

  it.each(cases.filter(({ name }) => refusal(name) === undefined))('give what ONNX Runtime gives: $name', check);

  it.each(cases.filter(({ name }) => refusal(name) !== undefined))('are refused with a reason: $name', async (each) => {
    const path = join(temporaryDirectory(), 'model.onnx');
    writeFileSync(path, Buffer.from(each.model, 'base64'));
    await expect(importModel(path, each.options)).rejects.toMatchObject({
      name: 'InterchangeError',
      message: expect.stringMatching(refusal(each.name) as RegExp) as string,
    });
  });
});
