/** Structures that `auto` compares. */
import type { JsonValue } from '../../core/json.js';

/** A network or a training that may suit the data better than the default one. */
export interface Structure<Name extends string = string> {
  /** For people, a few words: `2 layers`. */
  readonly name: string;
  /** The options that differ from those of the run. */
  readonly options: { readonly [N in Name]?: JsonValue };
  /** Whether the options change what `read` of the task returns; default false. The data are then read again with them. */
  readonly readsAnew?: boolean;
}
