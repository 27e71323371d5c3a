/**
 * Time axes that layers make of others: the same sequences in the same order, with another number of steps each. Everything about such an axis
 * stands in its name, so that a batch, a graph and a program need to agree on nothing else. No input can lie on one: the
 * names that users give hold no slash.
 */

/** How many steps a sequence has then: floor((length - reach) / stride) + 1. */
export interface Derivation {
  /** Steps that the first step of the new axis needs, integer: those that it looks at less what is padded. Below 1 there are more steps. */
  readonly reach: number;
  /** Steps from one to the next, integer >= 1. */
  readonly stride: number;
}

/** The name of the axis that is made of another; that itself where the steps stay as many. */
export function derivedAxis(source: string, { reach, stride }: Derivation): string {
  return reach === 1 && stride === 1 ? source : `${source}/${reach}:${stride}`;
}

/** What an axis is made of; undefined for one that no layer has made. */
export function derivationOf(axis: string): (Derivation & { readonly source: string }) | undefined {
  const [, source, reach, stride] = /^(.*)\/(-?\d+):(\d+)$/.exec(axis) ?? [];
  return source === undefined ? undefined : { source, reach: Number(reach), stride: Number(stride) };
}

/** The axis of the batch that an axis comes from in the end; itself where no layer has made it. */
export function rootAxis(axis: string): string {
  const derivation = derivationOf(axis);
  return derivation === undefined ? axis : rootAxis(derivation.source);
}
