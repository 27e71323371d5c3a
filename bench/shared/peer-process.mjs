/** A side of a benchmark in a separate process: one JSON request and one JSON answer per line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Those that can be chosen as `--peer`; `bptt`, this library, is always there. */
export const PEERS = ['pytorch', 'onnxruntime', 'tfjs', 'brain'];
export const DEFAULT_PEERS = ['pytorch', 'onnxruntime'];

const fileOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The command of a side; undefined for PyTorch where `BPTT_PYTHON` names no Python. */
function commandOf(peer) {
  if (peer !== 'pytorch') return [process.execPath, fileOf(`${peer}-peer.mjs`)];
  const python = process.env.BPTT_PYTHON;
  return python ? [python, fileOf('pytorch_peer.py')] : undefined;
}

/**
 * Starts a side.
 *
 * @param peer `bptt` or one of `PEERS`
 * @returns `ask(request)`, which resolves to the answer and rejects when it is an error, and `close()`; undefined for
 *   PyTorch without a Python
 */
export function startPeer(peer) {
  const command = commandOf(peer);
  if (command === undefined) return undefined;
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = new Promise((_, reject) => {
    child.once('error', (error) => reject(new Error(`${peer}: cannot start ${command[0]}: ${error.message}`)));
  });
  failed.catch(() => {});
  child.stdin.on('error', () => {}); // a process that has ended is reported by its missing answer
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await Promise.race([lines.next(), failed]);
      if (done) throw new Error(`the process of ${peer} has ended`);
      const answer = JSON.parse(value);
      if (answer.error !== undefined) throw new Error(`${peer}: ${answer.error}`);
      return answer;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const ended = once(child, 'exit');
      child.stdin.write('{"op":"quit"}\n');
      await ended;
    },
  };
}
