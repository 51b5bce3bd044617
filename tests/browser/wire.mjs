// What a page says and hears: its sockets, frame by frame, and the REST API in the name of its person.

import assert from 'node:assert/strict';

/** The sockets of a page, from now on: `{url, sent, received}` each, frames parsed. */
export function socketsOf(page) {
  const sockets = [];
  page.on('websocket', (ws) => {
    const socket = { url: new URL(ws.url()), sent: [], received: [] };
    sockets.push(socket);
    ws.on('framesent', ({ payload }) => socket.sent.push(JSON.parse(payload)));
    ws.on('framereceived', ({ payload }) => socket.received.push(JSON.parse(payload)));
  });
  return sockets;
}

export const received = (sockets, event) => sockets.flatMap((socket) => socket.received).filter((frame) => frame.event === event);

/** Waits until something is so. */
export async function until(isSo, what, withinMs = 20_000) {
  const end = Date.now() + withinMs;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, `${what}, within ${withinMs} ms`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

/** Calls as whom the page has logged in, not through the page: its network may be cut. */
export async function caller(server, page) {
  const { access_token: token, user } = await page.evaluate(() => JSON.parse(sessionStorage.getItem('chatterstack.login')));
  const call = async (method, path, body) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const response = await fetch(`${server.url}/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.status === 204 ? null : response.json();
  };
  return {
    user,
    call,
    say: (room, content) => call('POST', `/rooms/${room}/messages`, { content }),
    roomNamed: async (name) => (await call('GET', '/rooms?limit=100')).rooms.find((room) => room.name === name).id,
  };
}

/** The calls that a page makes from now on to read the messages of a room. */
export function readsOf(page) {
  const reads = [];
  page.on('request', (request) => {
    if (request.method() === 'GET' && request.url().includes('/messages?')) reads.push(request.url());
  });
  return reads;
}
