// Who is logged in here, and the tokens for it. They live in sessionStorage, so that each window can be another person.

import { freshId } from './fresh-id.js';
import { ask } from './rest.js';
import { Tabs } from './tabs.js';

const KEY = 'chatterstack.login';

let login = JSON.parse(sessionStorage.getItem(KEY));
let renewal = null;
let onEnd = () => {};
const tabs = new Tabs(() => login, keep);
if (login) tabs.enter(login.id);

/** Tells `then` when the log-in has ended without being asked to. */
export const whenLoginEnds = (then) => { onEnd = then; };
export const me = () => login?.user ?? null;

export const register = (username, email, password) => ask('POST', '/auth/register', { username, email, password });

export async function logIn(email, password) {
  const answer = await ask('POST', '/auth/login', { email, password });
  keep({ ...dated(answer), id: freshId(), turn: 0 });
  tabs.enter(login.id);
}

export async function logOut() {
  if (!login) return;
  const ended = login;
  forget();
  // Out is out, even if the server cannot be told.
  await tellOut(ended).catch(() => {});
}

/** An access token that has run out would leave the log-in alive: then it takes a new one to end it. */
async function tellOut({ access_token: token, refresh_token: spent }) {
  const tell = (by) => ask('POST', '/auth/logout', {}, by);
  try {
    await tell(token);
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    const answer = await ask('POST', '/auth/refresh', { refresh_token: spent });
    await tell(answer.access_token);
  }
}

/** The log-in is of no use any more. */
export function endLogin() {
  if (!login) return;
  forget();
  onEnd();
}

/** An access token that is good for a while yet, or none when nobody is logged in. */
export async function accessToken() {
  if (login && Date.now() >= login.renewAt) await renew();
  return login?.access_token;
}

/** An access token other than `refused`, or none when nobody is logged in. */
export async function accessTokenOtherThan(refused) {
  if (login?.access_token === refused) await renew();
  return login?.access_token;
}

/** A call in the name of who is logged in. */
export async function call(method, path, body) {
  const token = await accessToken();
  try {
    return await ask(method, path, body, token);
  } catch (problem) {
    if (problem.status !== 401 || !login) throw problem;
    return ask(method, path, body, await accessTokenOtherThan(token));
  }
}

// At four fifths of its life: early enough for a slow answer or a clock that runs a little off.
const dated = (answer) => ({ ...answer, renewAt: Date.now() + answer.expires_in * 800 });

function keep(next) {
  login = next;
  sessionStorage.setItem(KEY, JSON.stringify(login));
}

function forget() {
  tabs.leave();
  login = null;
  sessionStorage.removeItem(KEY);
}

// A refresh token is good once, so that all who need a new access token must share one renewal.
function renew() {
  if (!renewal) {
    const { refresh_token: spent } = login;
    // Another tab may have spent it meanwhile, and then its log-in has been adopted.
    const needed = () => login?.refresh_token === spent;
    renewal = tabs.alone(() => needed() && spend(login)).finally(() => { renewal = null; });
  }
  return renewal;
}

async function spend(before) {
  try {
    const answer = await ask('POST', '/auth/refresh', { refresh_token: before.refresh_token });
    if (login !== before) return;
    keep({ ...dated(answer), id: before.id, turn: before.turn + 1 });
    tabs.tell();
  } catch (problem) {
    if (problem.status === 401 && login === before) endLogin();
    throw problem;
  }
}
