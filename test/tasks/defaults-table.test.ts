import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { commonOptions } from '../../src/tasks/definition/common-options.js';
import { rowFor } from '../../src/tasks/definition/reasoned.js';
import { missingOptions } from '../../src/tasks/definition/table-options.js';
import type { OptionTable, TaskOption } from '../../src/tasks/definition/task-options.js';
import { normalizationOption } from '../../src/tasks/definition/text-options.js';
import { DEFAULTS } from '../../src/tasks/recipes/defaults/defaults.js';
import { TASKS, type TaskName } from '../../src/tasks/tasks.js';
import { callBptt } from '../cli/call-bptt.js';

const entries = Object.entries(DEFAULTS).flatMap(([task, table]) =>
  Object.entries(table).map(([name, { value, reason }]) => ({ task, name, value, reason })),
);

describe('the table of defaults', () => {
  it.each(entries)('$task: $name is the default of the option, or of what the data decide, with a reason', (entry) => {
    const { task, name, value, reason } = entry;
    const option = TASKS[task as keyof typeof TASKS].options[name as 'units'] as TaskOption | undefined;
    expect(reason.length).toBeGreaterThan(10);
    if (option?.default !== undefined) expect(option.default).toEqual(value);
  });

  it('has every task', () => {
    expect(Object.keys(DEFAULTS)).toEqual(Object.keys(TASKS));
  });

  it.each(Object.keys(TASKS))('%s: has what the data decide, and every default that tasks do not share', (task) => {
    const table = Object.keys(DEFAULTS[task] ?? {});
    const usual: OptionTable = { ...commonOptions(), ...missingOptions(), normalization: normalizationOption() };
    const special = Object.entries<TaskOption>(TASKS[task as TaskName].options).filter(
      ([name, option]) =>
        option.settles !== undefined ||
        !isDeepStrictEqual(usual[name]?.default ?? (option.kind === 'flag' ? false : undefined), option.default),
    );
    const missing = special
      .map(([name]) => name)
      .filter((name) => !table.includes(name) && !(name === 'epochs' && table.includes('length')));
    expect(special.length).toBeGreaterThan(2);
    expect(missing).toEqual([]);
  });

  it.each(Object.keys(TASKS))('%s: a batch that the data do not decide is the largest one of the rule', (task) => {
    const { batch } = TASKS[task as 'music'].options as Record<string, TaskOption>;
    const length = DEFAULTS[task]?.['length']?.value as { readonly batch?: number } | undefined;
    if (length?.batch === undefined || batch === undefined || batch.settles !== undefined) return;
    expect(batch.default).toBe(length.batch);
  });

  it('is shown by bptt defaults, of one task or of all', async () => {
    const { stdout } = await callBptt(['defaults', 'music']);
    expect(stdout).toMatch(/^music\n/);
    expect(stdout).toMatch(/\n {2}units +128 +\S/);
    expect(stdout).toMatch(/\n {2}length +steps 600, epochs 12 to 60, batch 4 {2}\S/);
    const { stdout: all } = await callBptt(['defaults', '--json']);
    expect(JSON.parse(all)).toEqual(DEFAULTS);
  });

  it('shows rules by size and by kind in lines of their own, and wraps long ones', async () => {
    const { stdout } = await callBptt(['defaults', 'classify']);
    expect(stdout).toMatch(/\n {2}valid +below 100: part 0 {2,}\S.*\n +below 500: part 0\.2 .*\n +else: part 0\.1 /);
    expect(stdout).toMatch(/\n {2}length +words: steps 1500, epochs 6 to 300, batch 32 .*\n +characters: steps 1500, /);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(140);
    const { stdout: lm } = await callBptt(['defaults', 'lm']);
    expect(lm).toMatch(/\n {2}dropout +characters below 500000: rate 0\.3 /);
    expect(lm).toMatch(/\n {2}input-dropout +characters: rate 0 /);
    const { stdout: forecast } = await callBptt(['defaults', 'forecast']);
    expect(forecast).toMatch(/\n {2}history +usual 96, seasons 3, most 192, training 0\.333 /);
  });

  it('refuses other tasks', async () => {
    const { stderr, status } = await callBptt(['defaults', 'musik']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/\[invalid_option\]: there is no built-in task 'musik'/);
  });
});

describe('a rule by size', () => {
  it('has a row for sizes below each limit, and one for all others', () => {
    const rows = [{ below: 10, units: 1 }, { below: 20, units: 2 }, { units: 3 }];
    expect([0, 9, 10, 19, 20, 1e9].map((size) => rowFor(rows, size).units)).toEqual([1, 1, 2, 2, 3, 3]);
  });
});
