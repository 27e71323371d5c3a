import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type NodeCase, runCase } from './node-runs.js';

type Entry = NodeCase | { readonly name: string; readonly operator: string; readonly left: string };

/** Tests of the onnx package, by golden/make_nodes.py. */
const { cases } = JSON.parse(
  gunzipSync(readFileSync(new URL('./golden/nodes.json.gz', import.meta.url))).toString(),
) as { readonly cases: readonly Entry[] };

const page = readFileSync(new URL('../../../docs/interchange/onnx.md', import.meta.url), 'utf8');

const operators = [...new Set(cases.map(({ operator }) => operator))].sort();

/** Reasons of one kind by one name: what the axes and numbers of a case are does not matter. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/no input of real numbers|^no input$/, 'whole numbers or none come in'],
  [/no axis can have rows/, 'a single number, or nothing, comes in'],
  [/computes nothing of its inputs/, 'nothing is computed'],
  [
    /differs from row to row|rows are put one after|rows are split|time is repeated|for \d+ outputs|rows and columns|is reshaped to|known only when|nothing is left/,
    'rows are mixed',
  ],
  [/only (windows|convolutions) along one axis/, 'along two axes or more'],
  [/training_mode/, 'training mode'],
  [/a cast of what is computed|is a cast/, 'rounded to another type'],
  [/expected finite numbers/, 'the input has NaN'],
  [/product of two computed|expected a matrix/, 'products of two inputs, or of stacks of matrices'],
  [/exponent|base/, 'powers of two inputs, of a base of several numbers'],
  [/more than 16 kB|sequences of tensors/, 'left out: large, or lists of tensors'],
];

const kindOf = (reason: string) => KINDS.find(([pattern]) => pattern.test(reason))?.[1] ?? reason;

async function outcomesOf(
  operator: string,
): Promise<{ passed: number; reasons: Map<string, number>; wrong: string[] }> {
  const reasons = new Map<string, number>();
  const wrong: string[] = [];
  let passed = 0;
  const add = (reason: string) => reasons.set(kindOf(reason), (reasons.get(kindOf(reason)) ?? 0) + 1);
  for (const each of cases) {
    if (each.operator !== operator) continue;
    if ('left' in each) {
      add(each.left);
      continue;
    }
    const [newest = 0, ...older] = [...each.opsets].reverse();
    let outcome = await runCase(each, newest);
    // Older opsets have the same operator: the arrangement that was taken over is enough.
    for (const opset of older) if (outcome.kind === 'passed') outcome = await runCase(each, opset, outcome.axes);
    if (outcome.kind === 'passed') passed++;
    else if (outcome.kind === 'refused') add(outcome.reason);
    else wrong.push(`${each.name}: ${JSON.stringify(outcome)}`);
  }
  return { passed, reasons, wrong };
}

describe("ONNX's own tests of nodes, every opset that has the operator as it is", () => {
  it.each(operators)(
    '%s: as docs/interchange/onnx.md says',
    async (operator) => {
      const { passed, reasons, wrong } = await outcomesOf(operator);
      expect(wrong).toEqual([]);
      const total = cases.filter((each) => each.operator === operator).length;
      const why = [...reasons].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, count]) => `${count} ${reason}`);
      expect(page).toContain(`| ${operator} | ${total} | ${passed} | ${why.join('; ')} |`);
    },
    120_000,
  );

  it('are all in the table', () => {
    const rows = [...page.matchAll(/^\| (\w+) \| \d+ \| \d+ \|/gm)].map(([, operator]) => operator);
    expect(rows).toEqual(operators);
  });
});

const shared = new URL('../../../../shared/data/onnx_rnn/', import.meta.url);

describe.runIf(existsSync(shared))('the recurrent nodes of ../shared/data/onnx_rnn', () => {
  const names = [
    'gru_defaults',
    'gru_with_initial_bias',
    'lstm_defaults',
    'lstm_with_initial_bias',
    'simple_rnn_defaults',
    'simple_rnn_with_initial_bias',
  ];

  it.each(names)('%s', async (name) => {
    const folder = new URL(`test_${name}/`, shared);
    const read = (path: string) => readFileSync(new URL(path, folder)).toString('base64');
    const inputs = [0, 1, 2, 3]
      .map((at) => `test_data_set_0/input_${at}.pb`)
      .filter((path) => existsSync(new URL(path, folder)))
      .map(read);
    const operator = name.startsWith('gru') ? 'GRU' : name.startsWith('lstm') ? 'LSTM' : 'RNN';
    const each: NodeCase = {
      name,
      operator,
      opsets: [22],
      model: read('model.onnx'),
      inputs,
      outputs: [read('test_data_set_0/output_0.pb')],
    };
    for (const opset of [7, 14, 22]) expect(await runCase(each, opset)).toMatchObject({ kind: 'passed' });
  });
});

if (!existsSync(shared)) console.warn('\nLEFT OUT: ../shared/data/onnx_rnn is not there\n');
