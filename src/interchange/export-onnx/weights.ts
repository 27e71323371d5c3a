/** Numbers of the model as initializers: each once, in the order in which operators read them. */
import type { Value } from '../../graph/value.js';
import type { StoredRun } from '../shared/own-onnx.js';
import { bytesOf, type OnnxGraph, type Part } from './onnx-graph.js';

/** Numbers begin..begin + count of a value, row-major; or so many zeros. */
export type Piece =
  | { readonly value: Value; readonly begin: number; readonly count: number }
  | { readonly zeros: number };

/** A matrix that was packed for a product: some rows of the one that it was made from. */
export interface PackedRows {
  readonly matrix: Value;
  readonly rowBegin: number;
  readonly rows: number;
  /** Whether products are with the matrix itself, not with its transpose. */
  readonly isTransposed: boolean;
}

/** What an operand of packed weights was made from. */
export function packedRows(packed: Value): PackedRows {
  const { operation, inputs, attributes } = packed.node as NonNullable<Value['node']>;
  const isTransposed = operation.name === 'packTransposed';
  const rows = isTransposed ? (packed.rows as number) : packed.columns;
  return { matrix: inputs.get('w') as Value, rowBegin: attributes[0] as number, rows, isTransposed };
}

/** Some rows of a matrix as a piece. */
export function rowsOf({ matrix, rowBegin }: PackedRows, begin: number, count: number): Piece {
  const { columns } = matrix;
  return { value: matrix, begin: (rowBegin + begin) * columns, count: count * columns };
}

const isStored = ({ source, constant }: Value) =>
  constant !== undefined || source === 'parameter' || source === 'buffer';

/** What reads weights: where operators are added, and the tensors of values that are computed. */
interface Reader {
  readonly onnx: OnnxGraph;
  tensorOf(value: Value): string;
}

/** Gives parameters, buffers and constants their initializers. */
export class Weights {
  readonly #onnx: OnnxGraph;
  readonly #numbers: (name: string) => Float32Array;
  readonly #known = new Map<string, string>();
  /** Where the numbers of parameters and buffers stand, by their names. */
  readonly stored = new Map<string, StoredRun[]>();

  /** @param numbers those of a parameter or buffer by its name */
  constructor(onnx: OnnxGraph, numbers: (name: string) => Float32Array) {
    this.#onnx = onnx;
    this.#numbers = numbers;
  }

  /** A value of the model as it is: [rows, columns], or [columns] of a single row; undefined for one that is computed. */
  whole(value: Value): string | undefined {
    if (!isStored(value)) return undefined;
    const dimensions = value.rows === 1 ? [value.columns] : [value.rows as number, value.columns];
    const whole = { value, begin: 0, count: (value.rows as number) * value.columns };
    return this.#initializer([whole], dimensions, value.name as string);
  }

  /** The numbers of pieces one after the other, in a shape. They are stored so, or put together in the graph where they are computed. */
  joined(reader: Reader, pieces: readonly Piece[], dimensions: readonly number[], wanted?: string): string {
    const isWhole = pieces.every((piece) => 'zeros' in piece || isStored(piece.value));
    if (isWhole) return this.#initializer(pieces, dimensions, wanted);
    const { onnx } = reader;
    const parts = pieces.map((piece) => {
      if ('zeros' in piece) return onnx.equal(0, piece.zeros);
      const flat = onnx.emit('Reshape', [reader.tensorOf(piece.value), onnx.ints(-1)]);
      return onnx.slice(flat, 0, piece.begin, piece.begin + piece.count);
    });
    return onnx.emit('Reshape', [onnx.concatenate(parts, 0), onnx.ints(...dimensions)]);
  }

  /** The transpose of some rows of a matrix [rows, columns]: [columns, rows], for products from the right. */
  transposed(reader: Reader, rows: PackedRows): string {
    const key = `transposed ${rows.matrix.id} ${rows.rowBegin} ${rows.rows}`;
    return this.#once(key, () => reader.onnx.transpose(this.rows(reader, rows), 1, 0));
  }

  /** A matrix, also where it has a single row: such a value is a vector elsewhere. */
  table(reader: Reader, matrix: Value): string {
    const whole = reader.tensorOf(matrix);
    return matrix.rows === 1 ? reader.onnx.unsqueeze(whole, 0) : whole;
  }

  /** Some rows of a matrix. */
  rows(reader: Reader, { matrix, rowBegin, rows }: PackedRows): string {
    const table = this.table(reader, matrix);
    return rows === matrix.rows ? table : reader.onnx.slice(table, 0, rowBegin, rowBegin + rows);
  }

  #initializer(pieces: readonly Piece[], dimensions: readonly number[], wanted: string | undefined): string {
    const described = pieces.map((piece) =>
      'zeros' in piece ? `0*${piece.zeros}` : `${piece.value.id}+${piece.begin}*${piece.count}`,
    );
    return this.#once(`${described} [${dimensions}]`, () => {
      const [first] = pieces.flatMap((piece) => ('zeros' in piece ? [] : [piece.value.name as string]));
      const parts = pieces.map((piece) => this.#part(piece));
      const tensor = this.#onnx.addInitializer(wanted ?? first ?? 'zeros', dimensions, parts);
      this.#remember(tensor, pieces);
      return tensor;
    });
  }

  #remember(tensor: string, pieces: readonly Piece[]): void {
    let at = 0;
    for (const piece of pieces) {
      const count = 'zeros' in piece ? piece.zeros : piece.count;
      if (!('zeros' in piece) && piece.value.constant === undefined) {
        const name = piece.value.name as string;
        this.stored.set(name, [...(this.stored.get(name) ?? []), [tensor, at, piece.begin, count]]);
      }
      at += count;
    }
  }

  #part(piece: Piece): Part {
    if ('zeros' in piece) return 4 * piece.zeros;
    const { value, begin, count } = piece;
    const { constant, name } = value;
    const data = constant === undefined ? this.#numbers(name as string) : Float32Array.from(constant);
    return bytesOf(data.subarray(begin, begin + count));
  }

  #once(key: string, make: () => string): string {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#known.set(key, name);
    return name;
  }
}
