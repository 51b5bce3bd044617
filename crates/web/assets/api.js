// REST, and the tokens behind it. They live in sessionStorage, so that each window can be another person.

const KEY = 'chatterstack.login';
const RETRY_MS = 5000;

/** What the server refused, told in its own words (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    const fields = (body.errors ?? []).map((e) => `${e.field}: ${e.message}`).join('; ');
    super(fields || body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.retryAfterMs = body.retry_after_ms;
    this.code = body.code;
  }
}

let login = JSON.parse(sessionStorage.getItem(KEY));
let renewal = null;
let timer;
let onEnd = () => {};

/** Tells `then` when the log-in has ended without being asked to. */
export const whenLoginEnds = (then) => { onEnd = then; };
export const me = () => login?.user ?? null;

/** An access token that is good for a while yet. */
export async function accessToken() {
  if (login && Date.now() >= login.renewAt) await renew();
  return login?.access_token;
}

export async function call(method, path, body) {
  try {
    return await ask(method, path, body, await accessToken());
  } catch (problem) {
    if (problem.status !== 401 || !login) throw problem;
    await renew();
    return ask(method, path, body, login?.access_token);
  }
}

export const logIn = async (email, password) => keep(await ask('POST', '/auth/login', { email, password }));
export const register = (username, email, password) => ask('POST', '/auth/register', { username, email, password });

export async function logOut() {
  const token = login?.access_token;
  forget();
  // Out is out, even if the server cannot be told.
  await ask('POST', '/auth/logout', {}, token).catch(() => {});
}

/** Renews before the token expires, for the socket's sake: a refused handshake tells a browser nothing. */
export function scheduleRenewal(least = 0) {
  clearTimeout(timer);
  if (login) timer = setTimeout(() => renew().catch(() => scheduleRenewal(RETRY_MS)), Math.max(least, login.renewAt - Date.now()));
}

function keep(answer) {
  // At four fifths of its life: early enough for a slow answer or a clock that runs a little off.
  login = { ...answer, renewAt: Date.now() + answer.expires_in * 800 };
  sessionStorage.setItem(KEY, JSON.stringify(login));
  scheduleRenewal();
}

function forget() {
  clearTimeout(timer);
  login = null;
  sessionStorage.removeItem(KEY);
}

// A refresh token is good once, so that all who need a new access token must share one renewal.
function renew() {
  const before = login;
  renewal ??= ask('POST', '/auth/refresh', { refresh_token: login.refresh_token })
    .then((answer) => { if (login === before) keep(answer); })
    .catch((problem) => {
      if (problem.status === 401 && login === before) {
        forget();
        onEnd();
      }
      throw problem;
    })
    .finally(() => { renewal = null; });
  return renewal;
}

async function ask(method, path, body, token) {
  const headers = { ...(body && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) };
  let response;
  try {
    response = await fetch(`/v1${path}`, { method, headers, body: body && JSON.stringify(body), credentials: 'omit', cache: 'no-store' });
  } catch {
    throw new Error('The server cannot be reached.');
  }
  const text = await response.text();
  const data = text && response.headers.get('Content-Type')?.includes('json') ? JSON.parse(text) : {};
  if (!response.ok) throw new Problem(response.status, data);
  return data;
}
