// Messages while they are written: what one types or a program says, the others see before it is sent.

import assert from 'node:assert/strict';
import { connected, isOpen, joinRoom, log, logIn, makeRoom, people, register, say, scenario, sees, shown } from './stage.mjs';
import { caller, received, socketsOf, until } from './wire.mjs';

const CUT = /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|WebSocket connection to/;
const NARROW = { viewport: { width: 360, height: 640 }, colorScheme: 'dark' };
const SHOW = 'Show my draft while I type';
const writing = (page) => page.getByLabel('Message', { exact: true });
const room = (page, name) => page.getByRole('navigation').getByRole('button', { name });
const bubble = (page, author) => page.locator('#live > li').filter({ has: page.locator('.author').getByText(author, { exact: true }) });

/** What stands unfinished below the messages, as `<author>: <text>`. */
const live = (page) => page.locator('#live > li').evaluateAll((items) =>
  items.map((item) => `${item.querySelector('.author').textContent}: ${item.querySelector('p').textContent}`));

async function showsLive(page, expected) {
  let last;
  const isSo = async () => {
    last = await live(page);
    return last.join('|') === expected.join('|');
  };
  await until(isSo, `${expected.join(', ') || 'nothing'} is being written`).catch((error) => assert.deepEqual(last, expected, error.message));
}

async function shareDrafts(page, isShared) {
  const told = page.waitForResponse((response) => response.url().endsWith('/drafts'));
  await page.getByLabel(SHOW).setChecked(isShared);
  const response = await told;
  assert.equal(response.status(), 204);
  assert.deepEqual(response.request().postDataJSON(), { shared: isShared });
}

/** Watches a text from now on. Answers how often it has stood there at once, at most: as a message or unfinished. */
async function watch(page, text) {
  await page.evaluate((text) => {
    globalThis.mostAtOnce = 0;
    const look = () => {
      const found = [...document.querySelectorAll('#messages p, #live p')].filter((p) => p.textContent === text);
      globalThis.mostAtOnce = Math.max(globalThis.mostAtOnce, found.length);
    };
    new MutationObserver(look).observe(document.getElementById('log'), { childList: true, subtree: true, characterData: true });
  }, text);
  return () => page.evaluate(() => globalThis.mostAtOnce);
}

/** Ada and Ben in a room that both have open. */
async function together(stage, server, bens = NARROW) {
  const ada = await stage.window(await stage.context());
  const ben = await stage.window(await stage.context(bens));
  const sockets = [socketsOf(ada), socketsOf(ben)];
  await register(ada, 'Ada');
  await register(ben, 'Ben');
  await makeRoom(ada, 'Engine room', true);
  await joinRoom(ben, 'Engine room');
  await people(ada, '2 online');
  await people(ben, '2 online');
  const [asAda, asBen] = [await caller(server, ada), await caller(server, ben)];
  return { ada, ben, asAda, asBen, sockets, engine: await asAda.roomNamed('Engine room') };
}

/** Begins a stream over REST, as a program does. */
async function begin(by, roomId, text = '', whenLost = 'drop') {
  const { id } = await by.call('POST', `/rooms/${roomId}/streams`, { kind: 'message', when_lost: whenLost });
  const append = (index, delta) => by.call('POST', `/streams/${id}/append`, { index, delta });
  if (text) await append(0, text);
  return {
    id,
    append,
    replace: (whole) => by.call('PUT', `/streams/${id}/text`, { text: whole }),
    finish: () => by.call('POST', `/streams/${id}/finish`),
    abort: () => by.call('DELETE', `/streams/${id}`),
  };
}

scenario('one sees what the other types before it is sent, unless the other has not wished so', {}, async (stage, server) => {
  const { ada, ben, sockets: [ofAda] } = await together(stage, server);
  assert.equal(await ada.getByLabel(SHOW).isChecked(), false);
  await writing(ada).pressSequentially('between us');
  await ben.getByText('Ada is typing…').waitFor();
  await say(ada, 'nobody saw it');
  await sees(ben, 'nobody saw it');
  assert.deepEqual(ofAda.flatMap(({ sent }) => sent).filter(({ event }) => event.startsWith('stream.')), []);

  await shareDrafts(ada, true);
  await writing(ada).pressSequentially('Hello 👋 B', { delay: 5 });
  await showsLive(ben, ['Ada: Hello 👋 B']);
  // In the middle, too.
  await writing(ada).press('Home');
  await writing(ada).pressSequentially('👋👋 ');
  await showsLive(ben, ['Ada: 👋👋 Hello 👋 B']);
  assert.deepEqual(await live(ada), [], 'one sees one\'s own where one types');
  await writing(ada).fill('');
  await showsLive(ben, []);

  await writing(ada).pressSequentially('Once more');
  await showsLive(ben, ['Ada: Once more']);
  const most = await watch(ben, 'Once more');
  await writing(ada).press('Enter');
  await until(async () => (await shown(ben)).includes('Once more'), 'it is sent');
  await showsLive(ben, []);
  assert.equal(await most(), 1, 'it was never there twice');
  for (const page of [ada, ben]) assert.deepEqual(await shown(page), ['nobody saw it', 'Once more']);
  const sent = ofAda.flatMap((socket) => socket.sent).map(({ event }) => event);
  const [starts, aborts] = ['stream.start', 'stream.abort'].map((event) => sent.filter((it) => it === event).length);
  assert.deepEqual([starts, aborts], [2, 2]);
});

scenario('a message that a program writes appears, grows, can be stopped, and becomes the message', {}, async (stage, server) => {
  const { ada, asBen, engine, sockets: [, ofBen] } = await together(stage, server);
  await say(ada, 'Tell me');
  await sees(ada, 'Tell me');
  const stream = await begin(asBen, engine);
  await showsLive(ada, ['Ben: ']);
  await stream.append(0, '👋 Zoë');
  await showsLive(ada, ['Ben: 👋 Zoë']);
  await stream.append(5, ' and 🎉');
  await showsLive(ada, ['Ben: 👋 Zoë and 🎉']);
  // Kept up to behind two characters that are two units each.
  await stream.replace('👋 Zoë and 🎈!');
  await showsLive(ada, ['Ben: 👋 Zoë and 🎈!']);
  assert.equal(await bubble(ada, 'Ben').evaluate((item) => item.closest('[aria-live]').ariaLive), 'off', 'no screen reader tells each letter');

  const button = bubble(ada, 'Ben').getByRole('button', { name: 'Stop' });
  await button.focus();
  await ada.keyboard.press('Enter');
  await until(() => received(ofBen, 'stream.stop').length === 1, 'the author hears of it');
  assert.equal(received(ofBen, 'stream.stop')[0].data.id, stream.id);
  await bubble(ada, 'Ben').getByRole('button', { name: 'Stopping…' }).waitFor();

  const most = await watch(ada, '👋 Zoë and 🎈!');
  await stream.finish();
  await until(async () => (await shown(ada)).length === 2, 'it is a message');
  assert.equal(await most(), 1, 'it was never there twice');
  assert.deepEqual([await shown(ada), await live(ada)], [['Tell me', '👋 Zoë and 🎈!'], []]);
  assert.equal(await ada.locator('#messages > li').last().getAttribute('data-id'), stream.id);
  assert.ok(await log(ada).evaluate((node) => node === document.activeElement), 'who was at the button is still in the room');
});

scenario('several are written at once, in the order of their beginning, and one that is given up is gone', {}, async (stage, server) => {
  const { ada, asBen, engine } = await together(stage, server);
  const streams = [];
  for (const text of ['first', 'second', 'third']) streams.push(await begin(asBen, engine, text));
  await showsLive(ada, ['Ben: first', 'Ben: second', 'Ben: third']);
  await streams[0].append(5, ', but not fast');
  await streams[1].abort();
  await showsLive(ada, ['Ben: first, but not fast', 'Ben: third']);
  await streams[2].finish();
  await sees(ada, 'third');
  await showsLive(ada, ['Ben: first, but not fast']);
  assert.deepEqual(await shown(ada), ['third']);
});

scenario('who comes in the middle sees the text so far, in the room that it belongs to', {}, async (stage, server) => {
  const { ada, ben, asBen, engine } = await together(stage, server);
  const stream = await begin(asBen, engine, '🎉 So far');
  await showsLive(ada, ['Ben: 🎉 So far']);
  const cleo = await stage.window(await stage.context());
  await register(cleo, 'Cleo');
  await joinRoom(cleo, 'Engine room');
  await showsLive(cleo, ['Ben: 🎉 So far']);
  await makeRoom(cleo, 'Elsewhere', false);
  assert.deepEqual(await live(cleo), []);
  await stream.append(8, ', so good');
  await showsLive(ada, ['Ben: 🎉 So far, so good']);
  await room(cleo, 'Engine room').click();
  await showsLive(cleo, ['Ben: 🎉 So far, so good']);
  await ada.reload();
  await connected(ada);
  await room(ada, 'Engine room').click();
  await showsLive(ada, ['Ben: 🎉 So far, so good']);
  await stream.append(17, '!');
  await stream.finish();
  for (const page of [ada, ben, cleo]) {
    await sees(page, '🎉 So far, so good!');
    await showsLive(page, []);
  }
});

scenario('a text that grows is followed by who reads the newest, and by nobody who has scrolled up', {}, async (stage, server) => {
  const { ben, asAda, engine } = await together(stage, server);
  for (let i = 0; i < 30; i += 1) await asAda.say(engine, `line ${i}`);
  await sees(ben, 'line 29');
  const fromEnd = () => log(ben).evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight);
  const stream = await begin(asAda, engine, 'word');
  let text = 'word';
  const grow = async () => {
    for (let i = 0; i < 10; i += 1) {
      const more = ` and ${'more '.repeat(20)}`;
      await stream.append(text.length, more);
      text += more;
    }
    await showsLive(ben, [`Ada: ${text}`]);
  };
  await grow();
  await until(async () => await fromEnd() < 8, 'the end of it is in view');
  assert.ok(await ben.evaluate(() => document.documentElement.scrollWidth <= 360), 'nothing sticks out of a narrow window');

  await ben.mouse.move(180, 300);
  await ben.mouse.wheel(0, -400);
  await ben.getByRole('button', { name: 'Newest messages' }).waitFor();
  const top = await log(ben).evaluate((node) => node.scrollTop);
  await grow();
  assert.equal(await log(ben).evaluate((node) => node.scrollTop), top);
  await ben.getByRole('button', { name: 'Newest messages' }).click();
  await stream.replace('short');
  await showsLive(ben, ['Ada: short']);
  await stream.abort();
  await showsLive(ben, []);
  await asAda.say(engine, 'the end');
  await sees(ben, 'the end');
  await until(async () => await fromEnd() < 8, 'the end is in view');
});

scenario('what a program that was lost had said is marked as interrupted', { STREAM_LEASE: '300ms' }, async (stage, server) => {
  const { ada, asBen, engine } = await together(stage, server);
  await asBen.say(engine, 'all of it');
  await begin(asBen, engine, 'half of', 'finish');
  await until(async () => (await shown(ada)).length === 2, 'it is sent as far as it has come');
  await showsLive(ada, []);
  const mark = (text) => ada.locator('#messages > li').filter({ has: ada.getByText(text, { exact: true }) }).getByText('interrupted');
  await mark('half of').waitFor();
  assert.equal(await mark('all of it').count(), 0);
});

scenario('a connection that is lost takes the drafts along, and they come back once', {}, async (stage, server) => {
  const { ada, ben, asBen, sockets: [ofAda], engine } = await together(stage, server);
  await shareDrafts(ada, true);
  await writing(ada).pressSequentially('Ada here');
  await showsLive(ben, ['Ada: Ada here']);
  const stream = await begin(asBen, engine, 'Ben 🎉');
  await showsLive(ada, ['Ben: Ben 🎉']);

  await stage.expecting(CUT, async () => {
    await ada.context().setOffline(true);
    await ada.getByText('Connecting…').waitFor();
    assert.deepEqual(await live(ada), []);
    await stream.append(5, ' goes on');
    await ada.context().setOffline(false);
    await connected(ada);
  });
  await showsLive(ada, ['Ben: Ben 🎉 goes on']);
  // What the old socket had told is taken back, and the next letter begins anew.
  await showsLive(ben, []);
  await writing(ada).pressSequentially(' again');
  await showsLive(ben, ['Ada: Ada here again']);
  await writing(ada).press('Enter');
  await until(async () => (await shown(ben)).length === 1, 'it is sent');
  await showsLive(ben, []);
  assert.deepEqual(await shown(ben), ['Ada here again']);
  assert.equal(ofAda.at(-1).sent.filter(({ event }) => event === 'stream.start').length, 1);

  // Written while nobody hears of it, sent all the same.
  await stage.expecting(CUT, async () => {
    await ada.context().setOffline(true);
    await ada.getByText('Connecting…').waitFor();
    await writing(ada).pressSequentially('from afar');
    await writing(ada).press('Enter');
    await ada.getByText('Waiting to be sent').waitFor();
    await ada.context().setOffline(false);
    await until(async () => (await shown(ben)).length === 2, 'it is sent');
  });
  assert.deepEqual([await shown(ben), await live(ben)], [['Ada here again', 'from afar'], []]);
});

scenario('a draft stays in its room, and goes with the window', {}, async (stage, server) => {
  const { ada, ben } = await together(stage, server, {});
  await makeRoom(ada, 'Side room', true);
  await joinRoom(ben, 'Side room');
  await shareDrafts(ada, true);
  await writing(ada).pressSequentially('aside');
  await showsLive(ben, ['Ada: aside']);
  await room(ada, 'Engine room').click();
  await showsLive(ben, []);
  await writing(ada).pressSequentially('at work');
  await room(ben, 'Engine room').click();
  await showsLive(ben, ['Ada: at work']);
  await room(ben, 'Side room').click();
  await isOpen(ben, 'Side room');
  assert.deepEqual(await live(ben), []);
  await room(ben, 'Engine room').click();
  await showsLive(ben, ['Ada: at work']);
  await ada.reload();
  await connected(ada);
  await showsLive(ben, []);
});

scenario('the wish is remembered for a person and a browser, and taken back at once', {}, async (stage, server) => {
  const { ada, ben, asAda } = await together(stage, server);
  const isOn = (page, expected) => until(async () => await page.getByLabel(SHOW).isChecked() === expected, `the drafts are shown: ${expected}`);
  const shares = async () => (await asAda.call('GET', `/users/${asAda.user.id}`)).shares_drafts;
  await shareDrafts(ada, true);
  await ada.reload();
  await connected(ada);
  await room(ada, 'Engine room').click();
  await isOn(ada, true);
  await writing(ada).pressSequentially('seen');
  await showsLive(ben, ['Ada: seen']);
  await shareDrafts(ada, false);
  await showsLive(ben, []);
  assert.equal(await shares(), false);
  await writing(ada).pressSequentially(' no more');
  await ben.getByText('Ada is typing…').waitFor();
  assert.deepEqual(await live(ben), []);
  await shareDrafts(ada, true);
  assert.equal(await shares(), true);
  await writing(ada).pressSequentially(', or again');
  await showsLive(ben, ['Ada: seen no more, or again']);

  // Taken back elsewhere, it is taken back here.
  await asAda.call('PATCH', `/users/${asAda.user.id}/drafts`, { shared: false });
  await showsLive(ben, []);
  await ada.reload();
  await connected(ada);
  await isOn(ada, false);
  await asAda.call('PATCH', `/users/${asAda.user.id}/drafts`, { shared: true });

  // Nobody else in the same browser has wished for it; elsewhere, Ada has not.
  const [cleo, other] = [await stage.window(ada.context()), await stage.window(await stage.context())];
  await register(cleo, 'Cleo');
  await joinRoom(cleo, 'Engine room');
  assert.equal(await cleo.getByLabel(SHOW).isChecked(), false);
  await logIn(other, 'Ada');
  await connected(other);
  await room(other, 'Engine room').click();
  assert.equal(await other.getByLabel(SHOW).isChecked(), false);
});

scenario('what goes wrong with a draft is no trouble for the chat', { RATE_STREAMS_USER: '3/2s', STREAMS_USER: '1' }, async (stage, server) => {
  const { ada, ben, asAda, engine, sockets: [ofAda] } = await together(stage, server);
  await shareDrafts(ada, true);
  await writing(ada).pressSequentially('written slowly, letter by letter', { delay: 30 });
  await until(() => received(ofAda, 'error').some(({ data }) => data.code === 'rate_limited'), 'it was too fast');
  await showsLive(ben, ['Ada: written slowly, letter by letter']);
  await writing(ada).press('Enter');
  await sees(ben, 'written slowly, letter by letter');
  await showsLive(ben, []);

  // Another stream of hers is open, more than which she may not have.
  await until(() => begin(asAda, engine).catch(() => false), 'she may begin another one');
  await showsLive(ben, ['Ada: ']);
  await writing(ada).pressSequentially('unseen', { delay: 30 });
  await writing(ada).press('Enter');
  await sees(ben, 'unseen');
  await ada.locator('#unsent:empty').waitFor({ state: 'attached' });
  assert.equal(ofAda.length, 1, 'the socket has stayed');
  assert.equal(await ada.getByRole('alert').filter({ hasText: /./ }).count(), 0);
});
