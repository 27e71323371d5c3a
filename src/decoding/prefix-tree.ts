/** The beam of a prefix search: label sequences as nodes of a tree, each with the probability of its paths so far. */

/** log(e^a + e^b). */
export function logAdd(a: number, b: number): number {
  if (a < b) return logAdd(b, a);
  return b === Number.NEGATIVE_INFINITY ? a : a + Math.log1p(Math.exp(b - a));
}

const NOTHING = Number.NEGATIVE_INFINITY;

/** A sequence of labels, and all paths of the frames so far that stand for it. Probabilities are logarithms. */
export class Prefix {
  readonly parent: Prefix | undefined;
  /** The last label; -1 of the empty sequence. */
  readonly label: number;
  readonly length: number;
  /** What the language model and the insertion bonus add to the score of the paths. */
  readonly bonus: number;
  /** Frame at which the last label was first said. */
  readonly frame: number;
  /** Paths that end with the blank, and with the last label. */
  blank = NOTHING;
  ending = NOTHING;
  /** The same, one frame further. */
  nextBlank = NOTHING;
  nextEnding = NOTHING;
  /** Sequences of one label more that are in the beam, or have longer ones there: each is one node only. */
  readonly children = new Map<number, Prefix>();
  /** Frame in which it was last met, so that it stands among the candidates once. */
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

  /** By which sequences are compared. */
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
   * Leaves the beam: if it comes back, it has only the paths that are still there. Nodes stay while longer sequences are in
   * the beam, which would otherwise be met twice.
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

  /** All labels from the first on. */
  labels(): number[] {
    const labels = new Array<number>(this.length);
    for (let node: Prefix = this; node.parent !== undefined; node = node.parent) labels[node.length - 1] = node.label;
    return labels;
  }
}
