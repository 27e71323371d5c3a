'use strict';
/*
 * Generates the files of src/ that come from native/, compiles src/ to build/typescript, one file each, and makes dist/ of them,
 * which is published: the types of every file, and the code of all in few files. Node needs about a millisecond for each file that it
 * loads, so the command line starts in little more than half the time.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { isBuiltin } = require('node:module');
const path = require('node:path');
const { generate } = require('./generate-operations.cjs');

const root = path.join(__dirname, '..');
const compiled = path.join(root, 'build', 'typescript');
const published = path.join(root, 'dist');

const filesOf = (/** @type {string} */ folder) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));

/** Compiles every source, and removes what was compiled from sources that have been renamed or deleted. */
function compile() {
  const compiler = require.resolve('typescript/bin/tsc');
  const { status, error } = spawnSync(process.execPath, [compiler, '-p', path.join(root, 'tsconfig.json')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  for (const file of filesOf(compiled)) {
    const stem = file.replace(/(\.d\.ts|\.js)$/, '');
    if (!fs.existsSync(path.join(root, 'src', `${stem}.ts`))) fs.rmSync(path.join(compiled, file));
  }
}

/** The files of dist/ that package.json names: the entries and the command. */
function publishedEntries() {
  const { exports, bin } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const files = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]));
  return [...files, ...Object.values(bin)].map((file) => path.relative('dist', file));
}

/** Whether the code is left in its own package, which is installed beside this one, or by those who need it; others are joined in. */
function isInstalled(name) {
  const { dependencies, peerDependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const packageName = name.split('/', name.startsWith('@') ? 2 : 1).join('/');
  return isBuiltin(name) || Object.hasOwn({ ...dependencies, ...peerDependencies }, packageName);
}

/** The licenses of the packages whose modules were joined in, as one text. */
function licensesOf(modules) {
  const folders = modules.flatMap(
    (file) => /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file)?.[1] ?? [],
  );
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    // Packages without a license file have one here, made of what their package and their sources say.
    const own = path.join(__dirname, 'licenses', `${name.replace('@', '').replace('/', '-')}.txt`);
    const found = fs.readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (found === undefined && !fs.existsSync(own)) throw new Error(`${name} is joined in, and has no license file`);
    const file = found === undefined ? own : path.join(folder, found);
    return `${name} ${version} (${license})\n\n${fs.readFileSync(file, 'utf8').trim()}\n`;
  });
  return `The code in this folder contains these packages.\n\n${texts.join('\n----\n\n')}`;
}

/** Joins the compiled modules, each in one file only, so that all entries share classes and state. */
async function bundle() {
  const { rolldown } = await import('rolldown');
  const entries = publishedEntries().map((file) => [file.replace(/\.js$/, ''), path.join(compiled, file)]);
  const bundle = await rolldown({
    input: Object.fromEntries(entries),
    platform: 'node',
    external: (name) => !name.startsWith('.') && !path.isAbsolute(name) && isInstalled(name),
  });
  const { output } = await bundle.generate({
    format: 'esm',
    chunkFileNames: 'shared/[name].js',
    comments: false, // doc comments are in the types, where editors read them
  });
  await bundle.close();
  const chunks = output.flatMap((file) => (file.type === 'chunk' ? [file] : []));
  return [
    ...chunks.map((chunk) => ({ name: chunk.fileName, text: chunk.code })),
    { name: 'third-party-licenses.txt', text: licensesOf(chunks.flatMap((chunk) => chunk.moduleIds)) },
  ];
}

/** Writes dist/: files are replaced one by one, since programs that use them may be running. */
async function publish() {
  const types = filesOf(compiled).filter((file) => file.endsWith('.d.ts'));
  const files = [
    ...types.map((name) => ({ name, text: fs.readFileSync(path.join(compiled, name), 'utf8') })),
    ...(await bundle()),
  ];
  for (const { name, text } of files) {
    const file = path.join(published, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) fs.writeFileSync(file, text);
  }
  const wanted = new Set(files.map(({ name }) => path.normalize(name)));
  for (const file of filesOf(published)) if (!wanted.has(file)) fs.rmSync(path.join(published, file));
  fs.chmodSync(path.join(published, 'cli', 'main.js'), 0o755);
}

async function build() {
  generate();
  compile();
  await publish();
}

build().catch((error) => {
  console.error(error);
  process.exit(1);
});
