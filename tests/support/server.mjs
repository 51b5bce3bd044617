// A real server process of its own, in a temporary folder.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BIN = process.env.CHATTERSTACK_BIN ?? fileURLToPath(new URL('../../target/debug/chatterstack', import.meta.url));
const START_MS = 20_000;
const STOP_MS = 20_000;

export class Server {
  #process = null;
  #log = [];
  #folder = mkdtempSync(join(tmpdir(), 'chatterstack-'));
  #port = 0;
  #admin = null;

  constructor(env = {}) {
    this.env = env;
  }

  get url() { return `http://127.0.0.1:${this.#port}`; }

  /** `{ email, password }` of the admin whom the first start has made. */
  get admin() { return this.#admin; }

  /** The newest lines of the log, for a test that fails. */
  get log() { return this.#log.join('\n'); }

  /** Starts, on a free port at first and on the same one from then on. */
  async start() {
    if (!existsSync(BIN)) throw new Error(`no server binary at ${BIN}: build it (cargo build), or set CHATTERSTACK_BIN`);
    const keep = Object.entries(process.env).filter(([name]) => ['PATH', 'HOME', 'TMPDIR', 'LANG'].includes(name));
    const child = this.#process = spawn(BIN, ['serve'], {
      cwd: this.#folder,
      env: { ...Object.fromEntries(keep), HOST: '127.0.0.1', PORT: String(this.#port), DATA_DIR: join(this.#folder, 'data'), LOG_FORMAT: 'json', RECONNECT_SPREAD: '300ms', ...this.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`the server ${why}\n${this.log}`));
      const timer = setTimeout(() => { child.kill('SIGKILL'); fail(`was not up after ${START_MS} ms`); }, START_MS);
      child.once('error', (error) => { clearTimeout(timer); fail(`did not start: ${error.message}`); });
      child.once('exit', (code, signal) => { clearTimeout(timer); fail(`ended at once (${code ?? signal})`); });
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.#log.push(line);
        if (this.#log.length > 40) this.#log.shift();
        const fields = parsed(line)?.fields;
        if (fields?.message === 'the first admin') this.#admin = { email: fields.email, password: fields.password };
        if (fields?.message !== 'listening') return;
        clearTimeout(timer);
        this.#port = Number(new URL(`http://${fields.address}`).port);
        resolve();
      });
    });
    return this;
  }

  /** Stops as a deployment does, and insists on a clean end. */
  async stop() {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const [code, signal] = await ended;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the server ended with ${code ?? signal} instead of 0\n${this.log}`);
  }

  /** Ends as a crash does. */
  async kill() {
    const child = this.#process;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Stops, and removes the folder. */
  async remove() {
    try {
      await this.stop();
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
