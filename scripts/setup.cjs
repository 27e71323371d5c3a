'use strict';
/*
 * Makes a new clone ready: Node packages, compiler and Eigen, native build, TypeScript build. Every part is done only
 * when something that it depends on has changed, so the second execution ends immediately. Plain Node, no packages.
 *
 *   node scripts/setup.cjs [--without-native]
 */
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { generate } = require('./generate-operations.cjs');
const { installMissingParts } = require('./system-packages.cjs');

const root = path.join(__dirname, '..');
const fromRoot = (...parts) => path.join(root, ...parts);

function run(title, command, options, settings = {}) {
  console.log(`bptt: ${title}`);
  const result = spawnSync(command, options, { cwd: root, stdio: 'inherit', ...settings });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    console.error(`bptt: failed: ${title}`);
    process.exit(result.status ?? 1);
  }
}

/** Whether node_modules holds what package-lock.json asks for; parts of other platforms may be missing. */
function packagesAreCurrent() {
  let installed;
  try {
    installed = JSON.parse(fs.readFileSync(fromRoot('node_modules', '.package-lock.json'), 'utf8')).packages;
  } catch {
    return false; // never installed, or an installation that was cut short
  }
  const wanted = JSON.parse(fs.readFileSync(fromRoot('package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([where, { version, optional }]) => {
    if (where === '') return true;
    const found = installed[where];
    return found === undefined ? optional === true : found.version === version;
  });
}

function installPackages() {
  if (packagesAreCurrent()) return;
  const npm = process.env.npm_execpath; // set when npm runs this script
  // Without scripts: the package's own one would build the addon, which is done below with the compiler made sure of.
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  if (npm) run('installing Node packages', process.execPath, [npm, ...options]);
  else run('installing Node packages', 'npm', options, { shell: process.platform === 'win32' });
}

/** Hash of the names and contents of files and folders. */
function fingerprint(places) {
  const hash = crypto.createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  const add = (file) => {
    hash.update(`${path.relative(root, file)}\n`).update(fs.readFileSync(file));
  };
  for (const place of places) {
    const start = fromRoot(place);
    if (!fs.statSync(start).isDirectory()) add(start);
    else {
      const entries = fs.readdirSync(start, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
      for (const file of files.sort()) if (!file.includes('third_party')) add(file);
    }
  }
  return hash.digest('hex');
}

/** Executes a build script, unless its product exists and was made from the same sources. */
function build({ title, script, sources, products, stamp }) {
  const current = fingerprint(sources);
  const stampFile = fromRoot('build', stamp);
  const made = fs.existsSync(stampFile) ? fs.readFileSync(stampFile, 'utf8') : '';
  if (made === current && products.every((product) => fs.existsSync(fromRoot(product)))) return;
  run(title, process.execPath, [fromRoot(script)]);
  fs.mkdirSync(path.dirname(stampFile), { recursive: true });
  fs.writeFileSync(stampFile, current);
}

const native = {
  title: 'building the native addon',
  script: 'scripts/build-native.cjs',
  sources: ['CMakeLists.txt', 'native', 'package-lock.json', 'package.json', 'scripts/build-native.cjs'],
  products: ['build/Release/bptt.node'],
  stamp: 'native.sha256',
};
const typescript = {
  title: 'compiling TypeScript',
  script: 'scripts/build-typescript.cjs',
  sources: ['src', 'tsconfig.json', 'package-lock.json', 'scripts/build-typescript.cjs'],
  products: ['dist/index.js', 'build/typescript/index.js'],
  stamp: 'typescript.sha256',
};

/**
 * Brings everything up to date; ends the process with a message when a requirement cannot be installed.
 *
 * @param {{ withNative?: boolean }} options without the native addon all is there but what runs a network
 */
function setUp({ withNative = true } = {}) {
  installPackages();
  installMissingParts();
  generate();
  build(typescript);
  if (withNative) build(native);
}

module.exports = { setUp };
if (require.main === module) setUp({ withNative: !process.argv.includes('--without-native') });
