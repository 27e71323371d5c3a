/** The beam of a prefix search: label sequences as nodes of a tree, each with the probability of its paths so far. */

/** log(e^a + e^b). */
export function logAdd(a: number, b: number): number {
  if (a < b) return logAdd(b, a);
  return b === Number.NEGATIVE_INFINITY ? a : a + Math.log1p(Math.exp(b - a));
}

const NOTHING = Number.NEGATIVE_INFINITY;

/**
 * A sequence of labels, with the probability of all paths of the frames so far that give it. Probabilities are
 * logarithms.
 */
export class Prefix {
  readonly parent: Prefix | undefined;
  /** The last label; -1 for the empty sequence. */
  readonly label: number;
  readonly length: number;
  /** The part of the score from the language model and the insertion bonus. */
  readonly bonus: number;
  /** Frame at which the last label began. */
  readonly frame: number;
  /** Log-probabilities of the paths that end with the blank, and with the last label. */
  blank = NOTHING;
  ending = NOTHING;
  /** The same, one frame later. */
  nextBlank = NOTHING;
  nextEnding = NOTHING;
  /**
   * Sequences with one more label that are in the beam, or that have longer ones there. Each sequence has only one
   * node.
   */
  readonly children = new Map<number, Prefix>();
  /** Frame in which it last became a candidate, so that it is a candidate only once. */
  met = -1;
  isKept = false;

  constructor(parent: Prefix | undefined, label: number, bonus: number, frame: number) {
    this.parent = parent;
    this.label = label;
    this.length = parent === undefined ? 0 : parent.length + 1;
    this.bonus = bonus;
    this.frame = frame;
  }

  /** Log-probability of all paths. */
  get total(): number {
    return logAdd(this.blank, this.ending);
  }

  /** The score by which sequences are compared. */
  get score(): number {
    return this.total + this.bonus;
  }

  /** Goes to the next frame. */
  advance(): void {
    this.blank = this.nextBlank;
    this.ending = this.nextEnding;
    this.nextBlank = NOTHING;
    this.nextEnding = NOTHING;
  }

  /**
   * Removes the sequence from the beam. If it returns later, it has only the paths that are still in the beam. Its node
   * is kept while longer sequences are in the beam; otherwise these sequences could get two nodes.
   */
  drop(): void {
    this.isKept = false;
    this.blank = NOTHING;
    this.ending = NOTHING;
    for (
      let node: Prefix = this;
      !node.isKept && node.children.size === 0 && node.parent !== undefined;
      node = node.parent
    ) {
      node.parent.children.delete(node.label);
    }
  }

  /** All labels from the first to the last. */
  labels(): number[] {
    const labels = new Array<number>(this.length);
    for (let node: Prefix = this; node.parent !== undefined; node = node.parent) labels[node.length - 1] = node.label;
    return labels;
  }
}
