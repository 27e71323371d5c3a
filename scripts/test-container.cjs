'use strict';
/*
 * Runs the steps of the Dockerfile in docs/installation.md in a folder tree of a minimal Debian (debootstrap and chroot, where no
 * container engine is), with this machine's Node and an older glibc than that of this machine:
 *
 *   node scripts/test-container.cjs TARBALL [--suite bullseye]
 *
 * Linux, as root, with Debian's package debootstrap. TARBALL is the file that `npm pack` made, with prebuilt binaries.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { run } = require('./packed-package.cjs');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { suite: { type: 'string', default: 'bullseye' } },
});
const tree = path.join(__dirname, '..', 'build', 'container', values.suite);
const inTree = (/** @type {string} */ file) => path.join(tree, file);

const SERVER = `
import { dense, gru, info, sequential } from 'bptt';
import { trainTask } from 'bptt/tasks';
const model = await sequential([gru({ units: 8 }), dense({ units: 2 })], { features: 1 }).compile();
const [output] = await model.predict([[[1], [2]]]);
if (output.length !== 4) throw new Error('predicted ' + output.length);
await trainTask('remember', { out: '/tmp/run', units: 8, steps: 10, epochs: 1, examples: 200, valid: 50, test: 50 });
const { glibcVersionRuntime } = process.report.getReport().header;
if (process.getuid() === 0) throw new Error('runs as root');
console.log(JSON.stringify({ ...info(), glibc: glibcVersionRuntime }));
`;

/** The file system of the image: Debian's smallest, Node and npm. */
function makeImage() {
  if (!fs.existsSync(inTree('etc/debian_version'))) {
    fs.mkdirSync(tree, { recursive: true });
    run('debootstrap', ['--variant=minbase', values.suite, tree]);
  }
  fs.copyFileSync(process.execPath, inTree('usr/bin/node'));
  const npm = process.env.npm_execpath ?? fs.realpathSync(run('which', ['npm']).trim());
  fs.cpSync(path.join(path.dirname(npm), '..'), inTree('usr/lib/node_modules/npm'), { recursive: true });
  fs.writeFileSync(inTree('usr/bin/npm'), '#!/bin/sh\nexec node /usr/lib/node_modules/npm/bin/npm-cli.js "$@"\n', {
    mode: 0o755,
  });
  const cafile = run('npm', ['config', 'get', 'cafile']).trim();
  for (const file of ['/etc/resolv.conf', '/etc/hosts', cafile, process.env.NODE_EXTRA_CA_CERTS ?? '']) {
    if (!path.isAbsolute(file) || !fs.existsSync(file)) continue;
    fs.mkdirSync(path.dirname(inTree(file)), { recursive: true });
    fs.copyFileSync(file, inTree(file));
  }
}

function makeProject(/** @type {string} */ tarball) {
  fs.rmSync(inTree('app'), { recursive: true, force: true });
  fs.mkdirSync(inTree('app'));
  fs.copyFileSync(tarball, inTree('app/bptt.tgz'));
  const manifest = { name: 'app', private: true, type: 'module', dependencies: { bptt: 'file:bptt.tgz' } };
  fs.writeFileSync(inTree('app/package.json'), JSON.stringify(manifest));
  fs.writeFileSync(inTree('app/server.mjs'), SERVER);
}

function main() {
  const [tarball] = positionals;
  if (tarball === undefined) throw new Error('usage: node scripts/test-container.cjs TARBALL [--suite bullseye]');
  makeImage();
  makeProject(path.resolve(tarball));
  const steps = [
    'id node > /dev/null 2>&1 || useradd -m node',
    'cd /app',
    '! command -v g++ && ! command -v cmake && ! command -v python3',
    'npm install --package-lock-only --no-audit --no-fund',
    'npm ci --omit=dev --ignore-scripts --no-audit --no-fund',
    'rm -rf /tmp/run',
    'su node -c "node server.mjs"',
  ];
  for (const place of ['proc', 'dev']) run('mount', ['--bind', `/${place}`, inTree(place)]);
  try {
    const output = run('chroot', [tree, '/bin/sh', '-e', '-c', steps.join('\n')]);
    console.log(`bptt: ${values.suite}: ${output.trim().split('\n').at(-1)}`);
  } finally {
    for (const place of ['proc', 'dev']) spawnSync('umount', [inTree(place)]);
  }
}

try {
  main();
} catch (error) {
  console.error(`bptt: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
