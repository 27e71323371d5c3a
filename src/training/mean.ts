/** The sums of a weighted mean, as JSON. This is exact, because JSON keeps every bit of a double. */
export interface MeanState {
  readonly sum: number;
  readonly weight: number;
}

/** Running weighted mean in double precision. */
export class Mean {
  #sum = 0;
  #weight = 0;

  constructor(state?: MeanState) {
    if (state !== undefined) {
      this.#sum = state.sum;
      this.#weight = state.weight;
    }
  }

  add(value: number, weight: number): void {
    this.#sum += value * weight;
    this.#weight += weight;
  }

  /** The mean, or undefined before a value with a weight above 0 was added. */
  get value(): number | undefined {
    return this.#weight > 0 ? this.#sum / this.#weight : undefined;
  }

  get weight(): number {
    return this.#weight;
  }

  reset(): void {
    this.#sum = 0;
    this.#weight = 0;
  }

  state(): MeanState {
    return { sum: this.#sum, weight: this.#weight };
  }
}
