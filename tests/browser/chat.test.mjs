// The page, in a real browser, against a real server. Waits for conditions, never for time.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Server } from '../support/server.mjs';

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
const DAN = 'Dan <img src=x onerror=alert(3)>';
const WAIT_MS = 10_000;

let browser;

before(async () => {
  if (!existsSync(CHROMIUM)) throw new Error(`no browser at ${CHROMIUM}: install Debian's package chromium, or set CHROMIUM`);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});

after(() => browser?.close());

/** A test with a server of its own, whose pages may neither complain in the console nor open a dialog. */
function scenario(name, env, run) {
  test(name, { timeout: 40_000 }, async () => {
    const server = new Server(env);
    const stage = new Stage(server);
    try {
      await server.start();
      await run(stage, server);
      assert.deepEqual(stage.complaints, []);
    } catch (error) {
      error.message += `\ncomplaints: ${stage.complaints.join('\n') || 'none'}\nlog of the server:\n${server.log}`;
      throw error;
    } finally {
      await stage.close();
      await server.remove();
    }
  });
}

class Stage {
  complaints = [];
  #expected = null;
  #contexts = [];

  constructor(server) {
    this.server = server;
  }

  async context(options) {
    const context = await browser.newContext(options);
    this.#contexts.push(context);
    context.setDefaultTimeout(WAIT_MS);
    return context;
  }

  /** A window at the door. */
  async window(context) {
    const page = await context.newPage();
    const complain = (what) => { if (!this.#expected?.test(what)) this.complaints.push(what); };
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complain(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => complain(`exception: ${error.stack}`));
    page.on('dialog', (dialog) => {
      complain(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`);
    }));
    await page.goto(this.server.url);
    return page;
  }

  /** What the console says of itself when a request is refused or a server is away is no complaint meanwhile. */
  async expecting(pattern, run) {
    this.#expected = pattern;
    await run();
    this.#expected = null;
  }

  async close() {
    for (const context of this.#contexts) await context.close();
  }
}

async function register(page, name, mailbox = name) {
  await page.getByRole('button', { name: 'Make an account' }).click();
  const form = page.getByRole('form', { name: 'Make an account' });
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('E-mail').fill(address(mailbox));
  await form.getByLabel('Password').fill('correct horse');
  await form.getByRole('button', { name: 'Make the account' }).click();
  await connected(page);
}

async function logIn(page, name, password = 'correct horse') {
  const form = page.getByRole('form', { name: 'Log in' });
  await form.getByLabel('E-mail').fill(address(name));
  await form.getByLabel('Password').fill(password);
  await form.getByRole('button', { name: 'Log in' }).click();
}

const address = (name) => `${name.toLowerCase()}@test.example`;
const connected = (page) => page.getByText('Connected', { exact: true }).waitFor();
const unreadOf = (page, room) => page.getByRole('navigation').getByRole('button', { name: room }).locator('.badge');
const log = (page) => page.getByRole('log');
const sees = (page, text) => log(page).getByText(text, { exact: true }).waitFor();
const isOpen = (page, title) => page.getByRole('heading', { name: title, exact: true }).waitFor();
const shown = (page) => page.locator('#messages p').allTextContents();

async function makeRoom(page, name, isPublic) {
  await page.getByRole('button', { name: 'New room' }).click();
  const dialog = page.getByRole('dialog', { name: 'New room' });
  await dialog.getByLabel('Name').fill(name);
  if (isPublic) await dialog.getByLabel('Public').check();
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await isOpen(page, name);
}

async function joinRoom(page, name) {
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: `Join ${name}` }).click();
  await isOpen(page, name);
}

async function withEmail(page, opener, dialogName, name) {
  await page.getByRole('button', { name: opener, exact: true }).click();
  const dialog = page.getByRole('dialog', { name: dialogName });
  await dialog.getByLabel('Their e-mail').fill(address(name));
  await dialog.locator('button.primary').click();
  await dialog.waitFor({ state: 'hidden' });
}

async function say(page, text) {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByLabel('Message', { exact: true }).press('Enter');
}

const people = (page, text) => page.locator('summary').getByText(text, { exact: true }).waitFor();

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
