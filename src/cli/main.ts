#!/usr/bin/env node
import { CommanderError } from 'commander';
import { errorLine, exitStatus } from './exit-status.js';
import { Output, OutputClosed } from './output.js';
import { bpttProgram } from './program.js';
import { abortOnSignals, StopRequest } from './stop-request.js';

const context = {
  input: () => process.stdin,
  output: new Output(process.stdout),
  signal: abortOnSignals(),
  note: (line: string) => void process.stderr.write(`${line}\n`),
};

try {
  const words = process.argv.slice(2);
  await (await bpttProgram(context, words)).parseAsync(words, { from: 'user' });
} catch (error) {
  process.exitCode = error instanceof OutputClosed ? 0 : exitStatus(error);
  // Commander has already reported its own errors, and a stop was requested by the user.
  const isTold = error instanceof CommanderError || error instanceof StopRequest || error instanceof OutputClosed;
  if (!isTold) context.note(errorLine(error));
}
