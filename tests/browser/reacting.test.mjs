// Reactions in the page: what one person does, the other sees.

import assert from 'node:assert/strict';
import { connected, joinRoom, log, makeRoom, people, register, say, scenario, sees } from './stage.mjs';
import { caller, until } from './wire.mjs';

const CUT = /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|WebSocket connection to/;
const NARROW = { viewport: { width: 360, height: 640 }, colorScheme: 'dark' };
const item = (page, text) => page.locator('#messages > li').filter({ has: page.getByText(text, { exact: true }) });
const palette = (page) => page.getByRole('group', { name: 'Choose a reaction' });

/** What stands below a message: `👍 2*` is two, oneself among them. */
const reactions = (page, text) => item(page, text).locator('.reaction').evaluateAll((buttons) =>
  buttons.map((button) => `${button.textContent}${button.ariaPressed === 'true' ? '*' : ''}`));

async function showsReactions(page, text, expected) {
  let last;
  const isSo = async () => {
    last = await reactions(page, text);
    return last.join() === expected.join();
  };
  await until(isSo, `${expected.join() || 'nothing'} stands below ${text}`).catch((error) => assert.deepEqual(last, expected, error.message));
}

async function react(page, text, name) {
  await item(page, text).hover();
  await item(page, text).getByRole('button', { name: 'React', exact: true }).click();
  await palette(page).getByRole('button', { name }).click();
}

const toggle = (page, text, emoji) => item(page, text).locator(`.reaction[data-emoji="${emoji}"]`).click();

/** Ada and Ben in a room that both have open, with one message of Ada's. */
async function together(stage, server) {
  const ada = await stage.window(await stage.context());
  const ben = await stage.window(await stage.context(NARROW));
  await register(ada, 'Ada');
  await register(ben, 'Ben');
  await makeRoom(ada, 'Engine room', true);
  await joinRoom(ben, 'Engine room');
  await say(ada, 'Lunch?');
  await sees(ben, 'Lunch?');
  await people(ben, '2 online');
  const asAda = await caller(server, ada);
  const engine = await asAda.roomNamed('Engine room');
  const { messages: [{ id }] } = await asAda.call('GET', `/rooms/${engine}/messages`);
  return { ada, ben, asAda, asBen: await caller(server, ben), engine, path: `/rooms/${engine}/messages/${id}` };
}

async function reload(page) {
  await page.reload();
  await connected(page);
  await page.getByRole('navigation').getByRole('button', { name: 'Engine room' }).click();
}

scenario('one reacts and takes it back, the other sees it, and a reload or an edit changes nothing of it', {}, async (stage, server) => {
  const { ada, ben, asAda, path } = await together(stage, server);
  await react(ben, 'Lunch?', 'Thumbs up');
  await showsReactions(ben, 'Lunch?', ['👍 1*']);
  await showsReactions(ada, 'Lunch?', ['👍 1']);
  await palette(ben).waitFor({ state: 'hidden' });

  await toggle(ada, 'Lunch?', '👍');
  await react(ada, 'Lunch?', 'Hooray');
  await showsReactions(ada, 'Lunch?', ['👍 2*', '🎉 1*']);
  await showsReactions(ben, 'Lunch?', ['👍 2*', '🎉 1']);
  assert.equal(await item(ben, 'Lunch?').locator('.reaction').first().getAttribute('title'), 'You and Ada');
  const isFit = (node) => node.scrollWidth <= node.clientWidth;
  assert.ok(await log(ben).evaluate(isFit) && await ben.locator('html').evaluate(isFit), 'nothing sticks out of a narrow window');

  await asAda.call('PATCH', path, { content: 'Supper?' });
  await showsReactions(ada, 'Supper?', ['👍 2*', '🎉 1*']);
  await showsReactions(ben, 'Supper?', ['👍 2*', '🎉 1']);
  await reload(ben);
  await showsReactions(ben, 'Supper?', ['👍 2*', '🎉 1']);

  await toggle(ben, 'Supper?', '👍');
  await showsReactions(ben, 'Supper?', ['👍 1', '🎉 1']);
  await toggle(ada, 'Supper?', '🎉');
  await showsReactions(ada, 'Supper?', ['👍 1*']);
  await showsReactions(ben, 'Supper?', ['👍 1']);
  await asAda.call('DELETE', path);
  await item(ben, 'Supper?').waitFor({ state: 'detached' });
});

scenario('a page that was offline marks nothing meanwhile, says so, and then shows what it missed', {}, async (stage, server) => {
  const { ada, ben, asAda, asBen, path } = await together(stage, server);
  await react(ben, 'Lunch?', 'Heart');
  await showsReactions(ada, 'Lunch?', ['❤️ 1']);
  await stage.expecting(CUT, async () => {
    await ada.context().setOffline(true);
    await ada.getByText('Connecting…').waitFor();
    await toggle(ada, 'Lunch?', '❤️');
    await ada.getByRole('alert').filter({ hasText: '❤️ was not added: The server cannot be reached.' }).waitFor();
    await showsReactions(ada, 'Lunch?', ['❤️ 1']);

    // Of the two, one comes and goes again, and the other stays.
    for (const emoji of ['🎉', '😮']) await asAda.call('PUT', `${path}/reactions/${encodeURIComponent(emoji)}`);
    await asBen.call('PUT', `${path}/reactions/${encodeURIComponent('😮')}`);
    await asAda.call('DELETE', `${path}/reactions/${encodeURIComponent('🎉')}`);
    await asBen.call('DELETE', `${path}/reactions/${encodeURIComponent('❤️')}`);
    await ada.context().setOffline(false);
    await connected(ada);
  });
  await showsReactions(ada, 'Lunch?', ['😮 2*']);
  await showsReactions(ben, 'Lunch?', ['😮 2*']);
  await toggle(ada, 'Lunch?', '😮');
  await showsReactions(ada, 'Lunch?', ['😮 1']);
  assert.equal(await ada.getByRole('alert').filter({ hasText: 'was not added' }).count(), 0, 'what went wrong before is no longer told');
});

scenario('one finds the own mark where a message does not name everybody', {}, async (stage, server) => {
  const { ada, asAda, asBen, path } = await together(stage, server);
  const asked = [];
  ada.on('request', (request) => { if (request.method() === 'GET' && request.url().includes('/reactions?')) asked.push(request.url()); });
  // As if each message named only one.
  await ada.route('**/messages?*', async (route) => {
    const response = await route.fetch();
    const page = await response.json();
    for (const { reactions } of page.messages) for (const reaction of reactions) reaction.user_ids.length = 1;
    await route.fulfill({ response, json: page });
  });
  for (const by of [asBen, asAda]) await by.call('PUT', `${path}/reactions/${encodeURIComponent('👍')}`);
  await showsReactions(ada, 'Lunch?', ['👍 2*']);
  assert.deepEqual(asked, [], 'who heard of all of them need not ask');

  await reload(ada);
  await showsReactions(ada, 'Lunch?', ['👍 2*']);
  assert.equal(asked.length, 1);
  await toggle(ada, 'Lunch?', '👍');
  await showsReactions(ada, 'Lunch?', ['👍 1']);
  assert.equal(asked.length, 1, 'who knows all of them need not ask again');
});

scenario('the palette is used by keyboard alone, and the focus stays where one is', {}, async (stage, server) => {
  const { ada, ben, asBen, engine } = await together(stage, server);
  const opener = item(ada, 'Lunch?').getByRole('button', { name: 'React', exact: true });
  const hasFocus = (locator) => until(() => locator.evaluate((node) => node === document.activeElement), 'it has the focus');
  await ada.setViewportSize({ width: 900, height: 400 });
  await opener.focus();
  await ada.keyboard.press('Enter');
  await hasFocus(palette(ada).getByRole('button', { name: 'Thumbs up' }));
  await ada.keyboard.press('Escape');
  await palette(ada).waitFor({ state: 'hidden' });
  await hasFocus(opener);

  await ada.keyboard.press('Enter');
  await palette(ada).waitFor();
  // What others write meanwhile scrolls, and leaves it open.
  for (let i = 0; i < 10; i += 1) await asBen.say(engine, `line ${i}`);
  await sees(ada, 'line 9');
  await ada.keyboard.press('Tab');
  await ada.keyboard.press('Enter');
  await showsReactions(ben, 'Lunch?', ['❤️ 1']);
  await hasFocus(opener);

  const heart = item(ada, 'Lunch?').locator('.reaction');
  await heart.focus();
  await toggle(ben, 'Lunch?', '❤️');
  for (const page of [ada, ben]) await showsReactions(page, 'Lunch?', ['❤️ 2*']);
  await hasFocus(heart);
  await toggle(ben, 'Lunch?', '❤️');
  await showsReactions(ada, 'Lunch?', ['❤️ 1*']);
  await ada.keyboard.press('Enter');
  await showsReactions(ada, 'Lunch?', []);
  await hasFocus(opener);
});
