/**
 * Plain sequences of several inputs and targets. All are checked together; then any of them are packed into batches.
 */
import { OptionError, ShapeError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys } from '../core/options.js';
import { atOnce, type Pieces } from '../core/time-slices.js';
import { rootAxis } from '../graph/derived-axis.js';
import type { Batch } from './batch.js';
import { stepsOn } from './derived-axes.js';
import { type ExampleForm, type FieldForm, packExamples } from './example-packing.js';
import {
  type NamedSequences,
  type PlainField,
  type PlainSequences,
  plainLabels,
  plainRows,
} from './plain-sequences.js';
import type { Rows } from './rows.js';

/** What a network reads and what it is trained on, by name. */
export interface PlainForm {
  readonly inputs: ReadonlyMap<string, PlainField>;
  readonly targets: ReadonlyMap<string, PlainField>;
  /** Time axes that layers make of those of the inputs, for which no sequence may be too short; default none. */
  readonly derivedAxes?: readonly string[];
}

/**
 * Sequences and their targets, in any order. A network with one input or one target takes the sequences themselves; a
 * network with several takes an object with the sequences of each name.
 *
 * @example const examples: PlainExamples = { inputs: [[3, 1, 4], [1, 5]], targets: [0, 1] }; // ids, and a class for each sequence
 * @example const examples: PlainExamples = { inputs: { source: [[3, 1], [4]], previous: [[0, 7], [0]] }, targets: [[7, 1], [1]] };
 */
export interface PlainExamples {
  readonly inputs: PlainSequences | NamedSequences;
  /**
   * One row for every step of every sequence, or one for each sequence, depending on the output of the network; class
   * -1 is ignored.
   */
  readonly targets: PlainSequences | NamedSequences;
  /**
   * The weights of steps or sequences, for a loss with `weights`: numbers >= 0, for each step of every sequence, or one
   * for each sequence. With several outputs it is an object with the weights of each output whose loss has weights. The
   * weights may also be among named `targets`, as `target/weights` or `OUTPUT/weights`.
   *
   * @example const examples: PlainExamples = { inputs: [[3, 1, 4], [1, 5]], targets: [0, 1], weights: [1, 0.5] };
   */
  readonly weights?: PlainSequences | NamedSequences;
}

/**
 * Whether examples are plain; otherwise they are a packed batch, whose checks describe what is wrong with it.
 *
 * @throws {OptionError} `invalid_option` for anything that has the fields of neither
 */
export function isPlain(examples: Batch | PlainExamples): examples is PlainExamples {
  const isObject = typeof examples === 'object' && examples !== null && !Array.isArray(examples);
  if (isObject && 'batchSizes' in examples) return false;
  if (isObject && 'inputs' in examples) return true;
  const found = isObject ? `an object with ${Object.keys(examples).join(', ') || 'nothing'}` : describeValue(examples);
  const message = `expected plain sequences { inputs, targets }, or a packed batch as packSequences makes it, got ${found}`;
  throw new OptionError('invalid_option', message, { value: examples });
}

/** The packed batch of plain examples, all of them together; a packed batch stays as it is. Errors as `CheckedExamples.reading`. */
export function packedBatch(form: PlainForm, examples: Batch | PlainExamples): Batch {
  return isPlain(examples) ? CheckedExamples.of(form, examples).packAll() : examples;
}

/** As `packedBatch`, without targets. */
export function packedInputs(form: PlainForm, examples: Batch | Pick<PlainExamples, 'inputs'>): Batch {
  const given = examples as Batch | PlainExamples;
  return isPlain(given) ? atOnce(CheckedExamples.reading(form, given.inputs)).packAll() : given;
}

/** Inputs or targets. */
type Part = keyof PlainForm;

/** @throws {OptionError} `invalid_option`, `unknown_option` when names are missing or unknown */
function byName(
  part: Part | 'weights',
  fields: ReadonlyMap<string, PlainField>,
  given: PlainSequences | NamedSequences,
): NamedSequences {
  const names = [...fields.keys()];
  if (Array.isArray(given) || ArrayBuffer.isView(given)) {
    const [only] = names;
    if (only !== undefined && names.length === 1) return { [only]: given as PlainSequences };
    const message = `the network has the ${part} ${names.join(', ')}: give an object with an array of sequences for each`;
    throw new OptionError('invalid_option', message, { name: part, names });
  }
  if (typeof given !== 'object' || given === null) {
    const message = `${part} must be an array of sequences, or an object with one for each of ${names.join(', ')}, got ${describeValue(given)}`;
    throw new OptionError('invalid_option', message, { name: part, value: given });
  }
  rejectUnknownKeys(part, given as object, names);
  const missing = names.find((name) => (given as NamedSequences)[name] === undefined);
  if (missing === undefined) return given as NamedSequences;
  const message = `${part} must have an array of sequences for each of ${names.join(', ')}: '${missing}' is missing`;
  throw new OptionError('invalid_option', message, { name: missing, names });
}

/** The suffix of a target's name that makes the name of its weights. */
const WEIGHTS = '/weights';

/**
 * Targets and weights by name.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option` when there are weights but the loss takes none, or the loss
 * takes weights and there are none
 */
function withWeights({ targets: fields }: PlainForm, { targets, weights }: PlainExamples): PlainExamples['targets'] {
  const weighted = new Map([...fields].filter(([name]) => name.endsWith(WEIGHTS)));
  if (weights === undefined) {
    if (weighted.size === 0 || (!Array.isArray(targets) && !ArrayBuffer.isView(targets))) return targets ?? {};
    const message = `the loss has weights: give them as 'weights', beside inputs and targets`;
    throw new OptionError('invalid_option', message, { name: 'weights' });
  }
  if (weighted.size === 0) {
    const message = `there are weights, but no loss of the model has any: compile it with a loss that says of which, such as weights: 'step'`;
    throw new OptionError('invalid_option', message, { name: 'weights' });
  }
  const others = new Map([...fields].filter(([name]) => !weighted.has(name)));
  const short = new Map([...weighted].map(([name, field]) => [name.slice(0, -WEIGHTS.length), field]));
  const own = Object.entries(byName('weights', short, weights)).map(([name, each]) => [`${name}${WEIGHTS}`, each]);
  return { ...byName('targets', others, targets ?? {}), ...Object.fromEntries(own) };
}

/** Fields with their rows by sequence. */
interface ReadField extends PlainField {
  readonly name: string;
  readonly rows: readonly Rows[];
}

/** Examples that one piece of work puts together. */
const EXAMPLES_AT_ONCE = 1024;

/** Examples of plain sequences. They have been checked completely. */
export class CheckedExamples {
  /** Number of examples. */
  readonly count: number;
  /** [count] steps of each on all time axes of the inputs together. */
  readonly lengths: Int32Array;
  readonly #examples: readonly Readonly<Record<string, Rows>>[];
  readonly #form: ExampleForm;

  private constructor(lengths: Int32Array, examples: readonly Readonly<Record<string, Rows>>[], form: ExampleForm) {
    this.count = examples.length;
    this.lengths = lengths;
    this.#examples = examples;
    this.#form = form;
  }

  /**
   * Checks and reads sequences, in pieces.
   *
   * @param targets omitted when nothing is trained
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {ShapeError} `length_mismatch` when there are not as many sequences of each name, or not as many steps on one time
   *   axis; others as `plainRows`; {DataError} `too_short` for a layer without padding; all name the field and the number of the sequence
   */
  static *reading(
    form: PlainForm,
    inputs: PlainExamples['inputs'],
    targets?: PlainExamples['targets'],
  ): Pieces<CheckedExamples> {
    const inputFields = yield* readFields(form.inputs, byName('inputs', form.inputs, inputs));
    const given =
      targets === undefined ? [] : yield* readFields(form.targets, byName('targets', form.targets, targets));
    const fields = [...inputFields, ...given];
    const count = fields[0]?.rows.length ?? 0;
    requireAsMany(fields);
    const ofInputs = stepsByAxis(inputFields);
    for (const axis of form.derivedAxes ?? []) stepsOn(axis, ofInputs);
    const steps = stepsByAxis(fields);
    const targetFields = given.map((field) => {
      return { ...field, rows: plainLabels(field, field.rows, stepsOn(field.frames ?? '', steps)) };
    });
    const inputAxes = new Set(inputFields.map(({ axis }) => axis));
    const counted = [...steps].filter(([axis]) => inputAxes.has(axis)).map(([, each]) => each);
    const lengths = Int32Array.from({ length: count }, (_, index) =>
      Math.max(
        1,
        counted.reduce((sum, each) => sum + (each[index] as number), 0),
      ),
    );
    const columns = [
      ...inputFields.map(({ name, rows }) => [`inputs/${name}`, rows] as const),
      ...targetFields.map(({ name, rows }) => [`targets/${name}`, rows] as const),
    ];
    yield;
    const examples: Record<string, Rows>[] = [];
    for (let index = 0; index < count; index++) {
      examples.push(Object.fromEntries(columns.map(([name, rows]) => [name, rows[index] as Rows])));
      if (index % EXAMPLES_AT_ONCE === EXAMPLES_AT_ONCE - 1) yield;
    }
    const packing = { inputs: formsOf('inputs', inputFields), targets: formsOf('targets', targetFields) };
    return new CheckedExamples(lengths, examples, packing);
  }

  /** Examples with their targets and, where the loss has them, their weights. Errors as those of `reading`. */
  static of(form: PlainForm, examples: PlainExamples): CheckedExamples {
    return atOnce(CheckedExamples.readingAll(form, examples));
  }

  /** As `of`, in pieces. */
  static readingAll(form: PlainForm, examples: PlainExamples): Pieces<CheckedExamples> {
    return CheckedExamples.reading(form, examples.inputs, withWeights(form, examples));
  }

  /** Packs examples. Their order in the batch's axes counts from 0 within `indices`. @param indices numbers of the examples */
  pack(indices: ArrayLike<number>): Batch {
    return packExamples(
      Array.from(indices, (index) => this.#examples[index] as object),
      this.#form,
    );
  }

  /** The rows of examples by field: `inputs/NAME`, `targets/NAME`, `targets/NAME/weights`. @param indices numbers of the examples */
  *fieldsOf(indices: Iterable<number>): Generator<Readonly<Record<string, Rows>>> {
    for (const index of indices) yield this.#examples[index] as Readonly<Record<string, Rows>>;
  }

  /** Packs all examples, in their order. */
  packAll(): Batch {
    return packExamples(this.#examples, this.#form);
  }
}

/** Steps of every sequence on an axis, and the field that has them. */
interface KnownSteps {
  readonly title: string;
  readonly steps: Int32Array;
}

function* readFields(fields: ReadonlyMap<string, PlainField>, given: NamedSequences): Pieces<ReadField[]> {
  const read: ReadField[] = [];
  for (const [name, field] of fields) {
    read.push({ ...field, name, rows: yield* plainRows(field, given[name] as PlainSequences) });
  }
  return read;
}

function formsOf(part: Part, fields: readonly ReadField[]): Record<string, FieldForm> {
  return Object.fromEntries(
    fields.map(({ name, axis, per, width }) => [name, { field: `${part}/${name}`, axis, per, width }]),
  );
}

function requireAsMany([first, ...others]: readonly ReadField[]): void {
  for (const { title, rows } of others) {
    const [actual, expected] = [rows.length, first?.rows.length ?? 0];
    if (actual === expected) continue;
    const message = `${title} has ${actual} sequences, ${first?.title} has ${expected}: give as many of each`;
    throw new ShapeError('length_mismatch', message, { name: title, actual, expected });
  }
}

/** What a field on an axis that layers make has to have, and the field that this comes from. */
function derivedFrom(axis: string, known: ReadonlyMap<string, KnownSteps>): KnownSteps | undefined {
  const steps = stepsOn(axis, new Map([...known].map(([name, each]) => [name, each.steps])));
  const title = known.get(rootAxis(axis))?.title;
  return steps && title !== undefined ? { title: `the layers behind ${title}`, steps } : undefined;
}

/** Steps of every sequence on each axis, of which all fields must have as many as the first, or as its axis comes to. */
function stepsByAxis(fields: readonly ReadField[]): ReadonlyMap<string, Int32Array> {
  const known = new Map<string, KnownSteps>();
  for (const { title, axis, per, width, rows, labels } of fields) {
    if (per === 'sequence' || labels !== undefined) continue;
    const steps = Int32Array.from(rows, ({ length }) => length / width);
    const before = known.get(axis) ?? derivedFrom(axis, known);
    if (before === undefined) {
      known.set(axis, { title, steps });
      continue;
    }
    const index = steps.findIndex((count, at) => count !== before.steps[at]);
    if (index < 0) continue;
    const [actual, expected] = [steps[index], before.steps[index]];
    const message = `sequence ${index} of ${title} has ${actual} steps, that of ${before.title} has ${expected}`;
    throw new ShapeError('length_mismatch', message, { name: title, index, actual, expected });
  }
  return new Map([...known].map(([axis, { steps }]) => [axis, steps]));
}
