// The page, in a real browser, against a real server. Waits for conditions, never for time.

import assert from 'node:assert/strict';
import { connected, isOpen, joinRoom, logIn, makeRoom, people, register, say, scenario, sees, shown, unreadOf, withEmail } from './stage.mjs';

const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
const DAN = 'Dan <img src=x onerror=alert(3)>';

scenario('two people chat live, see each other type, come and go', {}, async (stage) => {
  const ada = await stage.window(await stage.context());
  const ben = await stage.window(await stage.context({ viewport: { width: 360, height: 640 }, colorScheme: 'dark' }));
  await register(ada, 'Ada');
  await register(ben, 'Ben');

  await makeRoom(ada, 'Engine room', true);
  await people(ada, '1 online');
  await joinRoom(ben, 'Engine room');
  await people(ada, '2 online');
  await people(ben, '2 online');

  await say(ada, 'Hello Ben');
  await sees(ben, 'Hello Ben');
  await ben.getByLabel('Message', { exact: true }).pressSequentially('Hel');
  await ada.getByText('Ben is typing…').waitFor();
  await say(ben, 'Hello Ada');
  await sees(ada, 'Hello Ada');
  await ada.locator('#typing:empty').waitFor({ state: 'attached' });

  await say(ben, HOSTILE);
  await sees(ada, HOSTILE);
  await sees(ben, HOSTILE);
  assert.equal(await ada.locator('#messages img, #messages script').count(), 0);

  const wide = await ben.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `the page is ${wide} px wide on a screen of 360`);

  await ben.close();
  await people(ada, '1 online');
});

scenario('two windows of one browser are two people, with private rooms and a direct chat', {}, async (stage) => {
  const context = await stage.context();
  const [cleo, dan] = [await stage.window(context), await stage.window(context)];
  // A window behind another draws once a second, and a click waits for it to draw.
  await cleo.bringToFront();
  await register(cleo, 'Cleo');
  await makeRoom(cleo, 'Secret', false);

  await dan.bringToFront();
  await register(dan, DAN, 'Dan');
  await dan.getByRole('button', { name: 'Join', exact: true }).click();
  await dan.getByText('There is none that you are not in.').waitFor();
  await dan.getByRole('dialog').getByRole('button', { name: 'Close' }).click();

  await cleo.bringToFront();
  await stage.expecting(/status of 404/, async () => {
    await cleo.getByRole('button', { name: 'Add', exact: true }).click();
    const dialog = cleo.getByRole('dialog', { name: 'Add a person' });
    await dialog.getByLabel('Their e-mail').fill('nobody@test.example');
    await dialog.locator('button.primary').click();
    await dialog.getByRole('alert').filter({ hasText: /./ }).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });
  await withEmail(cleo, 'Add', 'Add a person', 'Dan');
  await dan.getByRole('navigation').getByRole('button', { name: 'Secret' }).waitFor();

  await say(cleo, 'one');
  await say(cleo, 'two');
  await unreadOf(dan, 'Secret').filter({ hasText: '2' }).waitFor();
  assert.match(await dan.title(), /^\(2\)/);
  await dan.bringToFront();
  await dan.getByRole('navigation').getByRole('button', { name: 'Secret' }).click();
  await sees(dan, 'two');
  await unreadOf(dan, 'Secret').waitFor({ state: 'detached' });

  await withEmail(dan, 'Direct', 'Direct chat', 'Cleo');
  await isOpen(dan, 'Cleo');
  await say(dan, 'just us');
  await unreadOf(cleo, DAN).filter({ hasText: '1' }).waitFor();
  await cleo.bringToFront();
  await cleo.getByRole('navigation').getByRole('button', { name: DAN }).click();
  await sees(cleo, 'just us');
  await say(cleo, 'and nobody else');
  await sees(dan, 'and nobody else');

  await dan.reload();
  await connected(dan);
  assert.equal(await unreadOf(dan, 'Secret').count(), 0);
});

scenario('a restart of the server loses nothing and doubles nothing', {}, async (stage, server) => {
  const ada = await stage.window(await stage.context());
  const ben = await stage.window(await stage.context());
  await register(ada, 'Ada');
  await register(ben, 'Ben');
  await makeRoom(ada, 'Engine room', true);
  await joinRoom(ben, 'Engine room');
  await say(ada, 'before');
  await sees(ben, 'before');

  await stage.expecting(/ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|WebSocket connection to/, async () => {
    await server.stop();
    await ada.getByText('Connecting…').waitFor();
    await ben.getByText('Connecting…').waitFor();
    // Ben's network fails too, and for longer than the server is away.
    await ben.context().setOffline(true);
    await say(ada, 'while it was away');
    await ada.getByText('Waiting to be sent').waitFor();
    await say(ben, 'from afar');
    await ben.getByText('Waiting to be sent').waitFor();

    await server.start();
    await ada.locator('#unsent:empty').waitFor({ state: 'attached' });
    await say(ada, 'Ben?');
    await ada.locator('#unsent:empty').waitFor({ state: 'attached' });
    assert.deepEqual(await shown(ada), ['before', 'while it was away', 'Ben?']);
    assert.deepEqual(await shown(ben), ['before']);

    await ben.context().setOffline(false);
    await sees(ben, 'Ben?');
    await sees(ada, 'from afar');
  });
  await ben.locator('#unsent:empty').waitFor({ state: 'attached' });
  await say(ben, 'here I am');
  await sees(ada, 'here I am');
  for (const page of [ada, ben]) {
    assert.deepEqual(await shown(page), ['before', 'while it was away', 'Ben?', 'from afar', 'here I am']);
  }
  // Neither does a reload know of more, or of less.
  await ben.reload();
  await ben.getByRole('navigation').getByRole('button', { name: 'Engine room' }).click();
  await sees(ben, 'here I am');
  assert.deepEqual(await shown(ben), await shown(ada));
});

scenario('a message whose answer was lost is sent again, and is there once', {}, async (stage) => {
  const ada = await stage.window(await stage.context());
  const sent = [];
  let isCut = false;
  let tellSentAgain;
  const sentAgain = new Promise((resolve) => { tellSentAgain = resolve; });
  await ada.routeWebSocket(/\/ws/, (page) => {
    const server = page.connectToServer();
    page.onMessage((frame) => {
      const { event, data } = JSON.parse(frame);
      if (event === 'send_message' && sent.push(data.client_msg_id) === 2) tellSentAgain();
      server.send(frame);
    });
    server.onMessage((frame) => {
      if (sent.length === 0 || isCut) return page.send(frame);
      // The first message arrives, and the connection ends before the page hears of it.
      if (JSON.parse(frame).event === 'ack') {
        isCut = true;
        server.close();
        page.close();
      }
    });
  });
  await register(ada, 'Ada');
  await makeRoom(ada, 'Engine room', false);
  await say(ada, 'once');
  await sees(ada, 'once');
  await sentAgain;
  await ada.locator('#unsent:empty').waitFor({ state: 'attached' });
  await say(ada, 'and another');
  await sees(ada, 'and another');
  // Until it is answered, it stands below the messages.
  await ada.locator('#unsent:empty').waitFor({ state: 'attached' });
  assert.deepEqual(await shown(ada), ['once', 'and another']);
  assert.equal(sent[0], sent[1], 'the second attempt bears the id of the first');
});

scenario('older history comes by scrolling, and stays in order', {}, async (stage, server) => {
  const ada = await stage.window(await stage.context({ viewport: { width: 900, height: 500 } }));
  await register(ada, 'Ada');
  await makeRoom(ada, 'Long', false);
  const texts = Array.from({ length: 120 }, (_, i) => `line ${i + 1}`);
  await ada.evaluate(async (texts) => {
    const { access_token: token } = JSON.parse(sessionStorage.getItem('chatterstack.login'));
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const { rooms: [{ id }] } = await (await fetch('/v1/rooms', { headers })).json();
    for (const content of texts) await fetch(`/v1/rooms/${id}/messages`, { method: 'POST', headers, body: JSON.stringify({ content }) });
  }, texts);
  await sees(ada, 'line 120');
  await ada.reload();
  await ada.getByRole('navigation').getByRole('button', { name: 'Long' }).click();
  await sees(ada, 'line 120');
  assert.deepEqual(await shown(ada), texts.slice(70));

  await ada.getByRole('button', { name: 'Load earlier messages' }).scrollIntoViewIfNeeded();
  await sees(ada, 'line 21');
  await ada.getByRole('button', { name: 'Load earlier messages' }).click();
  await sees(ada, 'line 1');
  assert.deepEqual(await shown(ada), texts);
  await ada.getByRole('button', { name: 'Load earlier messages' }).waitFor({ state: 'hidden' });

  const before = await ada.getByText('line 21', { exact: true }).boundingBox();
  assert.ok(before.y > -200 && before.y < 700, `what was being read stayed in view, not at ${before.y} px`);
  await ada.getByRole('button', { name: 'Newest messages' }).click();
  await ada.getByText('line 120', { exact: true }).and(ada.locator(':visible')).waitFor();
  assert.ok((await ada.getByText('line 120', { exact: true }).boundingBox()).y < 500);
});

scenario('a log-in is renewed before it expires, refused when wrong, and ended by logging out', { JWT_ACCESS_TTL: '3s' }, async (stage) => {
  const ada = await stage.window(await stage.context());
  await register(ada, 'Ada');
  await makeRoom(ada, 'Engine room', false);
  const renewed = () => ada.waitForResponse((response) => response.url().endsWith('/v1/auth/refresh') && response.status() === 200);
  await renewed();
  await renewed();
  await say(ada, 'still here');
  await sees(ada, 'still here');
  await ada.locator('#unsent:empty').waitFor({ state: 'attached' });

  await ada.getByRole('button', { name: 'Log out' }).click();
  await ada.getByRole('form', { name: 'Log in' }).waitFor();
  assert.equal(await ada.evaluate(() => sessionStorage.length), 0);
  assert.equal(await ada.getByText('still here').count(), 0);
  await stage.expecting(/status of 401/, async () => {
    await logIn(ada, 'Ada', 'wrong horse');
    await ada.getByRole('alert').filter({ hasText: /./ }).waitFor();
  });
  await logIn(ada, 'Ada');
  await connected(ada);
  await ada.getByRole('navigation').getByRole('button', { name: 'Engine room' }).click();
  await sees(ada, 'still here');
});
