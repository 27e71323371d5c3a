/** Converts losses in nats into the usual units. */
import { requireNumber } from '../core/options.js';

/**
 * Perplexity of a mean loss: exp(nats).
 *
 * @param nats mean cross entropy of a symbol, >= 0
 * @throws {OptionError} `invalid_option`
 */
export function perplexity(nats: number): number {
  return Math.exp(requireNumber('nats', nats, { min: 0 }));
}

/**
 * Bits of a mean loss: nats / ln 2. Bits per character when the symbols are characters.
 *
 * @param nats mean cross entropy of a symbol, >= 0
 * @throws {OptionError} `invalid_option`
 */
export function bitsFromNats(nats: number): number {
  return requireNumber('nats', nats, { min: 0 }) / Math.LN2;
}

/** Cross entropy of a corpus, added part by part; the weight of a part is its number of symbols. */
export class LikelihoodLoss {
  #nats = 0;
  #symbols = 0;

  /**
   * Adds a part.
   *
   * @param meanNats its mean cross entropy per symbol, >= 0
   * @param symbols number of its predicted symbols, integer >= 0
   * @throws {OptionError} `invalid_option`
   */
  add(meanNats: number, symbols: number): void {
    requireNumber('meanNats', meanNats, { min: 0 });
    this.#symbols += requireNumber('symbols', symbols, { integer: true, min: 0 });
    this.#nats += meanNats * symbols;
  }

  /** Predicted symbols added so far. */
  get symbols(): number {
    return this.#symbols;
  }

  /** Mean loss in nats, or undefined before any symbol. */
  get value(): number | undefined {
    return this.#symbols > 0 ? this.#nats / this.#symbols : undefined;
  }

  /** exp of the mean loss, or undefined before any symbol. */
  get perplexity(): number | undefined {
    return this.#symbols > 0 ? perplexity(this.#nats / this.#symbols) : undefined;
  }

  /** Bits per symbol, or undefined before any symbol. */
  get bitsPerSymbol(): number | undefined {
    return this.#symbols > 0 ? bitsFromNats(this.#nats / this.#symbols) : undefined;
  }

  /**
   * Bits per character of a text with this number of characters, for any kind of symbols: it makes models of words,
   * word pieces and characters comparable.
   *
   * @param characters integer >= 1
   * @throws {OptionError} `invalid_option`
   */
  bitsPerCharacter(characters: number): number {
    return bitsFromNats(this.#nats) / requireNumber('characters', characters, { integer: true, min: 1 });
  }
}
