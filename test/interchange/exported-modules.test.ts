import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Model, Network, NetworkDescription } from '../../src/index.js';
import { moduleSource } from '../../src/interchange/export-pytorch/module-source.js';
import { stateDict } from '../../src/interchange/export-pytorch/state-dict.js';
import { builtInLayers, isKind } from '../../src/network/layers/layers.js';
import { operation } from '../../src/network/layers/operation.js';
import { matrix } from '../oracle/matrix.js';
import { compare, tolerance } from '../oracle/tolerance.js';
import { exportedNetworks } from './exported-networks.js';
import { integers, uniform } from './golden/hashed-numbers.js';

const LENGTHS = [5, 9, 7];
/** Of the axis `source`, so that both axes differ. */
const SOURCE_LENGTHS = [6, 4, 8];

const folder = new URL('golden/modules/', import.meta.url);
const fileOf = (name: string) => new URL(name, folder);
const isWritten = process.env['BPTT_WRITE_MODULES'] === '1';

/** What the script asks a module. */
function questionOf(network: Network, model: Model) {
  const { description } = network;
  const tensors = [...stateDict(model)].map(([name, { shape }]) => [name, shape] as const);
  const layers = new Map(
    description.nodes.map(({ name, layer }) => [name, layer as { tied?: string; biases?: string }]),
  );
  const layerOf = (name: string) => layers.get(name.slice(0, name.indexOf('.')));
  const tied = tensors.filter(([name]) => name.endsWith('.weight') && layerOf(name)?.tied !== undefined);
  const zeros = tensors.filter(([name]) => layerOf(name)?.biases === 'one' && !model.parameters.has(name));
  const inputs = Object.entries(description.inputs).map(([name, input]) => {
    const { axis = 'time', per } = input;
    const kind = input.kind === 'indices' ? { size: input.size } : { units: input.units };
    const lengths = per === 'sequence' ? LENGTHS.map(() => 1) : axis === 'source' ? SOURCE_LENGTHS : LENGTHS;
    return [name, { axis, perSequence: per === 'sequence', lengths, ...kind }] as const;
  });
  const outputs = [...model.outputShapes].map(([name, shape]) => [name, lengthsOf(shape.axis, shape.per)] as const);
  return {
    tensors: Object.fromEntries(tensors),
    tied: Object.fromEntries(tied.map(([name]) => [name, `${layerOf(name)?.tied}.weight`])),
    zeros: zeros.map(([name]) => name),
    inputs: Object.fromEntries(inputs),
    outputLengths: Object.fromEntries(outputs),
    isStepwise: isStepwise(description, model),
  };
}

/** Lengths of an axis that is made of another, by its name: `time/REACH:STRIDE`. */
function lengthsOf(axis: string, per: string): number[] | null {
  if (per === 'sequence') return null;
  const [, ...derivations] = axis.split('/');
  return derivations.reduce((lengths, derivation) => {
    const [reach = 1, stride = 1] = derivation.split(':').map(Number);
    return lengths.map((length) => Math.floor((length - reach) / stride) + 1);
  }, LENGTHS);
}

function isStepwise({ inputs, nodes }: NetworkDescription, model: Model): boolean {
  const isOne = Object.keys(inputs).length === 1 && model.outputShapes.get('output')?.per === 'step';
  if (!isOne || nodes.some(({ layer }) => layer.kind === 'conv1d')) return false;
  try {
    model.stream();
    return true;
  } catch {
    return false;
  }
}

function sequencesOf(name: string, input: { lengths: number[]; size?: number; units?: number; perSequence: boolean }) {
  return input.lengths.map((length, at) => {
    if (input.size !== undefined) return [...integers(1, `${name} ${at}`, length, input.size)];
    const { units = 0 } = input;
    const numbers = uniform(1, `${name} ${at}`, length * units);
    const rows = Array.from({ length }, (_, step) => [...numbers.subarray(step * units, (step + 1) * units)]);
    return input.perSequence ? rows[0] : rows;
  });
}

/** A model with the numbers that the script gives the module. */
function modelOf(network: Network): Model {
  const { outputs } = network.description;
  const losses = Object.fromEntries(Object.keys(outputs ?? {}).map((name) => [name, 'meanSquaredError' as const]));
  const model = network.compileSync({
    ...(outputs === undefined ? { loss: 'meanSquaredError' } : { losses }),
    threads: 1,
  });
  for (const [name, { data }] of [...model.parameters, ...model.buffers]) {
    const { layer } = network.description.nodes.find((node) => name.startsWith(`${node.name}.`)) ?? {};
    const numbers = uniform(1, name, data.length, 0.5);
    if (name.endsWith('num_batches_tracked')) data.fill(3);
    else if (['conv1d', 'columnConvolution'].includes(layer?.kind ?? '') && name.endsWith('.weight')) {
      const [, kernel = 0, each = 0] = model.parameters.get(name)?.shape ?? [];
      for (let at = 0; at < data.length; at++) {
        const [unit, step, column] = [Math.floor(at / (kernel * each)), Math.floor(at / each) % kernel, at % each];
        data[at] = numbers[unit * kernel * each + column * kernel + step] as number;
      }
    } else data.set(name.endsWith('running_var') ? numbers.map((number) => number + 1) : numbers);
  }
  model.parametersChanged();
  return model;
}

const asked: Record<string, unknown> = {};
if (isWritten) {
  mkdirSync(folder, { recursive: true });
  afterAll(() => writeFileSync(fileOf('asked.json'), `${JSON.stringify(asked)}\n`));
}

describe('the networks', () => {
  const layers = Object.values(exportedNetworks).flatMap(({ description }) =>
    description.nodes.map(({ layer }) => layer),
  );

  it('have every layer of the library', () => {
    const kinds = new Set(layers.map(({ kind }) => kind));
    expect([...builtInLayers.keys()].filter((kind) => !kinds.has(kind as never))).toEqual([]);
  });

  it('have every function that is a layer', () => {
    const used = new Set(layers.flatMap((layer) => (isKind(layer, 'operation') ? [layer.name] : [])));
    let message = '';
    try {
      operation('none' as never);
    } catch (error) {
      ({ message } = error as Error);
    }
    const names = [...message.matchAll(/"(\w+)"/g)].map(([, name]) => name).filter((name) => name !== 'none');
    expect(names.length).toBeGreaterThan(35);
    expect(names.filter((name) => !used.has(name as never))).toEqual([]);
  });
});

describe.each(Object.entries(exportedNetworks))('the module of %s', (name, network) => {
  it('is the one whose outputs are kept', () => {
    const { text } = moduleSource(network.description, `${name}.safetensors`);
    const model = modelOf(network);
    asked[name] = questionOf(network, model);
    model.dispose();
    if (isWritten) writeFileSync(fileOf(`${name}.py`), text);
    expect(text).toBe(readFileSync(fileOf(`${name}.py`), 'utf8'));
    if (isWritten) return;
    expect(asked[name]).toEqual(JSON.parse(readFileSync(fileOf('asked.json'), 'utf8'))[name]);
  });

  it.skipIf(isWritten)('computes what the model computes', async () => {
    const model = modelOf(network);
    const { inputs, outputLengths } = questionOf(network, model);
    const sequences = Object.entries(inputs).map(([input, each]) => [input, sequencesOf(input, each as never)]);
    const results = await model.predictAll(Object.fromEntries(sequences) as never);
    const outputs = JSON.parse(readFileSync(fileOf('outputs.json'), 'utf8')).outputs[name] as Record<string, string>;
    expect(Object.keys(outputs)).toEqual([...model.outputShapes.keys()]);
    for (const [output, text] of Object.entries(outputs)) {
      const own = results[output] as Float32Array[];
      const expected = new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
      const columns = model.outputShapes.get(output)?.columns ?? 1;
      const relative = tolerance({ terms: 16, steps: 9 * 4 });
      const rows = matrix(expected.length / columns, columns, expected);
      const { ratio, message } = compare(
        own.flatMap((each) => [...each]),
        rows,
        relative,
      );
      expect(ratio, `${output} ${outputLengths[output]}: ${message}`).toBeLessThanOrEqual(1);
    }
    model.dispose();
  });
});
