/** The README.md of a model: what it is, how it is used, what it has reached. */
import { basename } from 'node:path';
import { metricsPath, Run } from '../../checkpoint/run.js';
import { isJsonObject, type JsonObject, parseStrictJson } from '../../core/json.js';
import { existsAt } from '../../core/path-stats.js';
import { readRegularFileSync } from '../../core/regular-file.js';
import type { Model } from '../../model/model.js';

/** A measure of a run. */
export interface Measure {
  /** `valid loss`. */
  readonly name: string;
  readonly value: number;
}

/** Keys of a line that are no measures. */
const OTHERS = new Set(['step', 'epoch', 'kind', 'learningRate', 'seconds', 'time', 'elapsed']);

/** Numbers of a line, those in objects with the name of these before their own. */
function measuresIn(record: object, before = ''): Measure[] {
  return Object.entries(record).flatMap(([key, value]): Measure[] => {
    if (before === '' && OTHERS.has(key)) return [];
    const name = before === '' ? key : `${before} ${key}`;
    if (typeof value === 'number') return [{ name, value }];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? measuresIn(value, name) : [];
  });
}

/** The lines of the metrics of a run; one that is cut off is left out. */
function recordsOf(run: string): JsonObject[] {
  const path = metricsPath(run);
  if (!existsAt(path)) return [];
  return readRegularFileSync(path)
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const record = parseStrictJson(line);
        return isJsonObject(record) ? [record] : [];
      } catch {
        return [];
      }
    });
}

/**
 * What a run measured at a step.
 *
 * @throws {ConfigurationError} `invalid_configuration` for what is no run
 * @throws {DataError} `file_unreadable`
 */
export function measuresOf(run: string, step: number): Measure[] {
  Run.read(run);
  const records = recordsOf(run).filter((record) => record['step'] === step);
  const named = records.flatMap((record) => {
    const kind = record['kind'];
    return measuresIn(record).map(({ name, value }) => ({
      name: typeof kind === 'string' ? `${kind} ${name}` : name,
      value,
    }));
  });
  return [...new Map(named.map((measure) => [measure.name, measure])).values()];
}

/** What a card says. */
export interface CardFacts {
  readonly name: string | undefined;
  readonly path: string;
  readonly measures: readonly Measure[];
  readonly notes: readonly string[];
  readonly hasModule: boolean;
}

/** The README.md. */
export function modelCard(model: Model, { name, path, measures, notes, hasModule }: CardFacts): string {
  const lines = [
    ...['---', 'library_name: bptt', 'tags:', '  - bptt', '  - recurrent', '---', ''],
    ...[`# ${name ?? basename(path)}`, ''],
    'A recurrent network, trained with [bptt](https://www.npmjs.com/package/bptt).',
    ...['', '```', model.summary(), '```', '', '## Use', '', 'In Node:', ''],
    ...[
      '```js',
      "import { loadModel } from 'bptt';",
      '',
      `const { model } = await loadModel('${basename(path)}');`,
      '```',
    ],
  ];
  if (hasModule) {
    lines.push(
      ...[
        '',
        'In Python:',
        '',
        '```python',
        'from model import load',
        '',
        "network = load('model.safetensors')",
        '```',
      ],
    );
  }
  if (measures.length > 0) {
    lines.push('', `## Measures at step ${model.step}`, '', '| | |', '|---|---|');
    lines.push(...measures.map((measure) => `| ${measure.name} | ${Number(measure.value.toPrecision(6))} |`));
  }
  if (notes.length > 0) lines.push('', '## Notes', '', ...notes.map((note) => `- ${note}`));
  return `${lines.join('\n')}\n`;
}
