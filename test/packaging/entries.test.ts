import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { filesBelow, projectRoot, readProjectFile } from '../architecture/project-files.js';
import { EntryDeclarations, type ExportedSymbols } from './named-types.js';
import { type PackageEntry, packageEntries } from './package-entries.js';

/** With more values than this in `bptt` itself, a reader no longer finds the one that is needed. */
const MOST_VALUES = 75;

/** Values by name, and types by their symbol, of the built package. */
const values = new Map<PackageEntry, Readonly<Record<string, unknown>>>();
const symbols = new Map<PackageEntry, ExportedSymbols>();
const declarations = new EntryDeclarations(
  packageEntries.map(({ types }) => types),
  path.join(projectRoot, 'dist'),
);

beforeAll(async () => {
  for (const entry of packageEntries) {
    values.set(entry, (await import(/* @vite-ignore */ pathToFileURL(entry.code).href)) as Record<string, unknown>);
    symbols.set(entry, declarations.exportsOf(entry.types));
  }
});

const valuesOf = (entry: PackageEntry) => values.get(entry) as Readonly<Record<string, unknown>>;
const symbolsOf = (entry: PackageEntry) => symbols.get(entry) as ExportedSymbols;
const isValue = (entry: PackageEntry, name: string) => Object.hasOwn(valuesOf(entry), name);

/** All public names, one in each line: entry, whether it is a value or only a type, name. */
function publicNames(): string {
  const lines = packageEntries.flatMap((entry) =>
    [...symbolsOf(entry).values()].map(
      (name) => `${entry.specifier} ${isValue(entry, name) ? 'value' : 'type'} ${name}`,
    ),
  );
  return `${lines.sort((a, b) => (a < b ? -1 : 1)).join('\n')}\n`;
}

describe('the entries of the package', () => {
  it('are src/index.ts and the files of src/entries, each with its types for import and for require', () => {
    expect(packageEntries.map(({ source }) => source).sort()).toEqual(
      [...filesBelow('src/entries', ['.ts']), 'src/index.ts'].sort(),
    );
    for (const { source, conditions } of packageEntries) {
      const stem = source.replace(/^src\/(.*)\.ts$/, './dist/$1');
      expect(Object.entries(conditions)).toEqual([
        ['types', `${stem}.d.ts`],
        ['default', `${stem}.js`],
      ]);
    }
  });

  it.each(packageEntries)(
    '$specifier begins with a comment that names it, and only passes on',
    ({ specifier, source }) => {
      const text = readProjectFile(source);
      const comment = /^\/\*\*\n \* `([^`]+)`: [\s\S]*?\*\//.exec(text);
      expect(comment?.[1]).toBe(specifier);
      const statements = text.slice(comment?.[0].length).split(/;\n/);
      for (const statement of statements.slice(0, -1)) expect(statement).toMatch(/^\s*export [^;]* from '[^']+'$/);
      expect(statements.at(-1)).toBe('');
    },
  );

  it('export the names that are listed; change the list on purpose, with `npx vitest run ... --update`', async () => {
    await expect(publicNames()).toMatchFileSnapshot('public-names.txt');
  });

  it('export no type of bptt a second time, but for the one that all functions of bptt/operations take', () => {
    const [main, ...others] = packageEntries;
    const known = symbolsOf(main as PackageEntry);
    const twice = others.flatMap((entry) =>
      [...symbolsOf(entry)].flatMap(([symbol, name]) => (known.has(symbol) ? `${entry.specifier} ${name}` : [])),
    );
    expect(twice).toEqual(['bptt/operations Value']);
  });

  it('export no value twice, under this name or another', () => {
    const places = new Map<unknown, string[]>();
    for (const entry of packageEntries) {
      for (const [name, value] of Object.entries(valuesOf(entry))) {
        const key = typeof value === 'function' || typeof value === 'object' ? value : name;
        places.set(key, [...(places.get(key) ?? []), `${entry.specifier} ${name}`]);
      }
    }
    expect(places.size).toBeGreaterThan(100);
    expect([...places.values()].filter((where) => where.length > 1)).toEqual([]);
  });

  it('give a name one meaning: the same in two entries is the same type', () => {
    const meanings = new Map<string, Set<unknown>>();
    // Functions of values are named as the layers that they make: `add` of a network, `add(a, b)` within a layer.
    for (const entry of packageEntries.filter(({ specifier }) => specifier !== 'bptt/operations')) {
      for (const [symbol, name] of symbolsOf(entry)) meanings.set(name, (meanings.get(name) ?? new Set()).add(symbol));
    }
    expect([...meanings].filter(([, found]) => found.size > 1).map(([name]) => name)).toEqual([]);
  });

  it(`have at most ${MOST_VALUES} values in bptt itself`, () => {
    const [main] = packageEntries;
    expect(main?.specifier).toBe('bptt');
    expect(Object.keys(valuesOf(main as PackageEntry)).length).toBeLessThanOrEqual(MOST_VALUES);
  });

  it('export every type that what they export names, but for those of bptt and for a class, which one entry has', () => {
    const [main] = packageEntries;
    const elsewhere = new Set<unknown>(symbolsOf(main as PackageEntry).keys());
    for (const entry of packageEntries) {
      for (const [symbol, name] of symbolsOf(entry)) if (isValue(entry, name)) elsewhere.add(symbol);
    }
    const missing: string[] = [];
    for (const entry of packageEntries) {
      const own = symbolsOf(entry);
      for (const [symbol, name] of own) {
        for (const named of declarations.namedBy(symbol, isValue(entry, name))) {
          if (!own.has(named) && !elsewhere.has(named)) missing.push(`${entry.specifier}: ${name} names ${named.name}`);
        }
      }
    }
    expect(missing).toEqual([]);
  });
});
