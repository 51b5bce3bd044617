// What the tests of the page share: a real browser, a server for each test, and what people do and see.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Server } from '../support/server.mjs';

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const WAIT_MS = 10_000;

let browser;

before(async () => {
  if (!existsSync(CHROMIUM)) throw new Error(`no browser at ${CHROMIUM}: install Debian's package chromium, or set CHROMIUM`);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});

after(() => browser?.close());

/** A test with a server of its own, whose pages may neither complain in the console nor open a dialog. */
export function scenario(name, env, run) {
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
      // A test that ran out of time finds its browser closed. Its server would keep this process alive.
      await stage.close().finally(() => server.remove());
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

export async function register(page, name, mailbox = name) {
  await page.getByRole('button', { name: 'Make an account' }).click();
  const form = page.getByRole('form', { name: 'Make an account' });
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('E-mail').fill(address(mailbox));
  await form.getByLabel('Password').fill('correct horse');
  await form.getByRole('button', { name: 'Make the account' }).click();
  await connected(page);
}

export async function logIn(page, name, password = 'correct horse') {
  const form = page.getByRole('form', { name: 'Log in' });
  await form.getByLabel('E-mail').fill(address(name));
  await form.getByLabel('Password').fill(password);
  await form.getByRole('button', { name: 'Log in' }).click();
}

export const address = (name) => `${name.toLowerCase()}@test.example`;
export const connected = (page) => page.getByText('Connected', { exact: true }).waitFor();
export const unreadOf = (page, room) => page.getByRole('navigation').getByRole('button', { name: room }).locator('.badge');
export const log = (page) => page.getByRole('log');
export const sees = (page, text) => log(page).getByText(text, { exact: true }).waitFor();
export const isOpen = (page, title) => page.getByRole('heading', { name: title, exact: true }).waitFor();
export const shown = (page) => page.locator('#messages p').allTextContents();

export async function makeRoom(page, name, isPublic) {
  await page.getByRole('button', { name: 'New room' }).click();
  const dialog = page.getByRole('dialog', { name: 'New room' });
  await dialog.getByLabel('Name').fill(name);
  if (isPublic) await dialog.getByLabel('Public').check();
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await isOpen(page, name);
}

export async function joinRoom(page, name) {
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: `Join ${name}` }).click();
  await isOpen(page, name);
}

export async function withEmail(page, opener, dialogName, name) {
  await page.getByRole('button', { name: opener, exact: true }).click();
  const dialog = page.getByRole('dialog', { name: dialogName });
  await dialog.getByLabel('Their e-mail').fill(address(name));
  await dialog.locator('button.primary').click();
  await dialog.waitFor({ state: 'hidden' });
}

export async function say(page, text) {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByLabel('Message', { exact: true }).press('Enter');
}

export const people = (page, text) => page.locator('summary').getByText(text, { exact: true }).waitFor();
