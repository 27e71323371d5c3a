/** The output of all benchmarks: a table during the measurement, and JSON at the end. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { info } from '../../dist/index.js';
import { measureCeilings } from './ceilings.mjs';
import { rounded } from './statistics.mjs';

/** A number in a column: four digits, at most three behind the point. */
const shown = (value) => (value >= 1000 ? value.toFixed(0) : value >= 100 ? value.toFixed(1) : value.toPrecision(3));

/** A cell of the table; undefined is a dash. */
const cellOf = (value) => (value === undefined ? '-' : typeof value === 'number' ? shown(value) : value);

/** A share in percent, for the table. */
export const percent = (share) => (share === undefined ? undefined : `${(100 * share).toFixed(0)}%`);

/** Share of the multiply-add peak; undefined without one. */
export const shareOf = (gigaflops, peak) => (peak === undefined ? undefined : rounded(gigaflops / peak));

/** How many times as fast as a side this library is. */
export function timesFaster(sides, peer) {
  const { medianMs } = sides[peer];
  return medianMs === undefined ? undefined : rounded(medianMs / sides.bptt.medianMs);
}

/** Table and JSON of one benchmark. */
export class Report {
  #columns;
  #out;
  #json;
  #said = new Set();
  #result;

  /**
   * @param name of the benchmark
   * @param options of `benchOptions`
   * @param columns `[title, width]`, the first ones of text, which stand on the left
   */
  constructor(name, options, columns) {
    const { json, threads, rounds } = options;
    this.#json = json;
    this.#out = json === '-' ? process.stderr : process.stdout;
    this.#columns = columns;
    const { version, isa, note, supported } = info();
    const processor = cpus()[0]?.model ?? 'unknown';
    this.ceilings = measureCeilings(threads);
    const { ceilings } = this;
    this.#result = {
      benchmark: name,
      version,
      isa,
      supported,
      processor,
      node: process.version,
      rounds,
      ceilings,
      cases: /** @type {object[]} */ ([]),
    };
    this.#print(
      `${name}: bptt ${version} ${isa}${note === '' ? '' : ` (${note})`}, Node ${process.version}, ${processor}`,
    );
    if (ceilings.missing !== undefined) this.say(`ceilings ${ceilings.missing}`);
    else {
      for (const [count, { gigaflops, gigabytesPerSecond }] of Object.entries(ceilings)) {
        this.#print(`ceilings of ${count} thread(s): ${gigaflops} GFLOP/s, copy ${gigabytesPerSecond} GB/s`);
      }
    }
    this.#print('');
    this.#print(this.#line(columns.map(([title]) => title)));
  }

  /** Writes a message once on standard error. */
  say(text) {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    process.stderr.write(`bench: ${text}\n`);
  }

  /** Adds a case: its figures, and its line in the table. Missing sides are reported. */
  add(figures, values) {
    this.#result.cases.push(figures);
    const { busy, processors, slowness } = figures.load;
    this.#print(`${this.#line(values)}${busy ? `  busy: ${shown(processors)} processors, x${shown(slowness)}` : ''}`);
    for (const [name, { missing, note }] of Object.entries(figures.sides)) {
      if (missing !== undefined) this.say(`${name} ${missing}`);
      if (note !== undefined) this.say(`${name}: ${note}`);
    }
  }

  /** Writes the JSON where it was asked for. */
  finish() {
    const text = `${JSON.stringify(this.#result, null, 2)}\n`;
    if (this.#json === '-') process.stdout.write(text);
    else if (this.#json !== undefined) writeFileSync(this.#json, text);
  }

  #line(values) {
    const cells = values.map((value, column) => {
      const [, width, side = 'right'] = this.#columns[column];
      return side === 'left' ? cellOf(value).padEnd(width) : cellOf(value).padStart(width);
    });
    return cells.join('  ').trimEnd();
  }

  #print(text) {
    this.#out.write(`${text}\n`);
  }
}
