'use strict';
/*
 * Proves that the package can be installed: packs it, installs the tarball into empty folders with a PATH that has no compiler, and
 * trains and predicts there. `npm run build:prebuilds` must have run before, for this machine at least.
 *
 *   node scripts/check-package.cjs [--installer NAME]... [--from-source] [--tarball FILE]
 *
 * Installers: npm, npm-ignore-scripts, pnpm, yarn (node_modules), yarn-pnp, bun; default: all. Those that are missing are fetched as packages
 * of npm. --from-source leaves the prebuilt binaries out and lets npm build from the headers in the tarball.
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { npm, run } = require('./packed-package.cjs');

const root = path.join(__dirname, '..');
const { values } = parseArgs({
  options: {
    installer: { type: 'string', multiple: true },
    'from-source': { type: 'boolean', default: false },
    tarball: { type: 'string' },
  },
});
const fromSource = values['from-source'];
// A space and letters beyond ASCII: paths as people have them.
const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'bptt päckage-'));

/** Programs of other package managers, from the registry. */
const PACKAGES = {
  pnpm: 'pnpm@10',
  yarn: '@yarnpkg/cli-dist@4',
  bun: `@oven/bun-${process.platform}-${process.arch}@1`,
};

function fetched(name) {
  const place = path.join(root, 'build', 'installers', name);
  if (!fs.existsSync(place)) {
    fs.mkdirSync(place, { recursive: true });
    fs.writeFileSync(path.join(place, 'package.json'), '{ "private": true }\n');
    npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', PACKAGES[name]], { cwd: place });
  }
  const programs = {
    pnpm: [process.execPath, path.join(place, 'node_modules/pnpm/bin/pnpm.cjs')],
    yarn: [process.execPath, path.join(place, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js')],
    bun: [path.join(place, `node_modules/@oven/bun-${process.platform}-${process.arch}/bin/bun`)],
  };
  return programs[name];
}

const npmOptions = ['--no-audit', '--no-fund'];
/** For each installer: how it adds the tarball to the project, and how a script is executed there. */
const installers = {
  npm: { add: (tarball, project, env) => npm(['install', tarball, ...npmOptions], { cwd: project, env }) },
  'npm-ignore-scripts': {
    add: (tarball, project, env) => npm(['install', tarball, '--ignore-scripts', ...npmOptions], { cwd: project, env }),
  },
  pnpm: { add: (tarball, project, env) => call(fetched('pnpm'), ['add', tarball], project, env) },
  yarn: { add: (tarball, project, env) => addByYarn('node-modules', tarball, project, env) },
  'yarn-pnp': {
    add: (tarball, project, env) => addByYarn('pnp', tarball, project, env),
    node: ['--require', './.pnp.cjs', '--experimental-loader', './.pnp.loader.mjs', '--no-warnings'],
  },
  bun: { add: (tarball, project, env) => call(fetched('bun'), ['add', tarball], project, env) },
};

function call([program, ...first], options, cwd, env) {
  return run(program, [...first, ...options], { cwd, env });
}

function addByYarn(linker, tarball, project, env) {
  fs.writeFileSync(
    path.join(project, '.yarnrc.yml'),
    `nodeLinker: ${linker}\nenableGlobalCache: false\nenableTelemetry: false\n`,
  );
  fs.writeFileSync(path.join(project, 'yarn.lock'), '');
  call(fetched('yarn'), ['add', `bptt@file:${tarball}`], project, env);
}

function pathOf(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.map((place) => path.join(place, name)).find((file) => fs.existsSync(file));
}

/** A PATH with nothing but what npm itself and the package's programs start. */
function bareEnvironment() {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin);
  // pnpm's programs start sed, dirname and uname.
  for (const name of ['sh', 'env', 'uname', 'dirname', 'sed', 'npm']) {
    const file = pathOf(name);
    if (file) fs.symlinkSync(fs.realpathSync(file), path.join(bin, name));
  }
  fs.symlinkSync(process.execPath, path.join(bin, 'node'));
  return { ...process.env, PATH: bin, HOME: folder, BPTT_PREBUILD: '', CI: 'true' };
}

/** Trains a task and a network of its own, and prints what the library is. */
const PROGRAM = `
import { adam, dense, gru, info, sequential } from 'bptt';
import { trainTask } from 'bptt/tasks';
const model = await sequential([gru({ units: 8 }), dense({ units: 1 })], { features: 1 })
  .compile({ loss: 'meanSquaredError', optimizer: adam() });
const [output] = await model.predict([[[1], [2], [3]]]);
if (output.length !== 3) throw new Error('predicted ' + output.length);
const { metrics } = await trainTask('remember', { out: 'run', units: 8, steps: 10, epochs: 1, examples: 200, valid: 50, test: 50 });
if (!Number.isFinite(Object.values(metrics.test)[0])) throw new Error(JSON.stringify(metrics));
console.log(JSON.stringify(info()));`;

function sizeOf(place) {
  return fs
    .readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + fs.lstatSync(path.join(entry.parentPath, entry.name)).size, 0);
}

function check(name, tarball, env) {
  const { add, node = [] } = installers[name];
  const project = path.join(folder, name);
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
  fs.writeFileSync(path.join(project, 'program.mjs'), PROGRAM);
  const started = Date.now();
  add(tarball, project, env);
  const seconds = (Date.now() - started) / 1000;
  const output = run(process.execPath, [...node, 'program.mjs'], { cwd: project, env });
  const info = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  if (node.length === 0) {
    const program = JSON.parse(
      run(path.join(project, 'node_modules', '.bin', 'bptt'), ['info', '--json'], { cwd: project, env }),
    );
    if (program.version !== info.version || program.isa !== info.isa)
      throw new Error('the program and the library disagree');
  }
  const widest = info.supported.at(-1);
  if (info.isa !== widest) throw new Error(`runs on ${info.isa} although the processor has ${widest}: ${info.note}`);
  console.log(
    `bptt ${info.version}: ${name}, installed ${fromSource ? 'from source' : 'without a compiler'} in ${seconds.toFixed(1)} s` +
      ` (${(sizeOf(project) / 1e6).toFixed(1)} MB), trains on ${info.isa}`,
  );
}

/** The tarball as npm would publish it. */
function pack() {
  const expected = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  if (!fromSource && !fs.existsSync(expected))
    throw new Error(`${expected} is missing: run \`npm run build:prebuilds\` first`);
  npm(['pack', '--pack-destination', folder], { cwd: root });
  const name = fs.readdirSync(folder).find((entry) => entry.endsWith('.tgz'));
  if (name === undefined) throw new Error(`npm pack left no tarball in ${folder}`);
  return path.join(folder, name);
}

function main() {
  const names = fromSource ? ['npm'] : (values.installer ?? Object.keys(installers));
  const unknown = names.find((name) => !Object.hasOwn(installers, name));
  if (unknown !== undefined)
    throw new Error(`unknown installer '${unknown}'; there are ${Object.keys(installers).join(', ')}`);
  const tarball = values.tarball === undefined ? pack() : path.resolve(values.tarball);
  console.log(`bptt: the tarball has ${(fs.statSync(tarball).size / 1e6).toFixed(2)} MB`);
  const env = fromSource
    ? { ...process.env, npm_config_build_from_source: 'true', BPTT_PREBUILD: '' }
    : bareEnvironment();
  let failed = 0;
  for (const name of names) {
    try {
      check(name, tarball, env);
    } catch (error) {
      failed++;
      console.error(`bptt: ${name} failed: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (failed > 0) process.exitCode = 1;
}

try {
  main();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
