// How the page logs out, whatever has become of its tokens.

import assert from 'node:assert/strict';
import { test } from 'node:test';

/** What the server was asked, as `<path> <token>`. */
let asked = [];
/** Which tokens the server still takes; with none, it cannot be reached. */
let taken = null;

const kept = new Map();
globalThis.sessionStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
// Without other tabs.
Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
delete globalThis.BroadcastChannel;
globalThis.fetch = async (url, { headers, body }) => {
  const path = url.replace('/v1/auth/', '');
  const token = path === 'logout' ? headers.Authorization?.replace('Bearer ', '') : JSON.parse(body).refresh_token;
  asked.push(`${path} ${token}`);
  if (!taken) throw new TypeError('fetch failed');
  if (path === 'login') return answer(200, { access_token: 'a1', refresh_token: 'r1', expires_in: 900, user: { id: 'ann' } });
  if (!taken.includes(token)) return answer(401, { code: 'token_expired' });
  return path === 'refresh' ? answer(200, { access_token: 'a2', refresh_token: 'r2', expires_in: 900 }) : answer(204);
};

function answer(status, body) {
  const headers = { 'Content-Type': 'application/json' };
  return new Response(body ? JSON.stringify(body) : null, { status, headers });
}

const { logIn, logOut, me } = await import('../../crates/web/assets/login.js');

/** Logs in, and out while the server takes these tokens. Answers what it was asked meanwhile. */
async function outWhile(tokens) {
  taken = [];
  await logIn('ann@example.org', 'secret');
  assert.equal(me().id, 'ann');
  asked = [];
  taken = tokens;
  const out = logOut();
  assert.equal(me(), null, 'out at once');
  assert.equal(kept.size, 0, 'and after a reload too');
  await out;
  assert.equal(me(), null);
  assert.equal(kept.size, 0);
  return asked;
}

test('a log-out ends the log-in', async () => {
  assert.deepEqual(await outWhile(['a1', 'r1']), ['logout a1']);
});

test('a log-out with an access token that has expired ends the log-in with a new one', async () => {
  assert.deepEqual(await outWhile(['r1', 'a2']), ['logout a1', 'refresh r1', 'logout a2']);
});

test('a log-in that the server has ended is not insisted on', async () => {
  assert.deepEqual(await outWhile([]), ['logout a1', 'refresh r1']);
  // Nor is a new token that is refused too.
  assert.deepEqual(await outWhile(['r1']), ['logout a1', 'refresh r1', 'logout a2']);
});

test('out is out, even if the server cannot be told', async () => {
  assert.deepEqual(await outWhile(null), ['logout a1']);
});

test('who is out already tells nobody', async () => {
  taken = [];
  asked = [];
  await logOut();
  assert.deepEqual(asked, []);
});
