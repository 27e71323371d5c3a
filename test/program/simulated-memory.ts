/**
 * Memory that records, for every cell, which element of which value was written there last. Executing a layout on it
 * shows whether each instruction reads the intended values. It does not depend on how the layout was made.
 */
import type { Node, Value } from '../../src/graph/value.js';
import type { ProgramLayout } from '../../src/program/layout.js';
import { rowsIn } from './random-graphs.js';

/** Bytes of the smallest element: a cell. */
const CELL = 4;

/** Bytes of an element: values that are stored apart from the others are narrower. */
export function bytesPerElement({ storage }: Value): number {
  return storage === undefined ? 2 * CELL : CELL;
}

/** One element of a value. Joins and slices that only view another value are followed to that value. */
type Element = string;

export class SimulatedMemory {
  readonly #layout: ProgramLayout;
  readonly #batchSizes: readonly number[];
  readonly #cells = new Map<string, Element>();
  readonly #executed: ReadonlySet<Node>;
  readonly faults: string[] = [];

  constructor(layout: ProgramLayout, batchSizes: readonly number[]) {
    this.#layout = layout;
    this.#batchSizes = batchSizes;
    this.#executed = new Set(
      layout.instructions.nodes.flatMap((node) => [...node.outputs.values()].map((v) => v.node as Node)),
    );
  }

  /** Executes the instructions from `first` on: inputs are written, everything is computed, outputs are read. */
  execute(first: number, outputs: readonly Value[]): void {
    const { instructions, inputs } = this.#layout;
    for (const value of inputs) this.#write(value);
    const nodes = instructions.nodes.slice(first);
    for (const [index, node] of nodes.entries()) {
      for (const [name, value] of node.inputs) this.#read(value, `${index} ${node.operation.name}.${name}`);
      this.#checkOverwriting(node, nodes.slice(index + 1), outputs);
      for (const value of node.outputs.values()) this.#write(value);
    }
    for (const value of outputs) this.#read(value, 'the end');
  }

  /** Memory of the model is there from the beginning. */
  write(value: Value): void {
    this.#write(value);
  }

  /** What an element is: that of a part of a join, or of what a slice shows, where no instruction copies it. */
  #elementOf(value: Value, row: number, column: number): Element {
    const { node } = value;
    if (node !== undefined && !this.#executed.has(node)) {
      const [a, b, x] = ['a', 'b', 'x'].map((name) => node.inputs.get(name) as Value);
      if (node.operation.name === 'slice') {
        return this.#elementOf(x as Value, row, column + (node.attributes[0] as number));
      }
      if (node.operation.name !== 'concatenate') throw new Error(`${node.operation.name} was left out`);
      const width = (a as Value).columns;
      return column < width
        ? this.#elementOf(a as Value, row, column)
        : this.#elementOf(b as Value, row, column - width);
    }
    return `${value.id}[${row},${column}]`;
  }

  #cellsOf(value: Value): { readonly cell: string; readonly element: Element }[] {
    const { block, offset, stride, first } = this.#layout.locationOf(value);
    const bytes = bytesPerElement(value);
    return Array.from({ length: rowsIn(this.#batchSizes, value.rows) * value.columns }, (_, at) => {
      const [row, column] = [Math.floor(at / value.columns), at % value.columns];
      const begin = offset + bytes * (row * stride + first + column);
      const element = this.#elementOf(value, row, column);
      return Array.from({ length: bytes / CELL }, (_, cell) => ({ cell: `${block}:${begin + CELL * cell}`, element }));
    }).flat();
  }

  #write(value: Value): void {
    for (const { cell, element } of this.#cellsOf(value)) this.#cells.set(cell, element);
  }

  #read(value: Value, where: string): void {
    for (const { cell, element } of this.#cellsOf(value)) {
      const found = this.#cells.get(cell);
      if (found === element) continue;
      this.faults.push(`at ${where}: ${element} is wanted, ${found ?? 'nothing'} stands there`);
      return;
    }
  }

  /** Outputs share no cell with each other, and with an input only where the operation allows it, at its last use. */
  #checkOverwriting(node: Node, later: readonly Node[], outputs: readonly Value[]): void {
    const { name, inPlace } = node.operation;
    const taken = new Map<string, string>();
    for (const [output, value] of node.outputs) {
      for (const { cell } of this.#cellsOf(value)) {
        if (taken.has(cell)) this.faults.push(`${name}: ${output} and ${taken.get(cell)} share memory`);
        taken.set(cell, output);
      }
    }
    for (const [input, value] of node.inputs) {
      const shared = this.#cellsOf(value).find(({ cell }) => taken.has(cell));
      if (shared === undefined) continue;
      const output = taken.get(shared.cell) as string;
      if (inPlace[output] !== input) this.faults.push(`${name}: ${output} is written over ${input}`);
      const cells = [value, node.outputs.get(output) as Value].map((each) =>
        this.#cellsOf(each).map(({ cell }) => cell),
      );
      if (String(cells[0]) !== String(cells[1])) {
        this.faults.push(`${name}: elements of ${output} are written over others of ${input}`);
      }
      const isReadLater = later.some((other) => [...other.inputs.values()].includes(value)) || outputs.includes(value);
      if (isReadLater) this.faults.push(`${name}: ${input} is overwritten before its last use`);
    }
  }
}
