import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportModel } from '../../../src/interchange/export-model.js';
import type { Model } from '../../../src/model/model.js';
import { sequential } from '../../../src/model/network.js';
import { dense } from '../../../src/network/layers/dense.js';
import { gru } from '../../../src/network/layers/recurrent.js';
import { projectRoot, readProjectFile } from '../../architecture/project-files.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';

const GUIDE = 'docs/interchange/onnx-browser.md';

/** A browser that this machine has. */
const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** The folder with the code of onnxruntime-web: of the installed package, or of BPTT_ONNXRUNTIME_WEB. */
function runtimeFolder(): string | undefined {
  const given = process.env['BPTT_ONNXRUNTIME_WEB'];
  if (given !== undefined) return path.join(given, 'dist');
  try {
    return path.dirname(createRequire(path.join(projectRoot, 'package.json')).resolve('onnxruntime-web'));
  } catch {
    return undefined;
  }
}

const runtime = runtimeFolder();
const missing = [
  ...(chromium === undefined ? ['chromium'] : []),
  ...(runtime === undefined || !existsSync(path.join(runtime, 'ort.wasm.min.mjs'))
    ? ['onnxruntime-web (npm install --no-save onnxruntime-web, or its folder in BPTT_ONNXRUNTIME_WEB)']
    : []),
];
if (missing.length > 0) {
  process.stderr.write(`\nSKIPPED: the ONNX file in a browser: there is no ${missing.join(', no ')}\n\n`);
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Hands on what the page shows, or why it shows nothing. */
const REPORT = `<script type="module">
  const send = (body) => fetch('/result', { method: 'POST', body });
  addEventListener('error', ({ message }) => send(JSON.stringify({ error: message })));
  addEventListener('unhandledrejection', ({ reason }) => send(JSON.stringify({ error: String(reason) })));
  const shown = document.querySelector('#result');
  const wait = setInterval(() => {
    if (shown.textContent === '...') return;
    clearInterval(wait);
    send(shown.textContent);
  }, 20);
</script>`;

/** Serves a page, files of a folder, and the runtime; and gives what the page reports. */
async function shownBy(page: string, folder: string): Promise<Record<string, unknown>> {
  let report: (body: string) => void = () => undefined;
  const reported = new Promise<string>((resolve) => {
    report = resolve;
  });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += chunk;
      report(body);
      response.end();
      return;
    }
    const name = pathname === '/' ? '/index.html' : pathname;
    const own = name.startsWith('/ort/') ? path.join(runtime as string, name.slice(5)) : path.join(folder, name);
    response.setHeader('content-type', TYPES[path.extname(name)] ?? 'application/octet-stream');
    if (name === '/index.html') response.end(REPORT.replace('<script', `${page}\n<script`));
    else if (existsSync(own)) response.end(readFileSync(own));
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const profile = mkdtempSync(path.join(tmpdir(), 'bptt-browser-'));
  let browser: ChildProcess | undefined;
  try {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      `--user-data-dir=${profile}`,
    ];
    browser = spawn(chromium as string, [...flags, '--remote-debugging-port=0', address], { stdio: 'ignore' });
    const ended = once(browser, 'exit').then(() => JSON.stringify({ error: 'the browser ended' }));
    return JSON.parse(await Promise.race([reported, ended])) as Record<string, unknown>;
  } finally {
    browser?.kill('SIGTERM');
    if (browser !== undefined && browser.exitCode === null && browser.signalCode === null) await once(browser, 'exit');
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** The code block of the guide in that language. */
function blockOf(language: string): string {
  const [, block] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(readProjectFile(GUIDE)) ?? [];
  if (block === undefined) throw new Error(`${GUIDE} has no ${language}`);
  return block;
}

async function expected(model: Model) {
  const sequences = [
    [0, 0.33, 0.62, 0.84],
    [0.5, 0.76],
  ];
  const [long, short] = await model.predict(sequences.map((values) => Float32Array.from(values)));
  return { sequences: [...(long ?? []), ...(short ?? []), 0, 0], stream: [...(long ?? [])] };
}

describe.skipIf(missing.length > 0)('the page of the guide', () => {
  it('computes in a browser what the library predicts', async () => {
    const network = sequential([gru({ units: 12 }), dense({ units: 1 })], { features: 1 });
    const model = network.compileSync({ loss: 'meanSquaredError', initializer: 'uniform:0.7' });
    const folder = temporaryDirectory();
    await exportModel(model, path.join(folder, 'wave.onnx'), { to: 'onnx', batchFirst: true });
    await exportModel(model, path.join(folder, 'wave-step.onnx'), { to: 'onnx', stateful: true });
    const { dims, ...numbers } = await shownBy(blockOf('html'), folder);
    const wanted = await expected(model);
    expect(dims).toEqual([2, 4, 1]);
    for (const [name, values] of Object.entries(wanted)) {
      const found = numbers[name] as number[];
      expect(found, JSON.stringify(numbers)).toHaveLength(values.length);
      // Sums of at most 24 terms over 4 steps, and exponentials of another library.
      for (const [at, value] of values.entries()) expect(Math.abs((found[at] as number) - value)).toBeLessThan(1e-5);
    }
    expect(Math.max(...wanted.stream.map(Math.abs))).toBeGreaterThan(0.05);
  });
});
