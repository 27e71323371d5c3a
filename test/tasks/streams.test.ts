import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packSequences } from '../../src/batch/packed-batch.js';
import type { JsonObject, JsonValue } from '../../src/core/json.js';
import { probabilities } from '../../src/tasks/building-blocks/probabilities.js';
import { encoderOf } from '../../src/tasks/building-blocks/sequence-inputs.js';
import type { TagPrediction, TagSaved } from '../../src/tasks/recipes/classify/tag.js';
import { loadTask, predictTask, streamTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { parityFile, predictions, QUIET, waveTable } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const tagger = { ...QUIET, units: 12, embedding: 4, epochs: 1, batch: 16, dropout: 0, direction: 'forward' } as const;
const forecaster = { ...QUIET, units: 12, history: 20, horizon: 5, period: 17, epochs: 1, batch: 8 } as const;

async function forecastRun(options: object) {
  const directory = temporaryDirectory();
  const out = join(directory, 'run');
  const data = waveTable(directory);
  await trainTask('forecast', { ...forecaster, data, out, columns: 'a,b', ...options });
  const lines = readFileSync(data, 'utf8').trimEnd().split('\n').slice(1);
  return { out, rows: lines.map((line) => line.split(',').slice(1).map(Number)) };
}

async function predicted(run: string, rows: JsonValue): Promise<JsonObject | undefined> {
  for await (const prediction of predictTask(run, { values: [rows], threads: 1 })) return prediction;
  return undefined;
}

describe('a stream of a tagger', () => {
  it('gives the probabilities of the whole sequence bit for bit, and its labels', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const { metrics } = await trainTask('tag', { ...tagger, data: parityFile(directory), out });
    const calibration = metrics.test?.['calibration'] as { readonly temperature: number } | undefined;
    const temperature = calibration?.temperature as number;
    const text = '1101001';
    const { model, saved } = await loadTask(out, { threads: 1 });
    const { classes, encoding } = saved as TagSaved;
    const logits = await model.predictPacked(packSequences([encoderOf(encoding)(text)]));
    const scaled = (step: number) =>
      Array.from(logits.subarray(2 * step, 2 * step + 2), (score) => score / temperature);
    const expected = Array.from(text, (_, step) => probabilities(scaled(step)));
    expect(temperature).not.toBe(1);
    model.dispose();
    const stream = await streamTask(out, { threads: 1 });
    expect(stream.pieces).toBe('lines');
    const found: JsonObject[] = [];
    for (const piece of ['1', '101', '0', '01']) found.push(...(await stream.push(piece)));
    expect(await stream.end()).toEqual([]);
    const inOrder = ({ probabilities: all }: JsonObject) =>
      classes.map((name) => (all as Record<string, number>)[name]);
    expect(found.map(inOrder)).toEqual(expected);
    expect({ labels: found.map(({ label }) => label) }).toEqual(await predicted(out, text));
    stream.close();
    await expect(stream.push('1')).rejects.toThrow(code('stream_closed'));
    await expect(stream.end()).rejects.toThrow(code('stream_closed'));
    stream.close();
  });

  it('reads categories by the names of their columns, in any order, as text or as JSON', async () => {
    const directory = temporaryDirectory();
    const [out, data] = [join(directory, 'run'), join(directory, 'table.csv')];
    const steps = Array.from({ length: 60 }, (_, at) => ({
      x: at % 5,
      y: (3 * at) % 7,
      kind: at % 3 === 0 ? 'a' : '7',
    }));
    const lines = steps.map(
      ({ x, y, kind }, at) => `s${Math.floor(at / 6)},${x},${kind},${y},${at % 2 === 0 ? 'up' : 'down'}`,
    );
    writeFileSync(data, `sequence,x,kind,y,target\n${lines.join('\n')}\n`);
    await trainTask('tag', { ...tagger, data, out, valid: 0, test: 0, categories: 'kind' });
    const tags = await loadTask(out, { task: 'tag', threads: 1 });
    const [first] = (await predictions(out, { file: data })) as [TagPrediction];
    const stream = tags.stream();
    const wrong = [
      [1, 2],
      3,
      { x: 1, y: 2 },
      { x: 1, kind: 'a' },
      { x: 1, y: 2, kind: 'b' },
      '{"x": null, "y": 1, "kind": "a"}',
    ];
    const labels: string[] = [];
    for (const { kind, y, x } of steps.slice(0, 6)) {
      for (const none of wrong) await expect(stream.push(none)).rejects.toThrow(code('invalid_row'));
      const step = { kind: kind === '7' ? 7 : kind, y, x, more: true };
      const piece = x === 2 ? JSON.stringify(step) : step;
      labels.push(...(await stream.push(piece)).map(({ label }) => label));
    }
    expect(labels).toEqual(first.labels);
    tags.dispose();
  });

  it.each<[string, readonly JsonValue[], readonly JsonValue[], readonly JsonValue[]]>([
    ['tokens', ['the', 'cat', '7', 'the'], ['the', 'cat  7', 'the'], [3, null, ['the'], '', ' ']],
    [
      'rows',
      [
        [0.5, 1],
        [-2, 0],
        [1, 1],
      ],
      ['[0.5, 1]', [-2, 0], ' [1,1]'],
      ['', 'x', [1], '[1, null]', 4],
    ],
    ['numbers', [0.5, -2, 1], ['0.5', -2, [1]], ['', 'x', [1, 2], null]],
  ])('reads %s one by one, and stays where it was after a piece that is none', async (_kind, input, pieces, wrong) => {
    const directory = temporaryDirectory();
    const [out, data] = [join(directory, 'run'), join(directory, 'lines.jsonl')];
    const line = `${JSON.stringify({ input, target: input.map((_, at) => (at % 2 === 0 ? 'x' : 'y')) })}\n`;
    writeFileSync(data, line.repeat(4));
    await trainTask('tag', { ...tagger, data, out, valid: 0, test: 0 });
    const stream = await streamTask(out, { threads: 1 });
    const labels: JsonValue[] = [];
    for (const piece of pieces) {
      for (const none of wrong) await expect(stream.push(none)).rejects.toThrow(code('invalid_row'));
      labels.push(...(await stream.push(piece)).map(({ label }) => label as string));
    }
    expect({ labels }).toEqual(await predicted(out, input));
    stream.close();
  });

  it('is refused for a network that reads ahead, and for a task without one', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'both');
    await trainTask('tag', { ...tagger, data: parityFile(directory), out, direction: 'bidirectional' });
    await expect(streamTask(out)).rejects.toThrow(code('not_streamable'));
    await expect(streamTask(out)).rejects.toThrow(/looks at later steps/);
    const memory = join(directory, 'memory');
    const sizes = { examples: 16, valid: 0, test: 0, steps: 4, units: 4, epochs: 1 };
    await trainTask('remember', { ...QUIET, ...sizes, out: memory });
    await expect(streamTask(memory)).rejects.toThrow(code('not_streamable'));
    await expect(streamTask(memory)).rejects.toThrow(/'remember' needs whole sequences/);
  });
});

describe('a stream of a forecaster', () => {
  it('keeps the newest rows and forecasts them as a prediction does, from the first whole history on (direct)', async () => {
    const { out, rows } = await forecastRun({
      quantiles: '0.1,0.5,0.9',
      scaling: 'window',
      direction: 'bidirectional',
    });
    const stream = await streamTask(out, { threads: 1 });
    const found: (readonly JsonObject[])[] = [];
    for (const row of rows.slice(0, 23)) found.push(await stream.push(JSON.stringify(row)));
    expect(found.map(({ length }) => length)).toEqual([...new Array(19).fill(0), 1, 1, 1, 1]);
    for (const end of [20, 23]) {
      expect(found[end - 1]).toEqual([await predicted(out, rows.slice(end - 20, end))]);
    }
    stream.close();
  });

  it('forecasts every row with the state carried on, as a prediction of the history does (autoregressive)', async () => {
    const { out, rows } = await forecastRun({ mode: 'autoregressive' });
    const stream = await streamTask(out, { threads: 1 });
    const found: (readonly JsonObject[])[] = [];
    for (const [at, row] of rows.slice(0, 20).entries()) {
      if (at === 7) await expect(stream.push('[1]')).rejects.toThrow(code('invalid_row'));
      if (at === 9) await expect(stream.push('[1, "x"]')).rejects.toThrow(/'stream' line 11, field 'input'/);
      found.push(await stream.push(row));
    }
    expect(found.every(({ length }) => length === 1)).toBe(true);
    expect(found.at(-1)).toEqual([await predicted(out, rows.slice(0, 20))]);
    expect(Object.keys(found[0]?.[0] ?? {})).toEqual(['a', 'b']);
    stream.close();
  });

  it('reads a plain number where there is one column', async () => {
    const { out, rows } = await forecastRun({ columns: 'a' });
    const stream = await streamTask(out, { threads: 1 });
    const numbers = rows.slice(0, 20).map(([a]) => a as number);
    let last: readonly JsonObject[] = [];
    for (const number of numbers) last = await stream.push(String(number));
    expect(last).toEqual([await predicted(out, numbers)]);
    stream.close();
  });
});
