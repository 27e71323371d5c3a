/** A network or a model as a table for people. */
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import { type InputDescription, inputAxes, type NetworkDescription, outputNodes } from '../../network/description.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import type { LossDescription } from '../../network/losses/losses.js';
import type { ModelLoss } from '../../network/output-losses.js';
import { buildForward } from '../build/build-forward.js';
import { outputPer } from '../build/build-graph.js';
import { ParameterLayout } from '../build/parameters.js';
import type { ModelMemory } from '../execute/results.js';

/** Facts about a compiled network besides its description. */
export interface CompiledFacts {
  readonly loss: ModelLoss;
  readonly optimizer: object;
  readonly step: number;
  readonly memory: ModelMemory;
}

/** Widest line of a summary, in columns of a terminal. */
const WIDTH = 100;

/** Stands for a space at which a line must not be broken. */
const JOINED = '\u00a0';

/** The space between two columns. */
const GAP = '  ';

/** The shapes and parameter counts of a description's layers; without shapes when the layers do not fit together. */
interface Built {
  readonly nodes: ReadonlyMap<string, Value>;
  readonly parameters: ReadonlyMap<string, number>;
  /** Numbers of all layers that are not trained. */
  readonly buffers: number;
  readonly error?: string;
}

function build(description: NetworkDescription): Built {
  const layout = new ParameterLayout();
  try {
    const { nodes } = buildForward(description, layout, { training: false });
    const parameters = new Map<string, number>();
    for (const [name, { request }] of layout.requests) {
      const node = name.slice(0, name.indexOf('.'));
      parameters.set(node, (parameters.get(node) ?? 0) + request.rows * request.columns);
    }
    const sizes = [...layout.buffers.values()].map(({ request: { rows, columns } }) => rows * columns);
    return { nodes, parameters, buffers: sizes.reduce((sum, size) => sum + size, 0) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { nodes: new Map(), parameters: new Map(), buffers: 0, error: message };
  }
}

const count = (value: number) => value.toLocaleString('en-US');

function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${power === 0 || scaled >= 99.95 ? Math.round(scaled) : scaled.toPrecision(3)}${JOINED}${units[power]}`;
}

/** `adam (learningRate 0.001, beta1 0.9)` */
function settings(value: string | object): string {
  if (typeof value === 'string') return value;
  const { kind, ...rest } = value as Readonly<Record<string, unknown>>;
  const entries = Object.entries(rest).filter(([, each]) => each !== undefined);
  const values = entries.map(([name, each]) => `${name} ${Array.isArray(each) ? each.join(' ') : String(each)}`);
  return values.length === 0 ? String(kind) : `${kind} (${values.join(', ')})`;
}

function losses(loss: ModelLoss): string {
  if (typeof loss === 'string' || !('losses' in loss)) return settings(loss);
  const { losses: named, lossWeights = {} } = loss;
  const one = ([name, each]: readonly [string, LossDescription]) =>
    `${name} ${settings(each)}${lossWeights[name] === undefined ? '' : ` x ${lossWeights[name]}`}`;
  return Object.entries(named).map(one).join(', ');
}

function kindOf(layer: AnyLayer): string {
  const { kind, layers = 1, direction = 'forward' } = layer as { kind: string; layers?: number; direction?: string };
  return [kind, ...(layers > 1 ? [`${layers} layers`] : []), ...(direction === 'forward' ? [] : [direction])].join(
    ', ',
  );
}

function shapeOf(value: Value | undefined): string {
  if (value === undefined) return '?';
  const columns = value.type === 'int32' ? '' : `, ${value.columns}`;
  return outputPer(value) === 'sequence' ? `[B${columns}] per sequence` : `[N${columns}]`;
}

const axisOf = (value: Value | undefined) => (value === undefined ? '?' : (value.rows as SymbolicExtent).axis);

function inputKind(input: InputDescription): string {
  return input.kind === 'indices' ? `input, ids below ${count(input.size)}` : 'input, features';
}

/** Whether every layer reads only the layer before it. */
function isChain({ inputs, nodes }: NetworkDescription): boolean {
  const [input, ...others] = Object.keys(inputs);
  const before = [input, ...nodes.map(({ name }) => name)];
  const isNext = ({ inputs: reads, states }: NetworkDescription['nodes'][number], index: number) =>
    reads.length === 1 && reads[0] === before[index] && states === undefined;
  return others.length === 0 && nodes.every(isNext);
}

const cut = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);

/** Lines of equal columns, the last column aligned to the right. The widest columns are cut until the lines fit. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const total = () => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  while (total() > WIDTH) {
    const widest = widths.indexOf(Math.max(...widths));
    (widths[widest] as number)--;
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] as number;
      const text = cut(cell, width);
      return column === row.length - 1 ? text.padStart(width) : text.padEnd(width);
    });
    return cells.join(GAP).trimEnd();
  });
}

/** Named facts below the table, wrapped where they are long. */
function facts(rows: readonly (readonly [string, string])[]): string[] {
  const indent = Math.max(...rows.map(([name]) => name.length)) + GAP.length;
  return rows.flatMap(([name, text]) => {
    const lines: string[] = [];
    let line = '';
    for (const word of text.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && indent + longer.length > WIDTH) {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    lines.push(line);
    return lines.map((each, at) => {
      return (at === 0 ? name : '').padEnd(indent) + cut(each.replaceAll(JOINED, ' '), WIDTH - indent);
    });
  });
}

function memoryText({ total, parameters, gradients, optimizer, arena, scratch }: ModelMemory): string {
  const parts = { parameters, gradients, optimizer, programs: arena + scratch };
  const listed = Object.entries(parts).map(([name, size]) => `${name}${JOINED}${bytes(size)}`);
  return `${bytes(total)} planned (${listed.join(', ')})`;
}

/**
 * The layers of a network in a table of at most 100 columns: name, kind, output ([N, F] for N steps, [B, F] for B
 * sequences) and number of parameters; then facts about the whole network.
 *
 * @param compiled facts that are known after compilation
 */
export function summaryOf(description: NetworkDescription, compiled?: CompiledFacts): string {
  const { nodes, parameters, buffers, error } = build(description);
  const chain = isChain(description);
  const severalAxes = new Set([...inputAxes(description), ...[...nodes.values()].map(axisOf)]).size > 1;
  const row = (name: string, kind: string, reads: string, own: string) => {
    const value = nodes.get(name);
    return [name, kind, ...(chain ? [] : [reads]), shapeOf(value), ...(severalAxes ? [axisOf(value)] : []), own];
  };
  const inputs = Object.entries(description.inputs).map(([name, input]) => row(name, inputKind(input), '', ''));
  const layers = description.nodes.map(({ name, layer, inputs: reads, states = {} }) => {
    const given = Object.entries(states).map(([state, source]) => `${state}=${source}`);
    const own = error === undefined ? count(parameters.get(name) ?? 0) : '?';
    return row(name, kindOf(layer), [...reads, ...given].join(', '), own);
  });
  const head = ['name', 'kind', ...(chain ? [] : ['reads']), 'output', ...(severalAxes ? ['axis'] : []), 'parameters'];
  const lines = table([head, ...inputs, ...layers]);
  const rule = '─'.repeat(Math.max(...lines.map((line) => line.length)));
  const total = [...parameters.values()].reduce((sum, own) => sum + own, 0);
  const several = description.output === undefined;
  const outputs = [...outputNodes(description)].map(([name, node]) => (name === node ? name : `${name} (${node})`));
  const known: (readonly [string, string])[] = [
    ...(error === undefined ? [['parameters', `${count(total)} (${bytes(4 * total)})`] as const] : []),
    ...(buffers > 0 ? [['not trained', `${count(buffers)} (${bytes(4 * buffers)})`] as const] : []),
    ...(several ? [['outputs', outputs.join(', ')] as const] : []),
    ...(error === undefined ? [] : [['error', error] as const]),
    ...(compiled === undefined
      ? [['compiled', 'no'] as const]
      : ([
          ['memory', memoryText(compiled.memory)],
          ['loss', losses(compiled.loss)],
          ['optimizer', settings(compiled.optimizer)],
          ['trained', `${count(compiled.step)} ${compiled.step === 1 ? 'step' : 'steps'}`],
        ] as const)),
  ];
  return [lines[0], rule, ...lines.slice(1), rule, ...facts(known)].join('\n');
}

/** Lets `console.log` and `util.inspect` show the summary of an object. @param name of the class */
export function showSummary(prototype: { summary(): string }, name: string): void {
  Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: { summary(): string }, depth: number): string {
      return depth < 0 ? `[${name}]` : `${name}\n${this.summary()}`;
    },
    configurable: true,
    writable: true,
  });
}
