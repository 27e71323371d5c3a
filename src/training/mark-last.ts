/** Returns every item together with whether it is the last one. It reads one item ahead. */
export async function* markLast<T>(
  items: Iterable<T> | AsyncIterable<T>,
): AsyncGenerator<{ item: T; isLast: boolean }> {
  let held: { item: T } | undefined;
  for await (const item of items) {
    if (held !== undefined) yield { item: held.item, isLast: false };
    held = { item };
  }
  if (held !== undefined) yield { item: held.item, isLast: true };
}
