/** Texts that name how parameters begin: what `initialize` reads. */
import { OptionError } from '../../core/errors.js';

/** Every distribution, and whether a number follows its name. */
const NUMBERS = {
  default: 'none',
  pytorch: 'none',
  keras: 'none',
  xavier: 'none',
  'xavier-normal': 'none',
  he: 'none',
  'he-normal': 'none',
  orthogonal: 'optional',
  identity: 'optional',
  uniform: 'required',
  normal: 'required',
} as const;

/** Name of a distribution. */
export type DistributionName = keyof typeof NUMBERS;

/** A distribution and its number: limit, deviation, gain or scale; 1 where none is given. */
export interface Distribution {
  readonly name: DistributionName;
  readonly number: number;
}

/** A scheme, read. */
export interface Scheme {
  /** Of all parameters but those of the two below. */
  readonly general: Distribution;
  /** Of recurrent weights. */
  readonly recurrent: Distribution;
  /** Of input weights and projections. */
  readonly input: Distribution;
  /** Added to the forget gate's bias. */
  readonly forget: number;
  /** Deviation of embeddings, in place of the distribution. */
  readonly embedding: number | undefined;
  /** Value of biases, in place of the distribution. */
  readonly bias: number | undefined;
}

const FORM =
  'expected default, pytorch, keras, xavier, xavier-normal, he, he-normal, orthogonal, orthogonal:GAIN, identity, ' +
  'identity:SCALE, uniform:NUMBER or normal:NUMBER, and then ,recurrent=SCHEME ,input=SCHEME ,bias=NUMBER ' +
  ',forget=NUMBER ,embedding=NUMBER';

function refuse(spec: unknown, problem: string): never {
  throw new OptionError('invalid_option', `${problem}; ${FORM}`, { name: 'initializer', value: spec });
}

function number(text: string, spec: string, minimum: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= minimum) return value;
  const wanted = minimum === Number.NEGATIVE_INFINITY ? 'a number' : `a number >= ${minimum}`;
  return refuse(spec, `initializer '${spec}': '${text}' is not ${wanted}`);
}

/** Both parts of a text around the first separator; the second is undefined where there is no separator. */
function split(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function distribution(text: string, spec: string): Distribution {
  const [name, given] = split(text, ':');
  if (!Object.hasOwn(NUMBERS, name)) return refuse(spec, `initializer '${spec}': '${text}' is unknown`);
  const known = name as DistributionName;
  const wanted = NUMBERS[known];
  if (given === undefined) {
    if (wanted === 'required') refuse(spec, `initializer '${spec}': '${name}' needs a number`);
    return { name: known, number: 1 };
  }
  if (wanted === 'none') refuse(spec, `initializer '${spec}': '${name}' takes no number`);
  return { name: known, number: number(given, spec, known === 'identity' ? Number.NEGATIVE_INFINITY : 0) };
}

/** Reads a scheme. @throws {OptionError} `invalid_option`, which says what is allowed */
export function parseScheme(spec: string): Scheme {
  if (typeof spec !== 'string') refuse(spec, `initializer is ${String(spec)}`);
  const [head = '', ...modifiers] = spec.split(',').map((part) => part.trim());
  const general = distribution(head, spec);
  const scheme: { -readonly [key in keyof Scheme]: Scheme[key] } = {
    general,
    recurrent: general,
    input: general,
    forget: general.name === 'default' || general.name === 'keras' ? 1 : 0,
    embedding: undefined,
    bias: undefined,
  };
  for (const modifier of modifiers) {
    const [key, value = ''] = split(modifier, '=');
    if (key === 'forget' || key === 'bias') scheme[key] = number(value, spec, Number.NEGATIVE_INFINITY);
    else if (key === 'embedding') scheme.embedding = number(value, spec, 0);
    else if (key === 'recurrent' || key === 'input') scheme[key] = distribution(value, spec);
    else refuse(spec, `initializer '${spec}': '${modifier}' is unknown`);
  }
  if (scheme.input !== general && scheme.input.name === 'identity') {
    refuse(spec, `initializer '${spec}': identity is for recurrent weights, input weights cannot have it`);
  }
  return scheme;
}

/** Checks a scheme. @throws {OptionError} `invalid_option`, which says what is allowed */
export function requireInitializer(spec: string): string {
  parseScheme(spec);
  return spec;
}
