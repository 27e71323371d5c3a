import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MetricsFile } from '../../src/checkpoint/metrics-file.js';
import { temporaryDirectory } from './temporary-directory.js';

function metricsOf(...steps: number[]): MetricsFile {
  const metrics = new MetricsFile(join(temporaryDirectory(), 'metrics.jsonl'));
  for (const step of steps) metrics.append({ step, loss: 1 / (step + 1) });
  return metrics;
}

const stepsOf = (metrics: MetricsFile): number[] =>
  readFileSync(metrics.path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { step: number }).step);

describe('MetricsFile', () => {
  it('appends one JSON object a line, in the order of its fields', () => {
    const metrics = metricsOf();
    metrics.append({ step: 3, epoch: 1, loss: 0.1 + 0.2, note: 'a\nb' });
    metrics.append({ step: 4, loss: Number.NaN });
    expect(readFileSync(metrics.path, 'utf8')).toBe(
      '{"step":3,"epoch":1,"loss":0.30000000000000004,"note":"a\\nb"}\n{"step":4,"loss":null}\n',
    );
    metrics.sync();
  });

  it('refuses a record without a step, and writes nothing', () => {
    const metrics = metricsOf(1);
    for (const step of [-1, 0.5, Number.NaN, undefined]) {
      expect(() => metrics.append({ step: step as number })).toThrow(
        expect.objectContaining({ code: 'invalid_option' }),
      );
    }
    expect(stepsOf(metrics)).toEqual([1]);
  });

  it.each([
    [-1, []],
    [0, [0]],
    [10, [0, 10, 10]],
    [15, [0, 10, 10]],
    [20, [0, 10, 10, 20]],
    [99, [0, 10, 10, 20]],
  ])('keeps the lines through step %i', (step, kept) => {
    const metrics = metricsOf(0, 10, 10, 20);
    metrics.keepThrough(step);
    expect(stepsOf(metrics)).toEqual([0, 10, 10, 20]); // nothing is lost before the run goes on
    metrics.sync();
    expect(stepsOf(metrics)).toEqual(kept);
  });

  it('cuts off a torn last line, whatever its step seems to be', () => {
    const metrics = metricsOf(1, 2);
    const whole = readFileSync(metrics.path, 'utf8');
    for (const torn of ['{"step":1,"lo', '{"step":2}', '\u0000\u0000', '{']) {
      appendFileSync(metrics.path, torn);
      metrics.keepThrough(2);
      metrics.sync();
      expect(readFileSync(metrics.path, 'utf8')).toBe(whole);
    }
  });

  it('keeps lines that are no records between those that it keeps, and drops them after', () => {
    const metrics = metricsOf(1);
    appendFileSync(metrics.path, 'a note\n\n[]\n');
    metrics.append({ step: 2 });
    appendFileSync(metrics.path, '\nanother note\n{"loss":1}\n');
    metrics.keepThrough(2);
    metrics.sync();
    expect(readFileSync(metrics.path, 'utf8')).toBe('{"step":1,"loss":0.5}\na note\n\n[]\n{"step":2}\n');
  });

  it('cuts at any byte at which a killed process may have stopped, and goes on as if it had not been killed', () => {
    const metrics = metricsOf(1, 2, 3, 4);
    const whole = readFileSync(metrics.path);
    const endOfSecond = whole.indexOf('\n', whole.indexOf('\n') + 1) + 1;
    for (let length = endOfSecond; length <= whole.length; length++) {
      writeFileSync(metrics.path, whole.subarray(0, length));
      metrics.keepThrough(2);
      for (const step of [3, 4]) metrics.append({ step, loss: 1 / (step + 1) });
      expect(readFileSync(metrics.path)).toEqual(whole);
    }
  });

  it('does nothing where there is no file, and says where it cannot write', () => {
    const metrics = metricsOf();
    metrics.keepThrough(5);
    metrics.sync();
    const nowhere = new MetricsFile(join(temporaryDirectory(), 'no-such-directory', 'metrics.jsonl'));
    expect(() => nowhere.append({ step: 1 })).toThrow(expect.objectContaining({ code: 'checkpoint_write_failed' }));
  });
});
