'use strict';
/*
 * Proves that the package can be installed: packs it, installs the tarball into an empty folder with a PATH that has no
 * compiler, and runs it there. `npm run build:prebuilds` must have run before.
 *
 *   node scripts/check-package.cjs [--from-source]
 *
 * --from-source leaves the prebuilt binaries out and lets the installation build from the headers in the tarball.
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { npm, run } = require('./packed-package.cjs');

const root = path.join(__dirname, '..');
const fromSource = process.argv.includes('--from-source');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bptt-package-'));

function pathOf(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.map((place) => path.join(place, name)).find((file) => fs.existsSync(file));
}

/** A PATH with nothing but what npm itself and the package's programs start. */
function bareEnvironment() {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin);
  for (const name of ['sh', 'env', 'uname', 'npm']) {
    const file = pathOf(name);
    if (file) fs.symlinkSync(fs.realpathSync(file), path.join(bin, name));
  }
  fs.symlinkSync(process.execPath, path.join(bin, 'node'));
  return { ...process.env, PATH: bin, BPTT_PREBUILD: '' };
}

function check() {
  const expected = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  if (!fromSource && !fs.existsSync(expected))
    throw new Error(`${expected} is missing: run \`npm run build:prebuilds\` first`);
  npm(['pack', '--pack-destination', folder], { cwd: root });
  const tarball = fs.readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${folder}`);
  const megabytes = fs.statSync(path.join(folder, tarball)).size / 1e6;

  const project = path.join(folder, 'project');
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
  const env = fromSource
    ? { ...process.env, npm_config_build_from_source: 'true', BPTT_PREBUILD: '' }
    : bareEnvironment();
  const started = Date.now();
  npm(['install', path.join(folder, tarball), '--no-audit', '--no-fund'], { cwd: project, env });
  const seconds = (Date.now() - started) / 1000;

  const script = "import { info } from 'bptt'; console.log(JSON.stringify(info()));";
  const info = JSON.parse(run(process.execPath, ['--input-type=module', '-e', script], { cwd: project, env }));
  const program = JSON.parse(
    run(path.join(project, 'node_modules', '.bin', 'bptt'), ['info', '--json'], { cwd: project, env }),
  );
  if (program.version !== info.version || program.isa !== info.isa)
    throw new Error('the program and the library disagree');
  const widest = info.supported.at(-1);
  if (info.isa !== widest) throw new Error(`runs on ${info.isa} although the processor has ${widest}: ${info.note}`);
  console.log(
    `bptt ${info.version}: ${megabytes.toFixed(1)} MB, installed ${fromSource ? 'from source' : 'without a compiler'} ` +
      `in ${seconds.toFixed(1)} s, runs on ${info.isa}`,
  );
}

try {
  check();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
