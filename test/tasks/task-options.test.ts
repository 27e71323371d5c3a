import { describe, expect, it } from 'vitest';
import { checkTaskOptions, numberOption, optional, textOption } from '../../src/tasks/definition/task-options.js';
import { checkTrainingOptions } from '../../src/tasks/runner/task-configuration.js';
import { TASKS, taskNamed, trainTask } from '../../src/tasks/tasks.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const check = (given: Record<string, unknown>, name = 'classify') =>
  checkTrainingOptions(taskNamed(name), { out: 'runs/a', data: 'names', ...given }).options;

describe('a table of options', () => {
  const table = {
    size: numberOption({ integer: true, min: 1 }, { description: 'a size', default: 3 }),
    name: textOption({ description: 'a name' }),
    limit: optional(numberOption({ min: 0 }, { description: 'a limit' })),
  };

  it('takes what is given, then what an earlier run had, then the defaults', () => {
    expect(checkTaskOptions('t', table, { name: 'a' })).toEqual({ size: 3, name: 'a', limit: undefined });
    expect(checkTaskOptions('t', table, { name: 'a', size: undefined }, { size: 5, limit: 2 })).toEqual({
      size: 5,
      name: 'a',
      limit: 2,
    });
    expect(checkTaskOptions('t', table, { name: 'a', size: 4 }, { size: 5, name: 'b' })).toMatchObject({ size: 4 });
  });

  it('refuses what is missing, unknown or wrong', () => {
    expect(() => checkTaskOptions('t', table, {})).toThrow(/'name' is missing/);
    expect(() => checkTaskOptions('t', table, { name: 'a', sise: 1 })).toThrow(code('unknown_option'));
    expect(() => checkTaskOptions('t', table, { name: 'a', size: 1.5 })).toThrow(code('invalid_option'));
    expect(() => checkTaskOptions('t', table, { name: '' })).toThrow(/'name' must be a text/);
  });
});

describe('the options that all tasks share', () => {
  it.each(Object.keys(TASKS))('of %s have defaults that its own checks accept', (name) => {
    const columns = name === 'forecast' ? { columns: 'OT' } : {};
    const checked = check(columns, name);
    const again = check({ ...checked }, name);
    expect(again).toEqual(checked);
    expect(checked).toMatchObject({ seed: 1, resume: false });
  });

  it('limit a batch by its sequences or by its steps', () => {
    expect(check({ tokens: 500 })).toMatchObject({ tokens: 500, batch: undefined });
    expect(() => check({ tokens: 500, batch: 5 })).toThrow(/'batch' and 'tokens' exclude each other, got 5 and 500/);
  });

  it('take the name of an optimizer in any case, and write a schedule with everything that was left out', () => {
    expect(check({ optimizer: 'ADAMW', schedule: 'step' })).toMatchObject({
      optimizer: 'adamW',
      schedule: 'step:every=1,factor=0.1,from=1',
    });
  });

  it.each<[string, unknown]>([
    ['cell', 'qrnn'],
    ['units', 0],
    ['dropout', 1],
    ['direction', 'backward'],
    ['valid', -1],
    ['recurrent', []],
    ['recurrent', { units: 3 }],
    ['recurrent', { direction: 'forward' }],
    ['learningRate', 0],
    ['schedule', 'cos'],
    ['pooling', 'sum'],
    ['resume', 1],
  ])('refuse %s %j', (name, value) => {
    expect(() => check({ [name]: value })).toThrow(code('invalid_option'));
  });
});

describe('a task', () => {
  it('that does not exist is refused with the names of all others', async () => {
    await expect(trainTask('clasify' as 'classify', { out: 'runs/a' })).rejects.toThrow(/lm, classify, tag/);
  });
});
