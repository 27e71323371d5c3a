'use strict';
/*
 * `npm run check:entries`: proves that every entry of the package resolves, with its types, for those who use it. Packs what
 * npm would publish, without the native parts, and judges the tarball with publint and with arethetypeswrong (attw). Ends with
 * status 1 on any finding. `npm run build:ts` must have run.
 *
 * attw judges with two exceptions:
 *   --profile node16: not for `moduleResolution: node10`, which cannot read `exports` and which TypeScript 6 has deprecated.
 *   cjs-resolves-to-esm: attw judges by a Node in which `require` of an ES module fails. It works in every Node that this
 *     package allows (>= 20.19), and TypeScript allows it with `module` `node20` and `nodenext`. The profile `esm-only` would
 *     leave out all that a CommonJS caller sees; only this one rule is wrong. test/packaging/consumers.test.ts requires every
 *     entry and type-checks a CommonJS caller.
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { copyWithoutNative, npm } = require('./packed-package.cjs');

const root = path.join(__dirname, '..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bptt-entries-'));

/** Path of the program of a development dependency. */
function programOf(name, program) {
  const place = path.join(root, 'node_modules', name);
  return path.join(place, JSON.parse(fs.readFileSync(path.join(place, 'package.json'), 'utf8')).bin[program]);
}

/** Runs a checker, whose output goes to the terminal. @returns whether it found nothing */
function passes(program, options) {
  console.log(`\n${path.basename(program)} ${options.join(' ')}`);
  const { status, error } = spawnSync(process.execPath, [program, ...options], { cwd: folder, stdio: 'inherit' });
  if (error) throw error;
  return status === 0;
}

function check() {
  const copy = path.join(folder, 'bptt');
  copyWithoutNative(copy);
  const [{ filename }] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: copy }),
  );
  const results = [
    passes(programOf('publint', 'publint'), ['run', filename, '--strict']),
    passes(programOf('@arethetypeswrong/cli', 'attw'), [
      filename,
      '--no-definitely-typed',
      '--profile',
      'node16',
      '--ignore-rules',
      'cjs-resolves-to-esm',
      '--format',
      'table-flipped',
    ]),
  ];
  return results.every(Boolean);
}

try {
  if (!check()) process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
