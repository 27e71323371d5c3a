/** Long lists in messages. */

/** How a list is written. */
export interface ListForm {
  /** How many are written out; default 5. */
  readonly most?: number;
  /** What stands between two of them; default a comma. */
  readonly separator?: string;
}

/** The first of some texts, and how many more there are: `a, b and 298 more`. */
export function listSome(texts: readonly string[], { most = 5, separator = ', ' }: ListForm = {}): string {
  const shown = texts.slice(0, most).join(separator);
  return texts.length > most ? `${shown} and ${texts.length - most} more` : shown;
}
