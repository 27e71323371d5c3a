/** Programs of one instruction, written word by word: any operands of a row, whether its clauses allow them or not. */
import { format, storageBytes } from '../../src/graph/generated/operations.js';
import type { OperandSpec } from '../../src/graph/signature.js';
import { native } from '../../src/native/addon.js';
import { aligned } from '../../src/native/memory.js';
import type { RowText, Sizes } from './row-rules.js';

/** Sequences alive at each step of the two time axes, and the samples of their sequences. */
export const AXES = [
  { batchSizes: [3, 2, 1], samples: [0, 1, 1] },
  { batchSizes: [2, 2], samples: [1, 0] },
] as const;

/** What letters stand for, those of time axes as rows: every sum of letters fits, and H may differ from P. */
export const SIZES: Sizes = {
  ...{ R: 3, C: 5, V: 4, F: 3, K: 4, O: 12, W: 16, H: 4, G: 8, P: 4, I: 2, J: 6, A: 3, D: 2, S: 2 },
  ...{ N: 6, B: 3, M: 4, E: 2 },
};

/** Bytes in the one block of a program. */
export interface Region {
  readonly offset: number;
  readonly bytes: number;
  readonly type: OperandSpec['type'];
}

/** The flat form, and where its values stand. */
export interface RowProgram {
  readonly words: number[];
  readonly attributes: number[];
  readonly blockBytes: number;
  /** What the instruction reads or changes, and what it writes. */
  readonly inputs: Region[];
  readonly outputs: Region[];
}

/** How a program differs from the plain one with all optional operands. */
export interface RowOptions {
  /** Operands that are left out. */
  readonly absent?: ReadonlySet<string>;
  /** Attributes that are not the smallest possible. */
  readonly attributes?: Readonly<Record<string, number>>;
  readonly sizes?: Sizes;
  /** What words of an operand are instead. */
  readonly words?: Readonly<Record<string, Partial<Record<'type' | 'storage' | 'low' | 'high' | 'stride', number>>>>;
}

const [float32, float64, int32] = Object.keys(storageBytes).keys() as unknown as [number, number, number];
/** Codes of the storage of each type of values, in a program that computes in float32. */
export const storages = { real: float32, packed: float32, float64, int32 } as const;

const axisOfLetter: Readonly<Record<string, readonly [kind: number, axis: number]>> = {
  N: [format.steps, 0],
  B: [format.batch, 0],
  M: [format.steps, 1],
  E: [format.batch, 1],
};

function sumOf(terms: OperandSpec['rows'], sizes: Sizes): number {
  return terms.reduce((sum, { factor, letter }) => sum + factor * (letter === '' ? 1 : (sizes[letter] as number)), 0);
}

/** A program of one instruction of that row. */
export function rowProgram(row: RowText, options: RowOptions = {}): RowProgram {
  const { absent = new Set(), sizes = SIZES } = options;
  const values: number[] = [];
  const operands: number[] = [];
  const inputs: Region[] = [];
  const outputs: Region[] = [];
  let [count, blockBytes] = [0, 0];
  for (const spec of row.operands) {
    if (absent.has(spec.name)) {
      operands.push(-1);
      continue;
    }
    const [rows, columns] = [sumOf(spec.rows, sizes), sumOf(spec.columns, sizes)];
    const own = options.words?.[spec.name];
    const low = own?.low ?? (spec.type === 'packed' ? spec.gates : (spec.table?.low ?? 0));
    const high = own?.high ?? (spec.table === undefined ? 0 : (sizes[spec.table.size] as number));
    const stride = own?.stride ?? columns;
    const [kind, extent] = axisOfLetter[spec.rows[0]?.letter ?? ''] ?? [format.fixed, rows];
    const storage = own?.storage ?? storages[spec.type];
    values.push(0, blockBytes / 64, own?.type ?? format[spec.type], storage, kind, extent);
    values.push(columns, low, high, stride, 0);
    const elements =
      spec.type === 'packed'
        ? native().packedSize(rows, columns, spec.gates, 'float32', 'float32')
        : rows * Math.max(stride, columns);
    const bytes = elements * (spec.type === 'float64' ? 8 : 4);
    const isOutput = row.signature.outputs.includes(spec);
    (isOutput ? outputs : inputs).push({ offset: blockBytes, bytes, type: spec.type });
    blockBytes += aligned(bytes);
    operands.push(count++);
  }
  const axes = AXES.flatMap(({ batchSizes }) => [
    batchSizes.length,
    batchSizes[0],
    batchSizes.reduce<number>((sum, size) => sum + size, 0),
  ]);
  const header = [format.magic, format.version, 0, AXES.length, count, 1, 0, 1];
  const attributes = row.attributes.map(({ name, low }) => options.attributes?.[name] ?? Math.max(0, Number(low)));
  return {
    words: [...header, ...axes, ...values, row.opcode, ...operands, 0],
    attributes,
    blockBytes,
    inputs,
    outputs,
  };
}
