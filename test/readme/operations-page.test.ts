import { describe, expect, it } from 'vitest';
import * as operations from '../../src/entries/operations.js';
import { readProjectFile } from '../architecture/project-files.js';

/** The first cells of the tables of docs/operations.md that hold a call, such as `scale(x, factor)`. */
const calls = [...readProjectFile('docs/operations.md').matchAll(/^\| `(\w+)\(([^`]*)\)` \|/gm)].map(
  ([, name, parameters]) => ({ name: name as string, parameters: parameters as string }),
);

/** How many parameters must be given: those before the first one with a question mark, or in braces. */
const required = (parameters: string) => {
  const names = parameters.replace(/\{[^}]*\}/g, '{}').split(',');
  return names.filter((name) => !/\?|\{|\.\.\./.test(name)).length;
};

describe('the page of the operations', () => {
  it('has every exported function once, and nothing else', () => {
    expect(calls.map(({ name }) => name).sort()).toEqual(Object.keys(operations).sort());
  });

  it('gives each function the parameters that it has', () => {
    const wrong = calls.filter(({ name, parameters }) => {
      const { length } = (operations as Readonly<Record<string, (...given: never[]) => unknown>>)[name] as {
        length: number;
      };
      const written = required(parameters);
      // concatenate(a, b, ...) takes its first operand by name; an optional bias counts for the length of a function.
      return name !== 'concatenate' && written !== length && written + parameters.split('?').length - 1 !== length;
    });
    expect(wrong).toEqual([]);
  });
});
