// What of one's typing the server is told, and when.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Draft } from '../../crates/web/assets/draft.js';

const EVERY_MS = 100;
const settled = () => new Promise((go) => setImmediate(go));

/** A draft, with the server and the clock in the hands of the test. `said` is what the server was told, in short. */
class Desk {
  said = [];
  pauses = []; // That run: `{ms, over}`.
  #open = []; // What was not answered yet.

  constructor() {
    this.draft = new Draft('engine', {
      request: (event, data) => {
        this.#say(event, data);
        return new Promise((resolve, reject) => { this.#open.push({ event, resolve, reject }); });
      },
      tell: (event, data) => this.#say(event, data),
      pause: (ms) => new Promise((over) => { this.pauses.push({ ms, over }); }),
    });
  }

  async write(...texts) {
    for (const text of texts) this.draft.write(text);
    await settled();
  }

  async acknowledge(id = 's1') {
    const { event, resolve } = this.#open.shift();
    resolve(event === 'stream.start' ? { stream: { id } } : { index: 0 });
    await settled();
  }

  async refuse(status, code, retryAfterMs) {
    this.#open.shift().reject(Object.assign(new Error(code), { status, code, retryAfterMs }));
    await settled();
  }

  /** The pause that runs is over. Answers how long it was. */
  async rest() {
    const { ms, over } = this.pauses.shift();
    over();
    await settled();
    return ms;
  }

  /** What was said since it was asked last. */
  heard() { return this.said.splice(0); }

  #say(event, { room_id: room, id, text }) {
    this.said.push([event.replace('stream.', ''), room ?? id, text].filter((part) => part !== undefined).join(' '));
  }
}

/** A desk whose draft has begun, with the first letter told and its pause over. */
async function begun() {
  const desk = new Desk();
  await desk.write('H');
  await desk.acknowledge();
  await desk.acknowledge();
  await desk.rest();
  desk.heard();
  return desk;
}

test('the first letter begins a stream, and all that was typed until it is there is told at once', async () => {
  const desk = new Desk();
  await desk.write('H', 'He');
  assert.deepEqual(desk.heard(), ['start engine']);
  await desk.write('Hel');
  await desk.acknowledge();
  assert.deepEqual(desk.heard(), ['replace s1 Hel']);
});

test('what is typed faster than it is told is told together, ten times a second, and its end always', async () => {
  const desk = await begun();
  await desk.write('He');
  assert.deepEqual(desk.heard(), ['replace s1 He'], 'after a while of silence at once');
  await desk.write('Hel', 'Hell');
  await desk.acknowledge();
  await desk.write('Hello');
  assert.deepEqual(desk.heard(), [], 'not before the pause is over');
  assert.equal(await desk.rest(), EVERY_MS);
  assert.deepEqual(desk.heard(), ['replace s1 Hello']);
  await desk.acknowledge();
  await desk.rest();
  assert.deepEqual([desk.heard(), desk.pauses], [[], []], 'and nothing twice');
});

test('what is taken back to what was told already is not told', async () => {
  const desk = await begun();
  await desk.write('He', 'H');
  await desk.acknowledge();
  await desk.rest();
  assert.deepEqual(desk.heard(), ['replace s1 He', 'replace s1 H']);
  await desk.acknowledge();
  await desk.write('H');
  await desk.rest();
  assert.deepEqual(desk.heard(), []);
});

test('a draft that has ended is taken back, and nothing is told after that', async () => {
  const desk = await begun();
  await desk.write('He', 'Hel');
  desk.draft.end();
  desk.draft.end();
  await desk.acknowledge();
  await desk.rest();
  await desk.write('Hell');
  assert.deepEqual(desk.heard(), ['replace s1 He', 'abort s1']);
});

test('a draft that ends before its stream is there is taken back once it is', async () => {
  const desk = new Desk();
  await desk.write('H');
  desk.draft.end();
  assert.deepEqual(desk.heard(), ['start engine']);
  await desk.acknowledge();
  assert.deepEqual(desk.heard(), ['abort s1']);
  await desk.rest();
  assert.deepEqual(desk.heard(), []);
});

test('a server that is asked too often, or cannot, is left alone for as long as it wishes', async () => {
  const refusals = [[429, 'rate_limited', 750, 750], [503, 'unavailable', undefined, 2000], [500, 'internal', undefined, 2000]];
  for (const [status, code, wish, ms] of refusals) {
    const desk = await begun();
    await desk.write('He');
    await desk.refuse(status, code, wish);
    await desk.write('Hel');
    assert.deepEqual(desk.heard(), ['replace s1 He'], code);
    assert.equal(await desk.rest(), ms);
    assert.deepEqual(desk.heard(), ['replace s1 Hel']);
  }
});

test('a stream that cannot be begun yet is begun later, with what stands there then', async () => {
  const desk = new Desk();
  await desk.write('H');
  await desk.refuse(429, 'rate_limited', 300);
  await desk.write('He');
  assert.equal(await desk.rest(), 300);
  await desk.acknowledge('s2');
  assert.deepEqual(desk.heard(), ['start engine', 'start engine', 'replace s2 He']);
});

test('a stream that the server no longer knows is followed by another one', async () => {
  for (const code of ['stream_not_found', 'stream_ended']) {
    const desk = await begun();
    await desk.write('He');
    await desk.refuse(404, code);
    // What the first one was told says nothing of the second.
    await desk.write('H');
    await desk.rest();
    await desk.acknowledge('s2');
    assert.deepEqual(desk.heard(), ['replace s1 He', 'start engine', 'replace s2 H'], code);
  }
});

test('what is refused for good is not insisted on, and the others are left with nothing of it', async () => {
  const desk = new Desk();
  await desk.write('H');
  await desk.refuse(409, 'too_many_streams');
  await desk.write('He');
  await desk.rest();
  await desk.write('Hel');
  desk.draft.end();
  assert.deepEqual(desk.heard(), ['start engine']);

  const other = await begun();
  await other.write('xxx');
  await other.refuse(400, 'validation_failed');
  await other.rest();
  await other.write('xxxx');
  other.draft.end();
  assert.deepEqual(other.heard(), ['replace s1 xxx', 'abort s1']);
});

test('a socket that is lost leaves its stream behind, and says which', async () => {
  const desk = await begun();
  await desk.write('He');
  assert.equal(desk.draft.lost(), 's1');
  await desk.refuse();
  await desk.rest();
  await desk.write('Hel');
  assert.deepEqual(desk.heard(), ['replace s1 He']);
  assert.equal(new Desk().draft.lost(), null);
});
