/** The places of each label, in the order of the labels' first places. */
export function labelMembers<L extends string | number>(labels: ArrayLike<L>): Map<L, number[]> {
  const members = new Map<L, number[]>();
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] as L;
    const known = members.get(label);
    if (known === undefined) members.set(label, [index]);
    else known.push(index);
  }
  return members;
}
