// Runs programs in a process of its own, so that one that crashes is an exit code and not the end of the tests:
// node run-programs.mjs <file with programs> <file that says which one is under way>. Prints what was wrong, as JSON.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , file, progress] = process.argv;
const addon = createRequire(import.meta.url)('node-gyp-build')(process.cwd());
addon.configure(process.env.BPTT_ISA ?? 'auto');
const { axes, programs } = JSON.parse(readFileSync(file, 'utf8'));
const batchSizes = axes.map((axis) => Int32Array.from(axis.batchSizes));
const samples = axes.map((axis) => Int32Array.from(axis.samples));
const POISON = 0xff;

function fill(memory, { offset, bytes, type }) {
  const at = memory.byteOffset + offset;
  if (type === 'int32') new Int32Array(memory.buffer, at, bytes / 4).fill(0);
  else if (type === 'float64') new Float64Array(memory.buffer, at, bytes / 8).fill(0.5);
  else new Float32Array(memory.buffer, at, bytes / 4).fill(0.5);
}

/** What is wrong with a program: that it is refused, or leaves part of an output unwritten. */
function problemOf({ words, attributes, blockBytes, inputs, outputs }, threads) {
  const whole = new Uint8Array(new SharedArrayBuffer(blockBytes + 64));
  const shift = (64 - addon.misalignment(whole)) % 64;
  const block = whole.subarray(shift, shift + blockBytes);
  const program = new addon.Program(Int32Array.from(words), Float64Array.from(attributes), [block], threads, 0);
  block.fill(POISON);
  for (const input of inputs) fill(block, input);
  program.run(batchSizes, 0, samples);
  program.dispose();
  const isUnwritten = ({ offset, bytes }) => {
    const entries = new Int32Array(block.buffer, block.byteOffset + offset, bytes / 4);
    return entries.some((entry) => entry === -1);
  };
  const unwritten = outputs.findIndex(isUnwritten);
  return unwritten < 0 ? undefined : `output ${unwritten} is not written`;
}

const wrong = [];
programs.forEach(({ name, ...program }, index) => {
  writeFileSync(progress, name);
  try {
    const problem = problemOf(program, 1 + (index % 2));
    if (problem !== undefined) wrong.push(`${name}: ${problem}`);
  } catch (error) {
    wrong.push(`${name}: ${error.message}`);
  }
});
process.stdout.write(JSON.stringify({ count: programs.length, wrong }));
