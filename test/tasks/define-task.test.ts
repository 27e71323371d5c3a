import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/core/json.js';
import { characterStreams } from '../../src/data/corpus.js';
import {
  choiceOption,
  commonOptions,
  defineTask,
  evaluateTask,
  type LossMetrics,
  loadTask,
  numberOption,
  predictTask,
  runOptions,
  streamTask,
  TASKS,
  trainingOptions,
  trainTask,
} from '../../src/entries/tasks.js';
import {
  concatenate,
  dense,
  embedding,
  lstm,
  network,
  Random,
  type SequenceExample,
  sequential,
} from '../../src/index.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** Bits, each with the parity of all so far. */
function parityExamples(count: number, seed: number): SequenceExample[] {
  const random = new Random(seed, 'bits');
  return Array.from({ length: count }, () => {
    const bits = Int32Array.from({ length: 3 + random.integer(5) }, () => random.integer(2));
    let parity = 0;
    const target = bits.map((bit) => {
      parity ^= bit;
      return parity;
    });
    return { input: bits, target };
  });
}

/** The shortest task: all optional fields are left out. */
const parity = defineTask({
  name: 'parity',
  summary: 'whether the ones so far are odd',
  options: {
    ...commonOptions({ units: 12, epochs: 2, batch: 16, learningRate: 1e-2 }),
    count: numberOption({ integer: true, min: 1 }, { description: 'examples', default: 64 }),
  },
  read({ count, seed }) {
    return {
      training: parityExamples(count, seed),
      validation: parityExamples(16, seed + 1),
      test: parityExamples(8, 9),
    };
  },
  network: ({ units }) => sequential([embedding({ size: 2, units: 4 }), lstm({ units }), dense({ units: 2 })]),
  loss: 'softmaxCrossEntropy',
});

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const outIn = (name = 'run') => join(temporaryDirectory(), name);

describe('a task of one’s own', () => {
  it('is trained, evaluated, predicted and streamed with the defaults of what it does not say', async () => {
    const out = outIn();
    const result = await trainTask(parity, { ...QUIET, out });
    expect(result).toMatchObject({ task: 'parity', examples: { training: 64, validation: 16, test: 8 }, epochs: 2 });
    const { loss, perplexity, tokens } = result.metrics.test as LossMetrics;
    const steps = parityExamples(8, 9).reduce((sum, { input }) => sum + input.length, 0);
    expect([tokens, perplexity]).toEqual([steps, Math.exp(loss)]);
    expect(result.summary).toMatch(
      /^validation\nloss 0\.\d{5} {2}perplexity \d\.\d{4} {2}bitsPerToken .* {2}tokens \d+\ntest\n/,
    );

    const { metrics, part } = await evaluateTask(out, { task: parity, threads: 1 });
    expect([part, metrics]).toEqual(['test', result.metrics.test]);

    const predicted = await allOf(predictTask(out, { task: parity, values: [[1, 0, 1], '[1, 0, 1]'], threads: 1 }));
    const { outputs } = predicted[0] as { outputs: number[][] };
    expect(outputs.map(({ length }) => length)).toEqual([2, 2, 2]);
    expect(predicted[1]).toEqual(predicted[0]);

    const stream = await streamTask(out, { task: parity, threads: 1 });
    const pieces: JsonObject[] = [];
    for (const piece of [1, '0', 1]) pieces.push(...(await stream.push(piece)));
    expect(pieces.map(({ output }) => output)).toEqual(outputs);
    await expect(stream.push(2)).rejects.toThrow(code('invalid_row'));
    await expect(stream.push('[1]')).rejects.toThrow(/'stream' line 5.*found \[1\]/);
    stream.close();
  });

  it('reads inputs from lines of JSON', async () => {
    const directory = temporaryDirectory();
    const [out, file] = [join(directory, 'run'), join(directory, 'inputs.jsonl')];
    await trainTask(parity, { ...QUIET, out, epochs: 1 });
    writeFileSync(file, '{"input": [1, 0]}\n{"input": [0]}\n');
    const found = await allOf(predictTask(out, { task: parity, file, threads: 1 }));
    expect(found).toEqual(await allOf(predictTask(out, { task: parity, values: [[1, 0], [0]], threads: 1 })));
    writeFileSync(file, '{"input": [1, 2]}\n');
    await expect(allOf(predictTask(out, { task: parity, file }))).rejects.toThrow(
      /line 1, field 'input': expected ids from 0 to 1, found 2/,
    );
  });

  it('ends with the same model when it is stopped and resumed', async () => {
    const directory = temporaryDirectory();
    const [whole, stopped] = [join(directory, 'whole'), join(directory, 'stopped')];
    const expected = await trainTask(parity, { ...QUIET, out: whole, epochs: 3 });
    const controller = new AbortController();
    const stop = {
      onStep: ({ step }: { step: number }) => (step === 5 ? controller.abort(new Error('enough')) : undefined),
    };
    const first = trainTask(parity, {
      ...QUIET,
      out: stopped,
      epochs: 3,
      callbacks: [stop],
      signal: controller.signal,
    });
    await expect(first).rejects.toThrow('enough');
    const resumed = await trainTask(parity, { ...QUIET, out: stopped, resume: true });
    expect([resumed.steps, resumed.metrics]).toEqual([expected.steps, expected.metrics]);
  });

  it('is needed to use its run: the run names the task, and reads no code', async () => {
    const out = outIn();
    await trainTask(parity, { ...QUIET, out, epochs: 1 });
    await expect(evaluateTask(out)).rejects.toThrow(code('task_missing'));
    await expect(loadTask(join(out, 'best.safetensors'))).rejects.toThrow(
      /"parity", which is not built in.*option 'task'/,
    );
    await expect(evaluateTask(out, { task: 'tag' })).rejects.toThrow(code('configuration_mismatch'));
    await expect(evaluateTask(out, { task: { ...parity } })).rejects.toThrow(/must be a result of defineTask/);
  });

  it('notices that the data of a resumed run is another one, without a fingerprint of its own', async () => {
    const out = outIn();
    await trainTask(parity, { ...QUIET, out, epochs: 1 });
    const other = defineTask({
      ...parity,
      read: () => ({ training: parityExamples(64, 5), validation: parityExamples(16, 2), test: parityExamples(8, 9) }),
    });
    await expect(trainTask(other, { ...QUIET, out, resume: true, epochs: 2 })).rejects.toThrow(
      code('configuration_mismatch'),
    );
  });

  it('may have targets and outputs of numbers, one for each sequence, and metrics of its own', async () => {
    const sum = defineTask({
      name: 'sum',
      summary: 'the sum of three numbers and its double',
      options: {
        ...runOptions({ epochs: 1, valid: 0 }),
        batch: numberOption({ min: 1 }, { description: 'size', default: 4 }),
      },
      read: () => {
        const random = new Random(1, 'sums');
        const training = Array.from({ length: 20 }, () => {
          const input = Float32Array.from({ length: 6 }, () => random.uniform());
          return { input, target: Float32Array.of(input[0] as number, input[1] as number) };
        });
        return { training, test: training.slice(0, 5), saved: { unit: 'm' } };
      },
      network: () => sequential([lstm({ units: 4, output: 'last' }), dense({ units: 2 })], { features: 2 }),
      loss: () => 'meanSquaredError',
      evaluate: async (_model, part, { saved }) => ({ examples: 'read' in part ? 0 : part.length, unit: saved.unit }),
      score: ({ examples }) => -examples,
      describe: ({ examples, unit }) => `${examples} in ${unit}`,
    });
    const out = outIn();
    const { metrics, summary } = await trainTask(sum, { ...QUIET, out });
    expect([metrics, summary]).toEqual([{ test: { examples: 5, unit: 'm' } }, 'test\n5 in m']);
    expectTypeOf(metrics.test).toEqualTypeOf<{ examples: number; unit: string } | undefined>();
    const [found] = await allOf(
      predictTask(out, {
        task: sum,
        values: [
          [
            [1, 2],
            [3, 4],
          ],
        ],
        threads: 1,
      }),
    );
    expect(found).toEqual({ output: [expect.any(Number), expect.any(Number)] });
    const { model, saved, options } = await loadTask(out, { task: sum, threads: 1 });
    expect([saved.unit, options.batch]).toEqual(['m', 4]);
    model.dispose();
  });

  it('may read streams of symbols, and evaluates other files as its training was read', async () => {
    const directory = temporaryDirectory();
    const [out, other] = [join(directory, 'run'), join(directory, 'other.txt')];
    const letters = defineTask({
      name: 'letters',
      summary: 'letters',
      options: trainingOptions({ epochs: 1, units: 8, valid: 0, test: 0 }),
      read({ data }) {
        const { vocabulary, training } = characterStreams('abcd'.repeat(data === undefined ? 20 : 40), {
          batch: 1,
          steps: 8,
        });
        return { training, saved: { size: vocabulary.size + (data === 'wrong' ? 1 : 0) } };
      },
      network: ({ units }, { size }) =>
        sequential([embedding({ size, units: 4 }), lstm({ units }), dense({ units: size })]),
      loss: 'softmaxCrossEntropy',
      countedIn: 'letters',
    });
    await trainTask(letters, { ...QUIET, out });
    writeFileSync(other, 'unread');
    const { examples, of, part } = await evaluateTask(out, { task: letters, data: other, threads: 1 });
    expect([examples, of, part]).toEqual([159, 'letters', other]);
    const wrong = evaluateTask(out, { task: letters, data: 'wrong', threads: 1 });
    await expect(wrong).rejects.toThrow(/other saved data.*'readExamples'/);
  });

  it('is made of another one by a few fields', async () => {
    const loud = defineTask({ ...TASKS.tag, name: 'loud-tag', summary: 'tags', describe: () => 'LOUD' });
    const directory = temporaryDirectory();
    const data = join(directory, 'lines.jsonl');
    writeFileSync(data, '{"input": "ab", "target": ["x", "y"]}\n'.repeat(8));
    const { summary } = await trainTask(loud, {
      ...QUIET,
      data,
      out: join(directory, 'run'),
      units: 4,
      epochs: 1,
      naive: 0,
      valid: 0,
      test: 0.25,
    });
    expect(summary).toBe('test\nLOUD');
  });

  it('has the types of its options, of what it saves and of its metrics', () => {
    expectTypeOf<NonNullable<Parameters<typeof trainTask<typeof parity>>[1]['count']>>().toEqualTypeOf<number>();
    expectTypeOf<Awaited<ReturnType<typeof trainTask<typeof parity>>>['metrics']['test']>().toEqualTypeOf<
      LossMetrics | undefined
    >();
    // @ts-expect-error an option that the task does not have
    const wrong = () => trainTask(parity, { cont: 3 });
    // @ts-expect-error an option of another type
    const text = () => trainTask(parity, { count: '3' });
    // @ts-expect-error a name that no task has
    const unknown = () => trainTask('parity', {});
    expect([wrong, text, unknown]).toHaveLength(3);
  });
});

describe('a definition', () => {
  const good = {
    name: 'good',
    summary: 'a task',
    read: () => ({ training: parityExamples(4, 1) }),
    network: () => sequential([embedding({ size: 2, units: 2 }), dense({ units: 2 })]),
    loss: 'softmaxCrossEntropy',
  } as const;
  const own = numberOption({ min: 0 }, { description: 'a number', default: 1 });
  const options = (more: object) => ({ options: { ...commonOptions(), ...more } });

  it('is frozen, and has the common options when it names none', () => {
    const task = defineTask(good);
    expect(Object.isFrozen(task)).toBe(true);
    expect(Object.keys(task.options)).toEqual(Object.keys(commonOptions()));
  });

  it.each<[string, object, string, RegExp]>([
    ['a misspelt field', { evalute: () => ({}) }, 'evalute', /unknown field 'evalute'; did you mean 'evaluate'\?/],
    ['an unknown field', { colour: 'red' }, 'colour', /unknown field 'colour'; fields are name, summary, options/],
    ['no network', { network: undefined }, 'network', /'good' lacks the field 'network', a function/],
    ['no loss', { loss: undefined }, 'loss', /lacks the field 'loss', a loss or a function/],
    [
      'a network instead of a function',
      { network: good.network() },
      'network',
      /must have a function as 'network', got/,
    ],
    ['an empty summary', { summary: '' }, 'summary', /must have a text as 'summary', got ""/],
    ['a name with spaces', { name: 'my task' }, 'name', /'name' of letters, digits and single dashes/],
    ['no name', { name: undefined }, 'name', /without a name lacks the field 'name'/],
    ['the name of a built-in task', { name: 'tag' }, 'name', /name of a built-in task/],
    [
      'options without the common ones',
      { options: { own } },
      'options.data',
      /lacks data, out, .*\.\.\.commonOptions\(\)/,
    ],
    [
      'a number in place of an option',
      options({ own: 3 }),
      'options.own',
      /option as 'options.own', made by numberOption\(\)/,
    ],
    ['an option of the command line', options({ config: own }), 'options.config', /'config': the command line has it/],
    ['an option of trainTask', options({ signal: own }), 'options.signal', /'signal': trainTask has it/],
    ['an option of the files', options({ saved: own }), 'options.saved', /'saved': the files of a run have it/],
    ['a dash in an option', options({ 'my-own': own }), 'options.my-own', /camel case/],
    ['an option that denies', options({ noBias: own }), 'options.noBias', /none begins with 'no'/],
    [
      'a common option of its own',
      options({ seed: own }),
      'options.seed',
      /'seed' of its own in place of the common one/,
    ],
    [
      'a common option of another kind',
      options({ units: choiceOption(['a'], { description: 'a' }) }),
      'options.units',
      /'units' of its own/,
    ],
    [
      'a wrong default',
      options({ own: { ...own, default: -1 } }),
      'options.own',
      /wrong default: .*'own'.*>= 0, got -1/,
    ],
    ['one loss in place of a list', { losses: () => 3 }, 'losses', /must have a list as 'losses', got a function/],
    ['an unknown option of use', { usage: ['beams'] }, 'usage', /"beams" in 'usage'/],
  ])('with %s is refused by its field', (_name, change, field, message) => {
    const definition = { ...good, ...change } as typeof good;
    expect(() => defineTask(definition)).toThrow(code('invalid_task'));
    expect(() => defineTask(definition)).toThrow(message);
    expect(() => defineTask(definition)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) }),
    );
  });

  it('may have an option with the name of a common one that it does not have, or of the same kind', () => {
    defineTask({ ...good, options: { ...runOptions(), batch: own } });
    defineTask({ ...good, options: { ...commonOptions(), units: own } });
    expect(() => defineTask(undefined as never)).toThrow(/must be an object of fields, got undefined/);
  });

  const branches = network({
    inputs: { left: { kind: 'features', units: 1 }, right: { kind: 'features', units: 1 } },
    nodes: [
      { name: 'both', layer: concatenate(), inputs: ['left', 'right'] },
      { name: 'output', layer: dense({ units: 1 }), inputs: ['both'] },
    ],
    output: 'output',
  });

  it.each<[string, object, RegExp]>([
    ['no parts', { read: () => [] }, /'read' of the task 'good' must return an object with the field training/],
    ['no training part', { read: () => ({ test: [] }) }, /examples as 'training'.*got undefined/],
    [
      'a misspelt part',
      { read: () => ({ training: [], valid: [] }) },
      /no other fields than training, validation, test/,
    ],
    [
      'numbers that JSON has not',
      { read: () => ({ ...good.read(), saved: { mean: Number.NaN } }) },
      /plain JSON as 'saved'/,
    ],
    [
      'a layer as network',
      { network: () => dense({ units: 2 }) },
      /must return a network from 'network', made by sequential/,
    ],
    ['a network of two inputs and no reader', { network: () => branches }, /needs the field 'readInputs'.*left, right/],
    [
      'no metrics',
      { evaluate: () => undefined, read: () => ({ ...good.read(), test: parityExamples(2, 1) }) },
      /'evaluate' .* object of metrics, got undefined/,
    ],
    [
      'no score',
      {
        evaluate: () => ({}),
        score: () => undefined,
        read: () => ({ ...good.read(), validation: parityExamples(2, 1) }),
      },
      /'score' .* must return a number/,
    ],
  ])('whose functions give %s is refused', async (_name, change, message) => {
    const task = defineTask({ ...good, ...change } as typeof good);
    const training = trainTask(task, { ...QUIET, out: outIn(), epochs: 1 });
    await expect(training).rejects.toThrow(code('invalid_task'));
    await expect(training).rejects.toThrow(message);
  });

  it('is needed for tasks: a plain object is refused', async () => {
    const value: JsonValue = 3;
    await expect(trainTask(good as never, {} as never)).rejects.toThrow(code('invalid_option'));
    await expect(trainTask(value as never, {} as never)).rejects.toThrow(/one of lm, .*, got 3/);
  });
});
