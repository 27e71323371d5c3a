import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabelled } from '../../src/tasks/recipes/classify/labelled-sequences.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

async function rowsOf(lines: readonly string[], options: object): Promise<number[][]> {
  const file = join(temporaryDirectory(), 'table.csv');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const { examples } = await readLabelled(file, { rules: { keepMissing: true }, missing: 'interpolate', ...options });
  return examples.map(({ input }) => [...(input as { rows: Float64Array }).rows]);
}

describe('missing numbers between rows', () => {
  it('are on the line by time where a column of time stamps is named', async () => {
    const dates = ['sequence,when,x,target', 's,2024-01-11,11,a', 's,2024-01-01,1,a', 's,2024-01-03,NA,a'];
    expect(await rowsOf(dates, { time: 'when' })).toEqual([[1, 3, 11]]);
  });

  it('are on the line by rows otherwise', async () => {
    expect(await rowsOf(['sequence,when,x,target', 's,0,1,a', 's,2,NA,a', 's,10,11,a'], { input: 'x' })).toEqual([
      [1, 6, 11],
    ]);
  });
});
