/** Defaults that the data decide. */
import type { JsonValue } from '../../core/json.js';

/** The value of an option that nobody gave, chosen when the data had been read. */
export interface Setting {
  readonly value: JsonValue;
  /** Why this value, in a few words, for people: `180 sequences`. */
  readonly reason: string;
}

/** Values by the names of options. */
export type Settings<Name extends string = string> = { readonly [N in Name]?: Setting | undefined };
