/**
 * The main loop of a side in JavaScript: it reads one JSON request per line from standard input, and writes one JSON
 * answer per line.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Thrown by a task that this side cannot do; the reason is part of the result. */
export class Unsupported extends Error {}

/** A package of the folder `BPTT_PEERS` (with node_modules), else as Node finds it. @throws {Unsupported} */
export function requirePeer(name) {
  const folder = process.env.BPTT_PEERS;
  const from = folder ? path.resolve(folder, 'index.js') : import.meta.url;
  const require = createRequire(from);
  try {
    return { module: require(name), version: require(`${name}/package.json`).version };
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    throw new Unsupported(`not measured: ${name} is not installed (BPTT_PEERS names a folder with node_modules)`);
  }
}

/** Milliseconds of each of `repeat` calls, which may be asynchronous. */
export async function timed(action, repeat) {
  const ms = [];
  for (let k = 0; k < repeat; k++) {
    const start = performance.now();
    await action();
    ms.push(performance.now() - start);
  }
  return ms;
}

/** The mean of `repeat` calls as a single time: for what is shorter than reading the clock is worth. */
export async function timedTogether(action, repeat) {
  const start = performance.now();
  for (let k = 0; k < repeat; k++) await action();
  return [(performance.now() - start) / repeat];
}

/**
 * Serves the tasks until `quit`. A task opens with the request and gives `version`, `run(repeat)` (milliseconds), and where
 * its numbers are compared `sample()`; further fields of `report` are part of the answer.
 *
 * @param tasks `{ layer, stream, model }`, functions of the request; one that is missing is refused
 */
export async function serve(tasks) {
  console.log = console.error; // standard output is for answers
  let task;
  const answer = async (request) => {
    if (request.op === 'open') {
      const open = tasks[request.task];
      if (open === undefined) throw new Unsupported(`cannot: there is no task ${request.task} for this peer`);
      task = await open(request);
      return { ok: true, version: task.version, ...task.report };
    }
    if (task === undefined) throw new Error(`${request.op} before open`);
    if (request.op === 'sample') return { tensors: await task.sample() };
    if (request.op !== 'run') throw new Error(`unknown op ${request.op}, expected open, sample, run or quit`);
    const ms = await task.run(request.repeat);
    return { ms, ...task.result?.(), rssBytes: process.resourceUsage().maxRSS * 1024 };
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request.op === 'quit') break;
    let text;
    try {
      text = JSON.stringify(await answer(request));
    } catch (error) {
      text = JSON.stringify(error instanceof Unsupported ? { unsupported: error.message } : { error: String(error) });
    }
    process.stdout.write(`${text}\n`);
  }
  process.exit(0);
}
