/** The losses of several batches together: each loss of a network has a divisor of its own. */

/** One loss of a network in one batch. */
export interface LossPart {
  readonly output: string;
  /** Factor of this loss in the sum of all. */
  readonly factor: number;
  readonly loss: number;
  /** What the loss was divided by; 0 when nothing counted, and then the loss is the sum itself. */
  readonly total: number;
  /** Whether the loss is a sum, which is divided by nothing. */
  readonly isSum: boolean;
}

/** The sum of one loss over batches, as JSON. */
export type LossPartSum = {
  readonly output: string;
  readonly factor: number;
  readonly sum: number;
  readonly total: number;
  readonly isSum: boolean;
};

/** Stands for the output of the only loss. No output has this name. */
const UNNAMED = '';

const partsOfResults = new WeakMap<object, readonly LossPart[]>();

/** Remembers the parts of a result, for those who add up results of several batches. */
export function rememberParts<R extends object>(result: R, parts: readonly LossPart[]): R {
  partsOfResults.set(result, parts);
  return result;
}

/** The parts of a result; undefined for a result that no model of this library gave. */
export function partsOf(result: object): readonly LossPart[] | undefined {
  return partsOfResults.get(result);
}

/** The sums of all losses by their outputs, in double precision. */
export class LossSums {
  readonly #sums: Map<string, Omit<LossPartSum, 'output'>>;

  constructor(parts: readonly LossPartSum[] = []) {
    this.#sums = new Map(parts.map(({ output, ...sum }) => [output, sum]));
  }

  /** The sums of a model with one loss, whose output is not known yet, as 0.1.0 wrote them. */
  static ofOneLoss({ sum, weight }: { readonly sum: number; readonly weight: number }): LossSums {
    return new LossSums(weight > 0 ? [{ output: UNNAMED, factor: 1, sum, total: weight, isSum: false }] : []);
  }

  add(parts: readonly LossPart[]): void {
    this.#nameThe(parts);
    for (const { output, factor, loss, total, isSum } of parts) {
      const before = this.#sums.get(output) ?? { sum: 0, total: 0 };
      // Where nothing counts, a loss of one's own may be 0 / 0.
      const whole = total === 0 && Number.isNaN(loss) ? 0 : loss;
      const own = isSum || total === 0 ? whole : loss * total;
      this.#sums.set(output, { factor, sum: before.sum + own, total: before.total + total, isSum });
    }
  }

  /** The one loss without a name is that of the batch. With several losses its sum says nothing of any of them. */
  #nameThe(parts: readonly LossPart[]): void {
    const unnamed = this.#sums.get(UNNAMED);
    const [first, ...others] = parts;
    if (unnamed === undefined || first === undefined || first.output === UNNAMED) return;
    this.#sums.delete(UNNAMED);
    if (others.length === 0 && first.factor > 0) {
      this.#sums.set(first.output, { ...unnamed, sum: unnamed.sum / first.factor });
    }
  }

  /** The losses of all batches. */
  parts(): LossPart[] {
    return [...this.#sums].map(([output, { factor, sum, total, isSum }]) => {
      return { output, factor, loss: isSum || total === 0 ? sum : sum / total, total, isSum };
    });
  }

  /** The sum of all losses with their factors; 0 when there is none. */
  get loss(): number {
    return this.parts().reduce((sum, { factor, loss }) => sum + factor * loss, 0);
  }

  /** The loss; undefined before anything counted. */
  get countedLoss(): number | undefined {
    const hasCounted = [...this.#sums.values()].some(({ total, sum }) => total > 0 || sum !== 0);
    return hasCounted ? this.loss : undefined;
  }

  reset(): void {
    this.#sums.clear();
  }

  /** The sums of all losses, for the constructor. JSON keeps every bit of a double. */
  toJSON(): LossPartSum[] {
    return [...this.#sums].map(([output, sum]) => ({ output, ...sum }));
  }
}
