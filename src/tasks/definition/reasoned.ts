/** Defaults with their reasons. */
import type { JsonValue } from '../../core/json.js';

/** A default, or the numbers of a rule by which the data decide it, and why: what was measured, or what it follows from. */
export interface Reasoned<V extends JsonValue = JsonValue> {
  readonly value: V;
  readonly reason: string;
}

/** The defaults of a task by the names of its options. */
export type ReasonedDefaults = Readonly<Record<string, Reasoned>>;

/** A row of a rule by size: it holds for sizes below this; the last one, without it, for all others. */
export type BySize<V> = V & { readonly below?: number };

/** The row of a rule by size. @param rows by rising sizes; the last one has no limit */
export function rowFor<V extends object>(rows: readonly BySize<V>[], size: number): V {
  return rows.find(({ below = Number.POSITIVE_INFINITY }) => size < below) as V;
}

/** The values alone, for tables of options: `commonOptions(valuesOf(MUSIC, ['cell', 'units', 'learningRate']))`. */
export function valuesOf<D extends ReasonedDefaults, N extends keyof D & string>(
  defaults: D,
  names: readonly N[],
): { readonly [K in N]: D[K]['value'] } {
  return Object.fromEntries(names.map((name) => [name, (defaults[name] as Reasoned).value])) as {
    [K in N]: D[K]['value'];
  };
}
