import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { format } from '../../src/graph/generated/operations.js';
import { gradientRules } from '../../src/graph/gradient-rules.js';
import { operations } from '../../src/graph/registry.js';
import { RandomOperands } from '../oracle/random-matrix.js';
import { GuardedBlocks, load } from './captured-program.js';
import { AXES, type RowOptions, type RowProgram, rowProgram, SIZES, storages } from './row-programs.js';
import { brokenClause, numberOf, type RowText, rowTexts, thingsOf } from './row-rules.js';

/** All ways of leaving things out where there are not too many; else nearly all, nearly none, and some of the others. */
const ALL_WAYS = 10;
const SOME_WAYS = 150;

function* waysOf(row: RowText): Generator<ReadonlySet<string>> {
  const things = thingsOf(row);
  const count = things.length;
  const chosen = (isThere: (index: number) => boolean) => new Set(things.filter((_, index) => isThere(index)));
  if (count <= ALL_WAYS) {
    for (let bits = 0; bits < 2 ** count; bits++) yield chosen((index) => ((bits >> index) & 1) === 1);
    return;
  }
  for (let one = 0; one < count; one++) {
    for (let other = one; other < count; other++) {
      yield chosen((index) => index === one || index === other);
      yield chosen((index) => index !== one && index !== other);
    }
  }
  const random = new RandomOperands(row.opcode + 1);
  for (let way = 0; way < SOME_WAYS; way++) {
    const bits = random.integers(count, 0, 2);
    yield chosen((index) => bits[index] === 1);
  }
}

/** The options of a program in which just these things are there. */
function optionsOf(row: RowText, there: ReadonlySet<string>): RowOptions {
  const things = thingsOf(row);
  const attributes = row.attributes.filter(({ name }) => things.includes(name) && there.has(name));
  return {
    absent: new Set(things.filter((name) => !there.has(name))),
    attributes: Object.fromEntries(attributes.map(({ name, high }) => [name, numberOf(high, SIZES) / 2])),
  };
}

/** A way that the clauses allow, with as much as they do. @param operand what must be there */
function richest(row: RowText, operand?: string): RowOptions {
  const ways = [...waysOf(row)].filter((there) => {
    return brokenClause(row, there, SIZES) === undefined && (operand === undefined || there.has(operand));
  });
  return optionsOf(
    row,
    ways.reduce((a, b) => (b.size > a.size ? b : a)),
  );
}

/** What the native side says of a program; undefined when it takes it. */
function refusal({ words, attributes, blockBytes }: RowProgram): { code: string; message: string } | undefined {
  const { blocks } = new GuardedBlocks([blockBytes]);
  try {
    load(
      { words: Int32Array.from(words), attributes: Float64Array.from(attributes), blockBytes: [] },
      blocks,
    ).dispose();
    return undefined;
  } catch (error) {
    return error as { code: string; message: string };
  }
}

function expectRefusal(row: RowText, options: RowOptions, names: readonly string[], what: string): void {
  const found = refusal(rowProgram(row, options));
  expect(found, `${row.name}: ${what}`).toMatchObject({ code: 'invalid_program' });
  expect(found?.message, what).toMatch(new RegExp(`^${row.name}: `));
  expect(
    names.some((name) => found?.message.includes(name)),
    `${row.name}: ${what}: ${found?.message}`,
  ).toBe(true);
}

const directory = mkdtempSync(join(tmpdir(), 'bptt-rows-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs programs in a child process and says what was wrong. */
function run(programs: readonly (RowProgram & { readonly name: string })[]): readonly string[] {
  const [file, progress] = [join(directory, 'programs.json'), join(directory, 'progress')];
  writeFileSync(file, JSON.stringify({ axes: AXES, programs }));
  const script = fileURLToPath(new URL('run-programs.mjs', import.meta.url));
  const child = spawnSync(process.execPath, [script, file, progress], { encoding: 'utf8' });
  if (child.status !== 0) return [`${readFileSync(progress, 'utf8')}: ${child.signal ?? child.stderr}`];
  const { count, wrong } = JSON.parse(child.stdout) as { count: number; wrong: string[] };
  expect(count).toBe(programs.length);
  return wrong;
}

describe('every row of operations.def', () => {
  it('has a gradient rule just when its role asks for one', () => {
    const wrong = [...operations.values()].filter(
      ({ role, name }) => (role === 'forward' || role === 'packing') !== gradientRules.has(name),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('gives every index a table', () => {
    const indices = rowTexts.flatMap(({ name, operands }) =>
      operands
        .filter(({ type, table }) => type === 'int32' && table === undefined)
        .map((spec) => `${name}: ${spec.name}`),
    );
    expect(indices).toEqual(['dropout: key', 'randomMask: key']);
  });

  it('runs without the operands that its clauses let be absent, and writes all outputs that are there', () => {
    const programs = rowTexts.flatMap((row) =>
      [...waysOf(row)]
        .filter((there) => brokenClause(row, there, SIZES) === undefined)
        .map((there) => ({ name: `${row.name} with ${[...there]}`, ...rowProgram(row, optionsOf(row, there)) })),
    );
    expect(programs.length).toBeGreaterThan(1000);
    expect(run(programs)).toEqual([]);
  });

  it('is refused with any other operands absent, by a message that names the operation and an operand', () => {
    let refused = 0;
    for (const row of rowTexts) {
      for (const there of waysOf(row)) {
        const broken = brokenClause(row, there, SIZES);
        if (broken === undefined) continue;
        expectRefusal(row, optionsOf(row, there), broken, `with ${[...there]}`);
        refused++;
      }
      const allowed = richest(row);
      for (const { name, optional } of row.operands) {
        if (optional) continue;
        const absent = new Set([...(allowed.absent ?? []), name]);
        expectRefusal(row, { ...allowed, absent }, [name], `without ${name}`);
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });

  it('is refused where letters differ that must be the same without an operand', () => {
    let rules = 0;
    for (const row of rowTexts) {
      for (const [letters, verb, operand] of row.clauses) {
        if (verb !== 'without') continue;
        const [one] = (letters as string).split('=') as [string];
        const sizes = { ...SIZES, [one]: (SIZES[one] as number) + 1 };
        const { absent, attributes } = richest(row, operand);
        const without = new Set([...(absent ?? []), operand as string]);
        expect(refusal(rowProgram(row, { absent: absent as Set<string>, attributes: attributes ?? {}, sizes }))).toBe(
          undefined,
        );
        expectRefusal(
          row,
          { absent: without, attributes: attributes ?? {}, sizes },
          [operand as string],
          'other sizes',
        );
        rules++;
      }
    }
    expect(rules).toBeGreaterThan(3);
  });

  it('is refused when an index is not that of its table, and a run with an entry outside it', () => {
    let indices = 0;
    for (const row of rowTexts) {
      for (const { name, table } of row.operands) {
        if (table === undefined) continue;
        const allowed = richest(row);
        const { low } = table;
        const size = SIZES[table.size] as number;
        for (const words of [{ high: size + 1 }, { low: low - 1 }, { low: 0, high: 0 }]) {
          expectRefusal(row, { ...allowed, words: { [name]: words } }, [name], JSON.stringify(words));
        }
        const { words, attributes, blockBytes, inputs } = rowProgram(row, allowed);
        const { blocks } = new GuardedBlocks([blockBytes]);
        const program = load(
          { words: Int32Array.from(words), attributes: Float64Array.from(attributes), blockBytes: [] },
          blocks,
        );
        const { offset, bytes } = inputs.find(({ type }) => type === 'int32') as { offset: number; bytes: number };
        const [block] = blocks as [Uint8Array];
        const entries = new Int32Array(block.buffer, block.byteOffset + offset, bytes / 4);
        for (const entry of [low - 1, size]) {
          entries.fill(0)[entries.length - 1] = entry;
          const sizes = AXES.map(({ batchSizes }) => Int32Array.from(batchSizes));
          const samples = AXES.map((axis) => Int32Array.from(axis.samples));
          expect(() => program.execute(sizes, 0, samples), `${row.name}: ${name} ${entry}`).toThrow(
            expect.objectContaining({ code: 'index_out_of_range', entry }),
          );
        }
        program.dispose();
        indices++;
      }
    }
    expect(indices).toBeGreaterThan(4);
  });

  it('is refused when an attribute lies outside its range, which may depend on extents, and runs at both ends', () => {
    const programs: (RowProgram & { name: string })[] = [];
    for (const row of rowTexts) {
      const allowed = richest(row);
      const things = thingsOf(row);
      for (const { name, low, high, whole } of row.attributes) {
        const [from, to] = [numberOf(low, SIZES), numberOf(high, SIZES)];
        const outside = [from - 1, to + 1, Number.NaN, ...(whole ? [from + 0.5] : [])].filter(
          (value) => !(value >= from && value <= to) || whole,
        );
        for (const value of outside) {
          if (Math.abs(to) >= 1e30 && !Number.isNaN(value)) continue;
          const attributes = { ...allowed.attributes, [name]: value };
          expectRefusal(row, { ...allowed, attributes }, [name], `${name} = ${value}`);
        }
        for (const value of [from, to]) {
          if (things.includes(name)) continue;
          const attributes = { ...allowed.attributes, [name]: value };
          programs.push({ name: `${row.name}, ${name} = ${value}`, ...rowProgram(row, { ...allowed, attributes }) });
        }
      }
    }
    expect(run(programs)).toEqual([]);
  });

  it('is refused when an operand is of another type, or part of a matrix where it may not be', () => {
    for (const row of rowTexts) {
      const allowed = richest(row);
      for (const { name, type, mayBeView, columns } of row.operands) {
        if (allowed.absent?.has(name)) continue;
        const other = type === 'real' ? 'int32' : 'real';
        const entries = { type: format[other], storage: storages[other] };
        expectRefusal(row, { ...allowed, words: { [name]: entries } }, [name], `${name} of another type`);
        if (type !== 'real') continue;
        const width = columns.reduce(
          (sum, { factor, letter }) => sum + factor * (letter === '' ? 1 : (SIZES[letter] as number)),
          0,
        );
        const words = { [name]: { stride: width + 3 } };
        if (mayBeView) expect(refusal(rowProgram(row, { ...allowed, words })), `${row.name}: ${name}`).toBe(undefined);
        else expectRefusal(row, { ...allowed, words }, [name], `${name} as part of a matrix`);
      }
    }
  });
});
