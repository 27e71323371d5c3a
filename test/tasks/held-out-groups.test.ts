import { describe, expect, it } from 'vitest';
import { holdOutGroups } from '../../src/tasks/building-blocks/held-out-groups.js';

const examples = Array.from({ length: 60 }, (_, at) => ({ at, group: `g${at % 20}` }));
const groupOf = ({ group }: { group: string }) => group;
const groupsOf = (part: readonly { group: string }[] | undefined) => new Set(part?.map(groupOf));

describe('groups that are held back', () => {
  it('are whole: no group is in two parts, and every example in one', () => {
    const { training, validation, test } = holdOutGroups(examples, { valid: 0.25, test: 0.2, seed: 3 }, groupOf);
    expect([training.length, validation?.length, test?.length]).toEqual([36, 12, 12]);
    const all = [training, validation ?? [], test ?? []];
    expect(all.flatMap((part) => [...groupsOf(part)])).toHaveLength(20);
    expect(new Set(all.flat().map(({ at }) => at)).size).toBe(60);
    expect(holdOutGroups(examples, { valid: 0.25, test: 0.2, seed: 3 }, groupOf).test).toEqual(test);
    expect(holdOutGroups(examples, { valid: 0.25, test: 0.2, seed: 4 }, groupOf).test).not.toEqual(test);
  });

  it('may be none, or examples of their own', () => {
    const own = [{ at: 99, group: 'other' }];
    const { training, validation, test } = holdOutGroups(examples, { valid: 0, test: own, seed: 1 }, groupOf);
    expect([training.length, validation, test]).toEqual([60, undefined, own]);
  });

  it('are refused when a file that is given for a part has one of another part', () => {
    const split = () => holdOutGroups(examples, { valid: 0, test: [{ at: 99, group: 'g7' }], seed: 1 }, groupOf);
    expect(split).toThrow("the group 'g7' is in the training part and in the test part");
    expect(split).toThrow(expect.objectContaining({ code: 'mixed_examples' }));
  });
});
