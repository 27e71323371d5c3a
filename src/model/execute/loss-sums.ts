/** The losses of several batches together: each loss of a network has a divisor of its own. */

/** One loss of a network in one batch. */
export interface LossPart {
  readonly output: string;
  /** Factor of this loss in the sum of all. */
  readonly factor: number;
  readonly loss: number;
  /** What the loss was divided by. */
  readonly total: number;
  /** Whether the loss is a sum, which is divided by nothing. */
  readonly isSum: boolean;
}

const partsOfResults = new WeakMap<object, readonly LossPart[]>();

/** Remembers the parts of a result, for those who add up results of several batches. */
export function rememberParts<R extends object>(result: R, parts: readonly LossPart[]): R {
  partsOfResults.set(result, parts);
  return result;
}

/** The parts of the result of an evaluation; undefined for a result that no model of this library gave. */
export function partsOf(result: object): readonly LossPart[] | undefined {
  return partsOfResults.get(result);
}

/** The sums of all losses by their outputs. */
export class LossSums {
  readonly #sums = new Map<string, { factor: number; sum: number; total: number; isSum: boolean }>();

  add(parts: readonly LossPart[]): void {
    for (const { output, factor, loss, total, isSum } of parts) {
      const before = this.#sums.get(output) ?? { sum: 0, total: 0 };
      // A batch in which nothing counts has no mean.
      const own = isSum ? loss : total > 0 ? loss * total : 0;
      this.#sums.set(output, { factor, sum: before.sum + own, total: before.total + total, isSum });
    }
  }

  /** The losses of all batches; 0 where nothing counts. */
  parts(): LossPart[] {
    return [...this.#sums].map(([output, { factor, sum, total, isSum }]) => {
      return { output, factor, loss: isSum ? sum : total > 0 ? sum / total : 0, total, isSum };
    });
  }

  /** The sum of all losses with their factors. */
  get loss(): number {
    return this.parts().reduce((sum, { factor, loss }) => sum + factor * loss, 0);
  }
}
