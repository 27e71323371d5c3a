/** Options of a layer of Keras. Each must be known: one that nobody has read is refused, since it may change what is computed. */
import { InterchangeError } from '../../core/errors.js';
import { isJsonObject, type JsonValue } from '../../core/json.js';
import { corruptConfig, describeLayer, type KerasLayer, type KerasSource, parseLayer } from './keras-layer.js';

/** Options that say nothing of what a layer computes from its weights. */
const WITHOUT_EFFECT = new Set([
  ...['name', 'trainable', 'batch_input_shape', 'batch_shape', 'input_shape', 'input_dtype', 'seed', 'implementation'],
  ...['unroll', 'unit_forget_bias', 'zero_output_for_mask', 'sparse', 'ragged', 'fused', 'autocast', 'synchronized'],
  ...[
    'input_length',
    'input_dim',
    'build_config',
    'build_input_shape',
    'return_seq_impl',
    'use_cudnn',
    'supports_masking',
  ],
]);

/** Ends of the names of options that act in training alone. */
const OF_TRAINING = /_(initializer|regularizer|constraint)$/;
const SAID_IN_NOTES = /_(regularizer|constraint)$/;

const PRECISIONS = ['float32', 'mixed_float16', 'mixed_bfloat16', 'float16', 'bfloat16', 'float64'];

/** The options of one layer. */
export class LayerOptions {
  readonly #read = new Set<string>();

  constructor(
    readonly source: KerasSource,
    readonly layer: KerasLayer,
    readonly note: (sentence: string) => void,
  ) {}

  /** The error for an option that cannot be taken over. */
  refuse(name: string, value: JsonValue | undefined, help: string): InterchangeError {
    const { path } = this.source;
    const text = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
    const message = `'${path}': ${describeLayer(this.layer)} has the option '${name}' ${text}, which cannot be taken over: ${help}`;
    const details = { source: path, layer: this.layer.name, operator: this.layer.className, attribute: name, value };
    return new InterchangeError('unsupported_attribute', message, details);
  }

  /** The value as it stands there. */
  value(name: string): JsonValue | undefined {
    this.#read.add(name);
    return Object.hasOwn(this.layer.config, name) ? this.layer.config[name] : undefined;
  }

  /** @throws {DataError} `file_corrupt` */
  number(name: string, fallback?: number): number {
    const value = this.value(name) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.#wrong(name, value, 'a number');
  }

  /** A whole number >= 1. */
  count(name: string, fallback?: number): number {
    const value = this.number(name, fallback);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw this.#wrong(name, value, 'a whole number >= 1');
  }

  /** A whole number >= 1, or a list with one. */
  countOfOne(name: string, fallback?: number): number {
    const value = this.value(name) ?? fallback;
    const one = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (Number.isSafeInteger(one) && (one as number) >= 1) return one as number;
    throw this.#wrong(name, value, 'a whole number >= 1');
  }

  flag(name: string, fallback?: boolean): boolean {
    const value = this.value(name) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.#wrong(name, value, 'true or false');
  }

  text(name: string, fallback?: string): string {
    const value = this.value(name) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.#wrong(name, value, 'a text');
  }

  /** The name of a function, in the spelling of Python: `hard_sigmoid`. null is `linear`. */
  functionName(name: string, fallback?: string): string {
    const given = this.value(name);
    if (given === null) return 'linear';
    const value = given ?? fallback;
    const inner = isJsonObject(value) && value['class_name'] === 'function' ? value['config'] : value;
    if (isJsonObject(inner)) throw this.refuse(name, inner, "it is a function of one's own, or one with options");
    if (typeof inner !== 'string') throw this.#wrong(name, inner, 'the name of a function');
    return inner.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  }

  /** The layer that stands in the place of a function; undefined for a function. */
  layerInstead(name: string): KerasLayer | undefined {
    const value = this.value(name);
    if (!isJsonObject(value) || value['class_name'] === 'function' || !isJsonObject(value['config'])) return undefined;
    return parseLayer(this.source, value, `${this.layer.name}/${name}`);
  }

  /** The options of a layer that stands in one of this one. */
  of(layer: KerasLayer): LayerOptions {
    return new LayerOptions(this.source, layer, this.note);
  }

  /** The option must have one of these values. @throws {InterchangeError} `unsupported_attribute` */
  require(name: string, accepted: readonly (JsonValue | undefined)[], help: string): void {
    const value = this.value(name);
    if (!accepted.includes(value)) throw this.refuse(name, value, help);
  }

  /**
   * All options that have an effect have been read.
   *
   * @throws {InterchangeError} `unsupported_attribute`
   */
  finish(): void {
    this.#checkPrecision();
    for (const [name, value] of Object.entries(this.layer.config)) {
      if (SAID_IN_NOTES.test(name) && isSet(value)) {
        this.note(`${describeLayer(this.layer)}: '${name}' acts in training and is left out.`);
      }
      if (this.#read.has(name) || WITHOUT_EFFECT.has(name) || OF_TRAINING.test(name) || !isSet(value)) continue;
      throw this.refuse(name, value, 'this option is not known here');
    }
  }

  #checkPrecision(): void {
    const value = this.value('dtype') ?? 'float32';
    const config = isJsonObject(value) ? value['config'] : undefined;
    const name = isJsonObject(config) ? config['name'] : value;
    if (typeof name !== 'string' || !PRECISIONS.includes(name)) {
      throw this.refuse('dtype', value, `expected one of ${PRECISIONS.join(', ')}`);
    }
    if (name !== 'float32') {
      this.note(`The file computes in ${name}; here all is computed in float32 with the weights as they are stored.`);
    }
  }

  #wrong(name: string, value: JsonValue | undefined, expected: string) {
    const text = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
    return corruptConfig(this.source, `${describeLayer(this.layer)} has '${name}' ${text}, expected ${expected}`, {
      layer: this.layer.name,
      attribute: name,
      value,
    });
  }
}

function isSet(value: JsonValue): boolean {
  return value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}
