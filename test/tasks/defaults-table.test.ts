import { describe, expect, it } from 'vitest';
import type { TaskOption } from '../../src/tasks/definition/task-options.js';
import { DEFAULTS } from '../../src/tasks/recipes/defaults/defaults.js';
import { TASKS } from '../../src/tasks/tasks.js';
import { callBptt } from '../cli/call-bptt.js';

const entries = Object.entries(DEFAULTS).flatMap(([task, table]) =>
  Object.entries(table).map(([name, { value, reason }]) => ({ task, name, value, reason })),
);

describe('the table of defaults', () => {
  it.each(entries)('$task: $name is the default of the option, or of what the data decide, with a reason', (entry) => {
    const { task, name, value, reason } = entry;
    const option = TASKS[task as keyof typeof TASKS].options[name as 'units'];
    expect(reason.length).toBeGreaterThan(10);
    if (option === undefined || option.settles !== undefined) return;
    expect(option.default).toEqual(value);
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

  it('refuses other tasks', async () => {
    const { stderr, status } = await callBptt(['defaults', 'musik']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/\[invalid_option\]: there is no built-in task 'musik'/);
  });
});
