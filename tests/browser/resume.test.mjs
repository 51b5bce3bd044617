// The page comes back: what happened meanwhile is there, in order and once.

import assert from 'node:assert/strict';
import { connected, isOpen, joinRoom, makeRoom, people, register, say, scenario, sees, shown, unreadOf } from './stage.mjs';
import { caller, readsOf, received, socketsOf, until } from './wire.mjs';

const CUT = /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|WebSocket connection to|ERR_EMPTY_RESPONSE|status of 503/;
// Whoever is there may read a message just when it is deleted.
const CUT_OR_GONE = new RegExp(`${CUT.source}|status of 404 .*/read\\)`);
const room = (page, name) => page.getByRole('navigation').getByRole('button', { name });
const names = async (page) => (await page.locator('#members li').allTextContents()).map((text) => text.replace(/( \(you\))?(online|away)$/, ''));

/** Ada and Ben in a public room that both have open, with three messages. */
async function together(stage, server) {
  const ada = await stage.window(await stage.context());
  const ben = await stage.window(await stage.context());
  const sockets = socketsOf(ada);
  await ada.reload();
  await register(ada, 'Ada');
  await register(ben, 'Ben');
  await makeRoom(ada, 'Engine room', true);
  await joinRoom(ben, 'Engine room');
  for (const text of ['one', 'two', 'three']) await say(ben, text);
  await sees(ada, 'three');
  const asBen = await caller(server, ben);
  return { ada, ben, sockets, asBen, engine: await asBen.roomNamed('Engine room') };
}

async function offline(page, run) {
  await page.context().setOffline(true);
  await page.getByText('Connecting…').waitFor();
  await run();
  await page.context().setOffline(false);
  await connected(page);
}

async function idOf(page, text) {
  return page.locator('#messages li').filter({ has: page.getByText(text, { exact: true }) }).getAttribute('data-id');
}

scenario('a page that was offline is told all that it missed: sent, edited, deleted, joined and left', {}, async (stage, server) => {
  const { ada, ben, sockets, asBen, engine } = await together(stage, server);
  const cleo = await stage.window(await stage.context());
  const dan = await stage.window(await stage.context());
  await register(cleo, 'Cleo');
  await register(dan, 'Dan');
  await joinRoom(cleo, 'Engine room');
  await makeRoom(ada, 'Side room', true);
  await joinRoom(ben, 'Side room');
  await say(ben, 'aside');
  await sees(ada, 'aside');
  const side = await asBen.roomNamed('Side room');
  await room(ada, 'Engine room').click();
  await sees(ada, 'three');
  await people(ada, '3 online');
  const [two, three] = [await idOf(ada, 'two'), await idOf(ada, 'three')];
  const reads = readsOf(ada);

  await stage.expecting(CUT_OR_GONE, () => offline(ada, async () => {
    await asBen.say(engine, 'four');
    const gone = await asBen.say(engine, 'regretted');
    await asBen.call('PATCH', `/rooms/${engine}/messages/${two}`, { content: 'two, mended' });
    await asBen.call('DELETE', `/rooms/${engine}/messages/${three}`);
    await asBen.call('DELETE', `/rooms/${engine}/messages/${gone.id}`);
    await joinRoom(dan, 'Engine room');
    await (await caller(server, cleo)).call('DELETE', `/rooms/${engine}/members/${(await caller(server, cleo)).user.id}`);
    const fifth = await asBen.say(engine, 'fife');
    await asBen.call('PATCH', `/rooms/${engine}/messages/${fifth.id}`, { content: 'five' });
    await asBen.say(side, 'more aside');
    assert.deepEqual(await shown(ada), ['one', 'two', 'three']);
  }));

  await sees(ada, 'five');
  assert.deepEqual(await shown(ada), ['one', 'two, mended', 'four', 'five']);
  await ada.locator('summary').click();
  await until(async () => (await names(ada)).sort().join() === 'Ada,Ben,Dan', 'Cleo has left and Dan has come');
  const resumed = received(sockets, 'resumed').map(({ data }) => data);
  assert.deepEqual(resumed.map(({ room_id }) => room_id).sort(), [engine, side].sort());
  assert.ok(resumed.every(({ recovered }) => recovered));

  // The other room was brought up to date as well, and counts what is new in it once.
  assert.match(await unreadOf(ada, 'Side room').textContent(), /^1\b/);
  await room(ada, 'Side room').click();
  assert.deepEqual(await shown(ada), ['aside', 'more aside']);
  await unreadOf(ada, 'Side room').waitFor({ state: 'detached' });
  assert.deepEqual(reads, [], 'nothing was read anew');

  await room(ada, 'Engine room').click();
  await asBen.say(engine, 'six');
  await sees(ada, 'six');
  assert.deepEqual(await shown(ada), ['one', 'two, mended', 'four', 'five', 'six']);
});

scenario('a page that has missed too much reads the room anew, without a hole', { RESUME_MAX_EVENTS: '5' }, async (stage, server) => {
  const { ada, sockets, asBen, engine } = await together(stage, server);
  const [one, two] = [await idOf(ada, 'one'), await idOf(ada, 'two')];
  const texts = Array.from({ length: 60 }, (_, i) => `missed ${i + 1}`);
  await stage.expecting(CUT, () => offline(ada, async () => {
    await asBen.call('PATCH', `/rooms/${engine}/messages/${one}`, { content: 'one, mended' });
    await asBen.call('DELETE', `/rooms/${engine}/messages/${two}`);
    for (const text of texts) await asBen.say(engine, text);
  }));
  await sees(ada, 'missed 60');
  assert.deepEqual(await shown(ada), texts.slice(10));
  assert.deepEqual(received(sockets, 'resumed').map(({ data }) => data.recovered), [false]);
  await asBen.say(engine, 'and live');
  await sees(ada, 'and live');
  await ada.getByRole('button', { name: 'Load earlier messages' }).click();
  await sees(ada, 'one, mended');
  assert.deepEqual(await shown(ada), ['one, mended', 'three', ...texts, 'and live']);
});

scenario('a room that one was removed from meanwhile is gone, and the others are not', {}, async (stage, server) => {
  const { ada, ben, asBen } = await together(stage, server);
  await makeRoom(ben, 'Club', true);
  await joinRoom(ada, 'Club');
  await say(ben, 'members only');
  await sees(ada, 'members only');
  const club = await asBen.roomNamed('Club');
  const { user } = await caller(server, ada);
  await stage.expecting(CUT, () => offline(ada, async () => {
    await asBen.say(club, 'before');
    await asBen.call('DELETE', `/rooms/${club}/members/${user.id}`);
    await asBen.say(club, 'not for Ada');
  }));
  await room(ada, 'Club').waitFor({ state: 'detached' });
  await ada.getByText('Choose a room to read and write.').waitFor();
  assert.equal(await ada.getByText('not for Ada').count(), 0);
  await room(ada, 'Engine room').click();
  await isOpen(ada, 'Engine room');
  assert.deepEqual(await shown(ada), ['one', 'two', 'three']);
});

scenario('restarts and a crash under pages that send lose nothing and double nothing', {}, async (stage, server) => {
  const { ada, ben, asBen, engine } = await together(stage, server);
  const texts = (name) => Array.from({ length: 40 }, (_, i) => `${name} ${i + 1}`);
  const sending = async (page, name) => { for (const text of texts(name)) await say(page, text); };
  await stage.expecting(CUT, async () => {
    const sent = Promise.all([sending(ada, 'Ada'), sending(ben, 'Ben')]);
    await sees(ada, 'Ben 5');
    await server.stop();
    await server.start();
    await sees(ada, 'Ben 10');
    await server.kill();
    await server.start();
    await sent;
    for (const page of [ada, ben]) await page.locator('#unsent:empty').waitFor({ state: 'attached', timeout: 30_000 });
    for (const page of [ada, ben]) for (const name of ['Ada', 'Ben']) await sees(page, `${name} 40`);
  });
  const { messages } = await asBen.call('GET', `/rooms/${engine}/messages?limit=200`);
  const log = messages.map(({ content }) => content).reverse();
  for (const name of ['Ada', 'Ben']) assert.deepEqual(log.filter((text) => text.startsWith(name)), texts(name));
  assert.equal(log.length, 83);
  for (const page of [ada, ben]) assert.deepEqual(await shown(page), log);
});

scenario('a page that holds more rooms than a handshake can name resumes them all', {}, async (stage, server) => {
  const ada = await stage.window(await stage.context());
  const sockets = socketsOf(ada);
  await register(ada, 'Ada');
  const asAda = await caller(server, ada);
  const numbers = Array.from({ length: 130 }, (_, i) => i);
  const ids = await Promise.all(numbers.map(async (i) => (await asAda.call('POST', '/rooms', { name: `Room ${i}` })).id));
  await Promise.all(ids.map((id) => asAda.say(id, 'before')));
  for (const id of ids) {
    await ada.locator(`[data-room="${id}"]`).evaluate((button) => button.click());
    await sees(ada, 'before');
  }
  const reads = readsOf(ada);
  await stage.expecting(CUT, () => offline(ada, async () => {
    await Promise.all(ids.map((id) => asAda.say(id, 'meanwhile')));
  }));
  await until(() => received(sockets, 'resumed').length === ids.length, 'every room resumed');
  const { url, sent } = sockets.at(-1);
  assert.ok(url.href.length <= 6000, `the handshake has ${url.href.length} bytes`);
  const named = url.searchParams.getAll('since').map((part) => part.split(':')[0]);
  const asked = sent.filter(({ event }) => event === 'resume').flatMap(({ data }) => Object.keys(data.rooms));
  assert.ok(named.includes(ids.at(-1)) && asked.includes(ids[0]), 'the room opened last comes first');
  assert.deepEqual([...named, ...asked].sort(), [...ids].sort());
  for (const id of [ids[0], ids[64], ids[129]]) {
    await ada.locator(`[data-room="${id}"]`).click();
    assert.deepEqual(await shown(ada), ['before', 'meanwhile']);
  }
  assert.deepEqual(reads, []);
});
