// Whether the page comes back after its socket was closed, and how its log-in outlives the tokens.

import assert from 'node:assert/strict';
import { connected, makeRoom, register, say, scenario, sees, shown } from './stage.mjs';
import { received, socketsOf, until } from './wire.mjs';

/** A window whose sockets pass through the test: `lines` are those that are open, the newest last. */
async function tapped(stage) {
  const page = await stage.window(await stage.context());
  const lines = [];
  await page.routeWebSocket(/\/ws/, (line) => {
    lines.push(line);
    const server = line.connectToServer();
    line.onMessage((frame) => server.send(frame));
    server.onMessage((frame) => line.send(frame));
  });
  return { page, lines, close: (code, reason = '') => lines.at(-1).close({ code, reason }) };
}

/** All that was written here has been answered. */
const arrived = (page) => page.locator('#unsent:empty').waitFor({ state: 'attached' });

async function inARoom(stage) {
  const tap = await tapped(stage);
  await register(tap.page, 'Ada');
  await makeRoom(tap.page, 'Engine room', false);
  await say(tap.page, 'before');
  await sees(tap.page, 'before');
  await arrived(tap.page);
  return tap;
}

const renewals = (page) => {
  const calls = [];
  page.on('request', (request) => { if (request.url().endsWith('/v1/auth/refresh')) calls.push(request); });
  return calls;
};

scenario('a page that is told to stay away does, says why, and comes back when asked to', {}, async (stage) => {
  const { page, lines, close } = await inARoom(stage);
  for (const [code, notice] of [[4409, /opened elsewhere/], [4400, /do not understand each other/]]) {
    const before = lines.length;
    await close(code);
    await page.getByRole('alert').filter({ hasText: notice }).waitFor();
    await page.getByText('Not connected', { exact: true }).waitFor();
    // What brings back a page that waits does not bring back this one.
    await page.evaluate(() => { dispatchEvent(new Event('online')); document.dispatchEvent(new Event('visibilitychange')); });
    await say(page, `meanwhile ${code}`);
    await page.getByText('Waiting to be sent').waitFor();
    assert.equal(lines.length, before);
    await page.getByRole('button', { name: 'Connect again' }).click();
    await connected(page);
    assert.equal(lines.length, before + 1);
    await arrived(page);
    await page.getByRole('button', { name: 'Connect again' }).waitFor({ state: 'hidden' });
  }
  assert.deepEqual(await shown(page), ['before', 'meanwhile 4409', 'meanwhile 4400']);
});

scenario('a page whose node restarts, or that was too slow, comes back by itself', {}, async (stage) => {
  const { page, lines, close } = await inARoom(stage);
  for (const [code, reason] of [[1012, 'restarting; retry_after_ms=10'], [4408, ''], [4000, '']]) {
    const before = lines.length;
    await close(code, reason);
    await until(() => lines.length > before, `a new socket after ${code}`);
    await connected(page);
    await say(page, `after ${code}`);
    await arrived(page);
  }
  assert.deepEqual(await shown(page), ['before', 'after 1012', 'after 4408', 'after 4000']);
});

scenario('a page stays away for as long as a node that restarts, or is flooded, wishes', {}, async (stage) => {
  const { page, lines, close } = await inARoom(stage);
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 3_600_000);
  await connected(page);
  for (const [code, reason, early, late] of [[1012, 'restarting; retry_after_ms=60000', 59_000, 2000], [4429, '', 1900, 1200]]) {
    const before = lines.length;
    await close(code, reason);
    await page.getByText('Connecting…').waitFor();
    await page.clock.runFor(early);
    // A round trip later, a socket that it had opened would be here.
    await page.evaluate(() => { dispatchEvent(new Event('online')); return fetch('/health').then(() => {}); });
    assert.equal(lines.length, before, `no socket too early after ${code}`);
    await page.clock.runFor(late);
    await until(() => lines.length === before + 1, `a new socket after ${code}`);
    await connected(page);
  }
});

scenario('a socket whose token is refused comes back with a new one, once', {}, async (stage) => {
  const page = await stage.window(await stage.context());
  const calls = renewals(page);
  let handshakes = 0;
  let isBarred = false;
  const tokens = [];
  const lines = [];
  await page.routeWebSocket(/\/ws/, (line) => {
    tokens.push(new URL(line.url()).searchParams.get('access_token'));
    handshakes += 1;
    if (isBarred) return line.close({ code: 4401, reason: '' });
    lines.push(line);
    const server = line.connectToServer();
    line.onMessage((frame) => server.send(frame));
    server.onMessage((frame) => line.send(frame));
  });
  await register(page, 'Ada');
  await makeRoom(page, 'Engine room', false);
  await lines.at(-1).close({ code: 4401, reason: '' });
  await until(() => handshakes === 2, 'a second socket');
  await connected(page);
  assert.equal(calls.length, 1);
  assert.notEqual(tokens[1], tokens[0]);
  await say(page, 'still here');
  await arrived(page);

  isBarred = true;
  await lines.at(-1).close({ code: 4401, reason: '' });
  await page.getByText('Your log-in has ended. Please log in again.').waitFor();
  assert.equal(handshakes, 3);
  assert.equal(calls.length, 2);
});

scenario('a socket outlives its tokens', { JWT_ACCESS_TTL: '3s' }, async (stage) => {
  const page = await stage.window(await stage.context());
  const sockets = socketsOf(page);
  await register(page, 'Ada');
  await makeRoom(page, 'Engine room', false);
  const renewed = () => sockets.flatMap(({ sent }) => sent).filter(({ event }) => event === 'authenticate').length;
  await until(() => renewed() >= 4, 'the token was renewed four times');
  await say(page, 'still here');
  await sees(page, 'still here');
  await arrived(page);
  assert.equal(sockets.length, 1, 'one socket');
  assert.equal(received(sockets, 'ready').length, 1);
  const warned = received(sockets, 'token_expiring');
  assert.ok(warned.length >= 4, 'each time after a warning');
  assert.ok(warned.every(({ data }) => Date.parse(data.expires_at) > 0));
  assert.equal(received(sockets, 'error').length, 0);
});

scenario('a duplicated tab and its first share a log-in whose tokens are good once', { JWT_ACCESS_TTL: '2s' }, async (stage) => {
  const page = await stage.window(await stage.context());
  await register(page, 'Ada');
  await makeRoom(page, 'Engine room', false);
  const [twin] = await Promise.all([page.waitForEvent('popup'), page.evaluate(() => { open('/'); })]);
  const tabs = [page, twin].map((tab) => ({ tab, sockets: socketsOf(tab), calls: renewals(tab) }));
  await connected(twin);
  const held = (tab) => tab.evaluate(() => JSON.parse(sessionStorage.getItem('chatterstack.login')).turn);
  for (const { tab } of tabs) await until(async () => (await held(tab)) >= 6, 'the log-in was renewed six times');
  const turns = Math.max(...await Promise.all(tabs.map(({ tab }) => held(tab))));
  const spent = tabs.flatMap(({ calls }) => calls).length;
  assert.ok(spent <= turns + 1, `${spent} renewals for ${turns} turns: no token was spent twice`);
  await twin.getByRole('navigation').getByRole('button', { name: 'Engine room' }).click();
  await say(twin, 'from the twin');
  await sees(page, 'from the twin');
  await twin.close();
  const after = (await held(page)) + 2;
  await until(async () => (await held(page)) >= after, 'the first goes on alone');
  await connected(page);
});
