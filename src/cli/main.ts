#!/usr/bin/env node
import { progressOn } from '../training/progress.js';
import { Output } from './output.js';
import { runCommandLine } from './run-command-line.js';
import { abortOnSignals } from './stop-request.js';

// A result is worth more than a note that cannot be written.
process.stderr.on('error', () => undefined);

process.exitCode = await runCommandLine(process.argv.slice(2), {
  input: () => process.stdin,
  output: new Output(process.stdout),
  signal: abortOnSignals(),
  progress: progressOn(process.stderr),
  note: (line) => void process.stderr.write(`${line}\n`),
});
