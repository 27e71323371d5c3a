/** The result of a gradient check, for programs and for people. */
import { inspect } from 'node:util';

/** The result for one parameter, input or initial state. */
export interface OperandReport {
  readonly name: string;
  readonly kind: 'parameter' | 'input' | 'state';
  /** Number of its elements. */
  readonly elements: number;
  /** Number of changes that were tried. */
  readonly changes: number;
  /**
   * Largest error, relative to the derivative, or to the root mean square of the operand's gradient if that is larger.
   */
  readonly error: number;
  /**
   * The change with that error: its element, undefined for a change of all elements, and the derivative computed in
   * both ways.
   */
  readonly worst: {
    readonly element: number | undefined;
    readonly gradient: number;
    readonly difference: number;
  };
}

/** The result of a gradient check. Prints as a table. */
export class GradientReport {
  readonly operands: readonly OperandReport[];
  readonly tolerance: number;
  /** The objective that is differentiated: the loss; in training mode with penalties. */
  readonly objective: number;

  constructor(operands: readonly OperandReport[], tolerance: number, objective: number) {
    this.operands = operands;
    this.tolerance = tolerance;
    this.objective = objective;
  }

  /** Whether the objective is finite and every error within the tolerance. */
  get passed(): boolean {
    return Number.isFinite(this.objective) && this.operands.every(({ error }) => error <= this.tolerance);
  }

  /** The operands whose gradients are wrong. */
  get failures(): readonly OperandReport[] {
    return this.operands.filter(({ error }) => !(error <= this.tolerance));
  }

  toString(): string {
    const head = `gradients ${this.passed ? 'agree' : 'DISAGREE'} with central differences (tolerance ${this.tolerance}, objective ${this.objective})`;
    const width = Math.max(...this.operands.map(({ name }) => name.length), 0);
    const lines = this.operands.map(({ name, kind, elements, error, worst }) => {
      const isRight = error <= this.tolerance;
      const where = worst.element === undefined ? 'all elements' : `element ${worst.element}`;
      const detail = isRight ? '' : `  ${where}: gradient ${worst.gradient}, difference ${worst.difference}`;
      return `${isRight ? 'ok  ' : 'FAIL'} ${name.padEnd(width)}  ${kind}, ${elements} numbers, error ${error.toExponential(1)}${detail}`;
    });
    return [head, ...lines].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
