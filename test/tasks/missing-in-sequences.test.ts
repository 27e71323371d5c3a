import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.js';
import { fillMissing } from '../../src/features/missing-values.js';
import { type FeatureEncoding, featureEncoder } from '../../src/tasks/building-blocks/feature-encoding.js';
import { outputsOf } from '../../src/tasks/building-blocks/outputs.js';
import { probabilities } from '../../src/tasks/building-blocks/probabilities.js';
import { loadTask, streamTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, UNTRAINED } from './trained.js';

function file(name: string, lines: readonly string[]): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const small = { ...QUIET, ...UNTRAINED, units: 4, valid: 0, test: 0 } as const;

/** A sequence that begins with numbers, and lacks some. */
const steps = (seed: number): (number | null)[][] =>
  Array.from({ length: 8 }, (_, at) => [at % 3 === 1 ? null : at + seed, at > 4 ? null : at * seed]);

describe('a missing number of a sequence', () => {
  const training = Array.from({ length: 12 }, (_, seed) => ({
    input: steps(seed + 1),
    target: Array.from({ length: 8 }, (__, at) => ((at + seed) % 2 === 0 ? 'even' : 'odd')),
  }));

  it.each(['forward', 'interpolate', 'mask'] as const)('is null in values, as in files (%s)', async (missing) => {
    const data = file(
      'data.jsonl',
      training.map((each) => JSON.stringify({ ...each, target: each.target[0] })),
    );
    const out = join(temporaryDirectory(), 'run');
    await trainTask('classify', { ...small, data, out, missing });
    const input = steps(5);
    const [ofFile] = await predictions(out, { file: file('later.jsonl', [JSON.stringify({ input })]) });
    const found = await predictions(out, { values: [input, JSON.stringify(input)] as never });
    expect(found).toEqual([ofFile, ofFile]);
    if (missing === 'forward') {
      const late = predictions(out, { values: [[[null, 1]]] as never });
      await expect(late).rejects.toThrow(/number 1 of step 1 of sequence 1: expected a number before it/);
    }
  });

  it.each(['forward', 'mask'] as const)(
    'is null in streams, with the result of the whole sequence (%s)',
    async (missing) => {
      const data = file(
        'data.jsonl',
        training.map((each) => JSON.stringify(each)),
      );
      const out = join(temporaryDirectory(), 'run');
      await trainTask('tag', { ...small, data, out, missing, direction: 'forward' });
      const input = steps(5);
      const [whole] = await predictions(out, { values: [input] as never });
      const stream = await streamTask(out, { threads: 1 });
      if (missing === 'forward')
        await expect(stream.push([null, 1])).rejects.toThrow(/number 1: expected a number before/);
      const found: JsonObject[] = [];
      for (const step of input) found.push(...((await stream.push(step)) as JsonObject[]));
      stream.close();
      expect(found.map(({ label }) => label)).toEqual(whole?.['labels']);
      // The labels of a small model may be all alike: its outputs are not.
      const { model, saved } = await loadTask(out, { threads: 1 });
      const { encoding, classes } = saved as never as { encoding: FeatureEncoding; classes: string[] };
      const rows = Float64Array.from(input.flat(), (value) => value ?? Number.NaN);
      for (let column = 0; column < 2 && missing === 'forward'; column++) {
        fillMissing(rows, { width: 2, column, begin: 0, end: input.length }, missing);
      }
      const example = { input: featureEncoder(encoding)({ features: 2, rows }) };
      for await (const { output } of outputsOf(model, [example], { features: encoding.features })) {
        const ofSteps = input.map((_, at) =>
          probabilities(output.slice(at * classes.length, (at + 1) * classes.length)),
        );
        expect(found.map((each) => Object.values(each['probabilities'] as object))).toEqual(
          ofSteps.map((each) => [...each]),
        );
      }
      model.dispose();
    },
  );

  it('is named by its column where there is no number before it', async () => {
    const rows = Array.from(
      { length: 40 },
      (_, at) => `${at >> 2},${at % 7},${at % 4 === 0 ? '' : at},${(at >> 2) % 2}`,
    );
    const data = file('data.csv', ['sequence,speed,torque,target', ...rows]);
    const given = { ...small, data, out: join(temporaryDirectory(), 'run'), missing: 'forward' } as const;
    await expect(trainTask('classify', given)).rejects.toThrow(
      /line 2, column 'torque' of step 1 of sequence 1: expected/,
    );
  });
});
