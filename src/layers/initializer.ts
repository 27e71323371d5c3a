/**
 * Initial values of parameters. A scheme is a short text, so that it fits on a command line and into a checkpoint:
 * `SCHEME[:NUMBER][,forget=NUMBER][,embedding=NUMBER]`.
 *
 * | scheme | embedding | input weights | recurrent weights | biases | dense |
 * |---|---|---|---|---|---|
 * | `default` | N(0, 1) | Xavier, each gate | orthogonal | 0, LSTM forget gate 1 | U(±1/sqrt(inputs)) |
 * | `pytorch` | N(0, 1) | U(±1/sqrt(units)) | U(±1/sqrt(units)) | U(±1/sqrt(units)) | U(±1/sqrt(inputs)) |
 * | `keras` | U(±0.05) | Xavier, all gates | orthogonal | 0, LSTM forget gate 1 | Xavier, bias 0 |
 * | `uniform:x` | U(±x) | U(±x) | U(±x) | U(±x) | U(±x) |
 * | `normal:x` | N(0, x²) | N(0, x²) | N(0, x²) | 0 | N(0, x²), bias 0 |
 *
 * `default` is as `pytorch` for the vanilla RNN, whose loss after five epochs of tinyshakespeare is lower so (mean over four
 * seeds 1.675 nats against 1.680).
 *
 * `forget=x` adds x to the forget gate's bias of every LSTM; `embedding=x` draws embeddings from N(0, x²).
 */
import { OptionError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { orthogonal } from './orthogonal.js';

/** What a parameter is for. */
export type ParameterRole = 'embedding' | 'input' | 'recurrent' | 'inputBias' | 'recurrentBias' | 'dense' | 'denseBias';

/** A parameter to be filled: row-major [rows, columns]. */
export interface ParameterShape {
  readonly role: ParameterRole;
  readonly rows: number;
  readonly columns: number;
  /** Inputs that one output sums over. */
  readonly fanIn: number;
  /** Hidden units of the cell, for recurrent layers. */
  readonly units: number;
  /** Gates of the cell that are stacked in the rows. */
  readonly gates: number;
  /** Position of the forget gate among them, or -1. */
  readonly forgetGate: number;
}

interface Scheme {
  readonly name: 'default' | 'pytorch' | 'keras' | 'uniform' | 'normal';
  readonly scale: number;
  readonly forget: number;
  readonly embedding: number | undefined;
}

const FORM =
  'expected default, pytorch, keras, uniform:NUMBER or normal:NUMBER, and then ,forget=NUMBER ,embedding=NUMBER';

function number(text: string | undefined, spec: string, minimum: number): number {
  const value = Number(text);
  if (text !== undefined && text !== '' && Number.isFinite(value) && value >= minimum) return value;
  throw new OptionError('invalid_option', `initializer '${spec}': '${text}' is not a number >= ${minimum}; ${FORM}`, {
    name: 'initializer',
    value: spec,
  });
}

function parse(spec: string): Scheme {
  if (typeof spec !== 'string') {
    throw new OptionError('invalid_option', `initializer is ${String(spec)}: ${FORM}`, {
      name: 'initializer',
      value: spec,
    });
  }
  const [head = '', ...modifiers] = spec.split(',').map((part) => part.trim());
  const [name, scale] = head.split(':');
  const isScaled = name === 'uniform' || name === 'normal';
  if (!isScaled && (scale !== undefined || !['default', 'pytorch', 'keras'].includes(name as string))) {
    throw new OptionError('invalid_option', `initializer '${spec}' is unknown: ${FORM}`, {
      name: 'initializer',
      value: spec,
    });
  }
  let forget = name === 'default' || name === 'keras' ? 1 : 0;
  let embedding: number | undefined;
  for (const modifier of modifiers) {
    const [key, value] = modifier.split('=');
    if (key === 'forget') forget = number(value, spec, Number.NEGATIVE_INFINITY);
    else if (key === 'embedding') embedding = number(value, spec, 0);
    else
      throw new OptionError('invalid_option', `initializer '${spec}': '${modifier}' is unknown; ${FORM}`, {
        name: 'initializer',
        value: spec,
      });
  }
  return { name: name as Scheme['name'], scale: isScaled ? number(scale, spec, 0) : 0, forget, embedding };
}

/** Checks a scheme. @throws {OptionError} `invalid_option`, which says what is allowed */
export function requireInitializer(spec: string): string {
  parse(spec);
  return spec;
}

function uniform(out: Float32Array, limit: number, random: Random): void {
  for (let e = 0; e < out.length; e++) out[e] = (2 * random.uniform() - 1) * limit;
}

function normal(out: Float32Array, deviation: number, random: Random): void {
  for (let e = 0; e < out.length; e++) out[e] = random.normal() * deviation;
}

function fillPytorch(out: Float32Array, shape: ParameterShape, random: Random): void {
  if (shape.role === 'embedding') normal(out, 1, random);
  else uniform(out, 1 / Math.sqrt(shape.role.startsWith('dense') ? shape.fanIn : shape.units), random);
}

function fillOrthogonal(out: Float32Array, { gates, units, columns }: ParameterShape, random: Random): void {
  const size = units * columns;
  for (let gate = 0; gate < gates; gate++) {
    orthogonal(out.subarray(gate * size, (gate + 1) * size), units, columns, random);
  }
}

/** Glorot & Bengio 2010. */
function fillXavier(out: Float32Array, inputs: number, outputs: number, random: Random): void {
  uniform(out, Math.sqrt(6 / (inputs + outputs)), random);
}

function fillKeras(out: Float32Array, shape: ParameterShape, random: Random): void {
  if (shape.role === 'embedding') uniform(out, 0.05, random);
  else if (shape.role === 'recurrent') fillOrthogonal(out, shape, random);
  else if (shape.role.endsWith('Bias')) out.fill(0);
  else fillXavier(out, shape.columns, shape.rows, random);
}

function fillDefault(out: Float32Array, shape: ParameterShape, random: Random): void {
  const isGated = shape.gates > 1;
  if (!isGated) fillPytorch(out, shape, random);
  else if (shape.role === 'recurrent') fillOrthogonal(out, shape, random);
  else if (shape.role === 'input') fillXavier(out, shape.columns, shape.units, random);
  else if (shape.role === 'inputBias' || shape.role === 'recurrentBias') out.fill(0);
  else fillPytorch(out, shape, random);
}

/**
 * Fills a parameter. The numbers depend on the seed and the name of `random` alone, not on other parameters.
 *
 * @param spec scheme as above
 * @throws {OptionError} `invalid_option`
 */
export function initialize(spec: string, out: Float32Array, shape: ParameterShape, random: Random): void {
  const scheme = parse(spec);
  const isBias = shape.role.endsWith('Bias');
  if (shape.role === 'embedding' && scheme.embedding !== undefined) normal(out, scheme.embedding, random);
  else if (scheme.name === 'uniform') uniform(out, scheme.scale, random);
  else if (scheme.name === 'normal') normal(out, isBias ? 0 : scheme.scale, random);
  else if (scheme.name === 'keras') fillKeras(out, shape, random);
  else if (scheme.name === 'default') fillDefault(out, shape, random);
  else fillPytorch(out, shape, random);
  // One of the two biases only: their sum is what the gate sees (Gers et al. 2000; Jozefowicz et al. 2015).
  if (shape.role === 'inputBias' && shape.forgetGate >= 0) {
    const begin = shape.forgetGate * shape.units;
    for (let u = begin; u < begin + shape.units; u++) out[u] = (out[u] as number) + scheme.forget;
  }
}
