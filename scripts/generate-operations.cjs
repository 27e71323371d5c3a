'use strict';
/*
 * Writes src/graph/generated/operations.ts from native/kernels/operations.def, native/kernels/storage.h and
 * native/program/format.def: the rows of all operations, the names in them as types, and the numbers of the flat form
 * of a program. Everything that builds or tests the TypeScript sources executes this first. The file is not written
 * when nothing has changed. Plain Node, no packages.
 */
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const rowsFile = path.join(root, 'native', 'kernels', 'operations.def');
const formatFile = path.join(root, 'native', 'program', 'format.def');
const storageFile = path.join(root, 'native', 'kernels', 'storage.h');
const target = path.join(root, 'src', 'graph', 'generated', 'operations.ts');

/** The calls of a macro in a .def file: their arguments, string literals joined and without quotes. */
function macroCalls(file, macro) {
  const source = fs.readFileSync(file, 'utf8').replace(/^\s*\/\/.*$/gm, '');
  return [...source.matchAll(new RegExp(`^${macro}\\(((?:[^"()]|"[^"]*")*)\\)`, 'gm'))].map(([, list]) => {
    const parts = [''];
    for (const [token] of list.matchAll(/"[^"]*"|,|[^",\s]+/g)) {
      if (token === ',') parts.push('');
      else parts[parts.length - 1] += token.startsWith('"') ? token.slice(1, -1) : token;
    }
    return parts;
  });
}

/** Storages in the order of their codes, with the bytes of a number: the lines `X(name, type, bytes)` of BPTT_STORAGES. */
function readStorages() {
  const [, list = ''] = /#define BPTT_STORAGES\(X\)((?:.*\\\n)*.*)/.exec(fs.readFileSync(storageFile, 'utf8')) ?? [];
  return [...list.matchAll(/X\((\w+), \w+, (\d+)\)/g)].map(([, name, bytes]) => [name, bytes]);
}

/** FNV-1a of 64 bits over all rows, as kernels/operations.h computes it. */
function fingerprint(rows) {
  let hash = 0xcbf29ce484222325n;
  const step = (byte) => {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  };
  for (const text of rows.flat()) {
    for (const byte of Buffer.from(text)) step(byte);
    step(10);
  }
  return hash.toString(16).padStart(16, '0');
}

/** What the types need of an operand: "&name:rows,columns:type?". */
function operandOf(word) {
  const match = /^[&~]?(\w+):([^,]+),([^:?]+)(?::[^?]+)?(\?)?$/.exec(word);
  if (match === null) throw new Error(`'${word}' is no operand: expected name:rows,columns[:type][?]`);
  const [, name, rows, columns, optional] = match;
  return { name, letters: `${rows}${columns}`.match(/[A-Z]/g) ?? [], isOptional: optional === '?' };
}

/** N and B, and M and E, settle each other. */
const pairs = { N: 'B', B: 'N', M: 'E', E: 'M' };

/** @param {string[]} row name, operands, attributes, clauses */
function describe([name, operands, attributes, clauses]) {
  const [inputs, outputs] = operands.split('>').map((part) => part.split(' ').filter(Boolean).map(operandOf));
  const words = clauses.split(';').map((clause) => clause.trim().split(/\s+/));
  const named = (keyword) => words.filter(([first]) => first === keyword).flatMap(([, ...names]) => names);
  const over = words.filter(([, verb]) => verb === 'over').map(([output, , input]) => [output, input]);
  const roles = ['forward', 'packing', 'backward', 'update', 'source'];
  const [role] = words.find(([first, ...rest]) => rest.length === 0 && roles.includes(first)) ?? [];
  if (role === undefined) throw new Error(`operation ${name} has no role: expected ${roles.join(', ')}`);
  const results = outputs ?? [];
  // Letters that every call binds, or its required outputs would have no size.
  const known = new Set(
    [...inputs, ...results].filter(({ isOptional }) => !isOptional).flatMap(({ letters }) => letters),
  );
  for (const letter of [...known]) if (pairs[letter] !== undefined) known.add(pairs[letter]);
  const isUnsure = ({ letters, isOptional }) => isOptional && letters.some((letter) => !known.has(letter));
  return {
    name,
    data: {
      operands,
      attributes,
      role,
      inPlace: Object.fromEntries(over),
      constants: named('constant'),
      kept: named('kept'),
    },
    types: {
      required: inputs.filter(({ isOptional }) => !isOptional).map((operand) => operand.name),
      optional: inputs.filter(({ isOptional }) => isOptional).map((operand) => operand.name),
      output: results.filter((operand) => !isUnsure(operand)).map((operand) => operand.name),
      unsure: results.filter(isUnsure).map((operand) => operand.name),
      kept: named('kept'),
      constant: named('constant'),
      attribute: attributes
        .split(' ')
        .filter(Boolean)
        .map((word) => word.slice(0, word.indexOf(':'))),
      letter: [...new Set([...inputs, ...results].flatMap(({ letters }) => letters))],
    },
  };
}

const quoted = (text) => `'${text}'`;
const list = (names) => `[${names.map(quoted).join(', ')}]`;
const union = (names) => (names.length === 0 ? 'never' : names.map(quoted).join(' | '));

function source() {
  const rows = readRows();
  const described = rows.map(describe);
  const data = described.map(({ name, data: { operands, attributes, role, inPlace, constants, kept } }) => {
    const over = Object.entries(inPlace).map(([output, input]) => `${output}: ${quoted(input)}`);
    const parts = [`operands: ${quoted(operands)}`, `attributes: ${quoted(attributes)}`, `role: ${quoted(role)}`];
    parts.push(`inPlace: {${over.join(', ')}}`, `constants: ${list(constants)}`, `kept: ${list(kept)}`);
    return `  ${name}: { ${parts.join(', ')} },`;
  });
  const types = described.map(({ name, types: names }) => {
    const parts = Object.entries(names).map(([key, each]) => `${key}: ${union(each)}`);
    return `  ${name}: { ${parts.join('; ')} };`;
  });
  const format = macroCalls(formatFile, 'BPTT_FORMAT').map(([name, number]) => `  ${name}: ${number},`);
  return [
    '/** Generated by scripts/generate-operations.cjs from native/kernels/{operations.def,storage.h}, native/program/format.def. */',
    "import type { OperationRow } from '../operation.js';",
    '',
    '/** The rows in the order of their opcodes. */',
    'export const operationRows = {',
    ...data,
    '} as const satisfies Readonly<Record<string, OperationRow>>;',
    '',
    '/** The names in each row: operands, outputs, attributes, letters. */',
    'export interface OperationNames {',
    ...types,
    '}',
    '',
    '/** Of all rows; an addon that was built from the same rows has the same. */',
    `export const operationsFingerprint = '${fingerprint(rows)}';`,
    '',
    '/** How numbers may be stored, in the order of the codes, and the bytes of one. */',
    'export const storageBytes = {',
    ...readStorages().map(([name, bytes]) => `  ${name}: ${bytes},`),
    '} as const;',
    '',
    '/** Numbers of the flat form of a program. */',
    'export const format = {',
    ...format,
    '} as const;',
    '',
  ].join('\n');
}

function generate() {
  const text = source();
  if (fs.existsSync(target) && fs.readFileSync(target, 'utf8') === text) return;
  fs.mkdirSync(path.dirname(target), { recursive: true });
  // Whole or not at all: several test runs may begin at the same time.
  const aside = `${target}.${process.pid}.tmp`;
  fs.writeFileSync(aside, text);
  fs.renameSync(aside, target);
}

/** The rows as text: name, operands, attributes, clauses. */
function readRows() {
  return macroCalls(rowsFile, 'BPTT_OPERATION');
}

module.exports = { generate, readRows };
if (require.main === module) generate();
