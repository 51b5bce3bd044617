// What a test of the agent plays with: a server of its own, a model, the agent as a process, and Ada, who talks to it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Server } from '../support/server.mjs';
import { Line } from './line.mjs';
import { Model } from './model.mjs';

const AGENT = fileURLToPath(new URL('../../examples/agent/agent.mjs', import.meta.url));
const PASSWORD = 'correct horse';
const WAIT_MS = 30_000;

/** A test with a server of its own. */
export function scenario(name, env, run) {
  test(name, async () => {
    const stage = new Stage({ STREAM_INTERVAL: '0ms', ...env });
    // Not the runner's: what waits for ever would never come to its end, and the server would keep this process alive.
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not over after ${WAIT_MS} ms`)), WAIT_MS); });
    try {
      await Promise.race([stage.prepare().then(() => run(stage)), late]);
    } catch (error) {
      error.message += `\nthe agent:\n${stage.log.join('\n')}\nthe server:\n${stage.server.log}`;
      throw error;
    } finally {
      clearTimeout(timer);
      await stage.remove();
    }
  });
}

class Stage {
  model = new Model();
  log = [];
  #agent = null;

  constructor(env) {
    this.server = new Server(env);
  }

  async prepare() {
    await this.server.start();
    await this.model.start();
    this.line = await new Line(this.server.url).start();
    const [ada, agent] = [await register(this.server, 'Ada'), await register(this.server, 'Agent')];
    const room = await ada.call('POST', '/rooms', { name: 'Engine room', member_ids: [agent.user.id] });
    this.ada = new Person(ada, room.id);
  }

  /** Starts the agent, which hears from here on. */
  async agentComes() {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, CHATTERSTACK_URL: this.line.url, AGENT_EMAIL: 'agent@example.org', AGENT_PASSWORD: PASSWORD, OPENAI_BASE_URL: this.model.url };
    this.#agent = spawn(process.execPath, [AGENT], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: this.#agent.stderr }).on('line', (line) => this.log.push(line));
    await new Promise((resolve, reject) => {
      createInterface({ input: this.#agent.stdout }).on('line', (line) => { if (line === 'here as Agent') resolve(); });
      this.#agent.once('exit', (code) => reject(new Error(`the agent ended (${code})`)));
    });
  }

  async remove() {
    if (this.#agent && this.#agent.exitCode === null) {
      const ended = once(this.#agent, 'exit');
      this.#agent.kill('SIGKILL');
      await ended;
    }
    this.model.stop();
    this.line?.stop();
    await this.server.remove();
  }
}

async function register(server, username) {
  const email = `${username.toLowerCase()}@example.org`;
  let token;
  const fetched = async (method, path, body) => {
    const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${server.url}/v1${path}`, { method, headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer;
  };
  const call = async (...args) => {
    const answer = await fetched(...args);
    return answer.status === 204 ? null : answer.json();
  };
  await call('POST', '/auth/register', { username, email, password: PASSWORD });
  const login = await call('POST', '/auth/login', { email, password: PASSWORD });
  token = login.access_token;
  return { user: login.user, call, fetched };
}

class Person {
  #by;
  #room;

  constructor(by, room) {
    this.#by = by;
    this.#room = room;
  }

  say(content) { return this.#by.call('POST', `/rooms/${this.#room}/messages`, { content }); }

  /** What was said in the room, as `<who>: <what>`. */
  async said() { return (await this.messages()).map(({ username, content }) => `${username}: ${content}`); }

  async messages() {
    const { messages } = await this.#by.call('GET', `/rooms/${this.#room}/messages?limit=100`);
    return messages.sort((a, b) => a.seq - b.seq);
  }

  /** What is being written in the room. */
  async streams() { return (await this.#by.call('GET', `/rooms/${this.#room}/streams`)).streams; }

  stop(id) { return this.#by.call('POST', `/streams/${id}/stop`); }

  /** Reads along the one stream there is. */
  async watch() {
    const [stream, ...others] = await this.streams();
    assert.deepEqual(others, []);
    const watched = new Watched(stream.id, await this.#by.fetched('GET', `/streams/${stream.id}/events`));
    await watched.expect('stream.started');
    return watched;
  }
}

class Watched {
  text = '';
  #events;

  constructor(id, response) {
    this.id = id;
    this.#events = eventsOf(response);
  }

  /** The data of the next event, which is this one; without a name, that there is none any more. */
  async expect(name) {
    const { value } = await this.#events.next();
    assert.equal(value?.event, name, JSON.stringify(value));
    return value?.data;
  }

  /** Reads until a text is there, however it comes. */
  async reads(expected) {
    while (this.text !== expected) {
      const { index, delta } = await this.expect('stream.delta');
      this.text = [...this.text].slice(0, index).join('') + delta;
      assert.ok(expected.startsWith(this.text), `${this.text} is on the way to ${expected}`);
    }
  }
}

async function* eventsOf(response) {
  let unread = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (unread + chunk).split('\n\n');
    unread = events.pop();
    for (const event of events) {
      const told = /^event: (.+)\ndata: (.+)$/.exec(event);
      if (told) yield { event: told[1], data: JSON.parse(told[2]) };
    }
  }
}
