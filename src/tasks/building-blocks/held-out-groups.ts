/** Splits groups of examples into parts: examples of a group are always in the same part. */
import { DataError } from '../../core/errors.js';
import { groupBy } from '../../core/group-by.js';
import { type ExampleParts, type HeldOut, holdOut } from './held-out.js';

/**
 * As `holdOut`, with fractions of the groups instead of the examples.
 *
 * @param groupOf the group of an example, which must not be in two parts: pictures of the same scene, sentences of one
 * speaker
 * @throws as `holdOut`
 * @throws {DataError} `mixed_examples` when the file of a part has a group of another part
 */
export function holdOutGroups<E>(
  examples: readonly E[],
  held: { readonly valid: HeldOut<E>; readonly test: HeldOut<E>; readonly seed: number },
  groupOf: (example: E) => string,
): ExampleParts<E> {
  const together = (part: readonly E[]): (readonly E[])[] => [...groupBy(part, groupOf).values()];
  const heldGroups = (part: HeldOut<E>) => (typeof part === 'number' ? part : together(part));
  const groups = { valid: heldGroups(held.valid), test: heldGroups(held.test), seed: held.seed };
  const parts = holdOut(together(examples), groups, () => 0);
  const { training, validation, test } = parts;
  const own = { training: training.flat(), validation: validation?.flat(), test: test?.flat() };
  requireApart(own, groupOf);
  return own;
}

function requireApart<E>(parts: ExampleParts<E>, groupOf: (example: E) => string): void {
  const partOf = new Map<string, string>();
  for (const part of ['training', 'validation', 'test'] as const) {
    for (const example of parts[part] ?? []) {
      const group = groupOf(example);
      const other = partOf.get(group) ?? part;
      partOf.set(group, other);
      if (other === part) continue;
      const message = `the group '${group}' is in the ${other} part and in the ${part} part: a group must be in one part only`;
      throw new DataError('mixed_examples', message, { group, part, other });
    }
  }
}
