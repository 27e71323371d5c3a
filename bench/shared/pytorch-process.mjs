/** PyTorch in a process of its own: bench/pytorch_peer.py, one JSON request and one answer a line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** `ask(request)` and `close()`; undefined when BPTT_PYTHON names no Python. */
export function startPytorch() {
  const python = process.env.BPTT_PYTHON;
  if (python === undefined) return undefined;
  const peer = fileURLToPath(new URL('../pytorch_peer.py', import.meta.url));
  const child = spawn(python, [peer], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('the PyTorch process has ended');
      const answer = JSON.parse(value);
      if (answer.error !== undefined) throw new Error(`PyTorch: ${answer.error}`);
      return answer;
    },
    close: () => child.stdin.write('{"op":"quit"}\n'),
  };
}
