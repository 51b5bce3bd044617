// An AI agent that answers in its rooms: what the model says can be read while it says it, and is one message in the end.
// It hears over a socket and writes over REST, where a call whose answer was lost is simply made again.

import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';

const { CHATTERSTACK_URL = 'http://localhost:8080', AGENT_EMAIL: email, AGENT_PASSWORD: password } = process.env;
const { OPENAI_BASE_URL = 'http://localhost:11434/v1', OPENAI_API_KEY = 'none', OPENAI_MODEL = 'llama3.2' } = process.env;
const MESSAGE_MAX = 4_000; // characters: Unicode scalar values, not JavaScript's UTF-16 units

const seen = new Map(); // up to which `seq` each room was heard
const stops = new Map(); // how to stop what is being written, by the id of the stream
let [login, spreadMs] = [null, 5_000];
const logIn = async () => { login = await call('POST', '/auth/login', { email, password }); };
const headersWith = (token) => ({ 'Content-Type': 'application/json', Authorization: `Bearer ${token}` });

/** Calls until there is an answer. Any call here may come twice; a stream begun twice says nothing, and is dropped. */
async function call(method, path, body) {
  for (;;) {
    const request = { method, headers: headersWith(login?.access_token), body: JSON.stringify(body) };
    const [status, said] = await fetch(`${CHATTERSTACK_URL}/v1${path}`, { ...request, signal: AbortSignal.timeout(10_000) })
      .then(async (answer) => [answer.status, answer.status === 204 ? {} : await answer.json()])
      .catch(({ message }) => [503, { detail: message }]);
    if (status < 300 || said.code === 'stream_misplaced') return said; // either tells by `index` where to go on
    if (status === 401 && path !== '/auth/login') await logIn();
    else if (status === 429 || status >= 500 || said.code === 'too_many_streams') await sleep(said.retry_after_ms ?? 500);
    else throw new Error(`${method} ${path}: ${said.detail ?? said.code}`);
  }
}

/** Hears all rooms of the agent, what came while the connection was away too, and nothing from before it came. */
async function listen() {
  await logIn(); // a socket ends with its access token, after 15 minutes
  const url = `${CHATTERSTACK_URL.replace(/^http/, 'ws')}/ws?${[...seen].map(([room, seq]) => `since=${room}:${seq}`).join('&')}`;
  const socket = new WebSocket(url, { headers: headersWith(login.access_token) });
  const silence = setTimeout(() => socket.terminate(), 40_000); // the server pings every 12 s (WS_PING_INTERVAL)
  socket.on('ping', () => silence.refresh());
  socket.on('message', (frame) => {
    const { event, seq, data } = JSON.parse(frame);
    if (event === 'ready') console.log(`here as ${login.user.name}`);
    spreadMs = data.reconnect_spread_ms ?? spreadMs;
    for (const { room_id, last_seq } of data.rooms ?? []) seen.set(room_id, seen.get(room_id) ?? last_seq);
    if (seq) seen.set(data.room_id, seq);
    if (event === 'stream.stop') stops.get(data.id)?.abort();
    if (event === 'receive_message' && isFor(login.user, data)) answer(data).catch(({ message }) => console.error(message));
  });
  socket.on('error', ({ message }) => console.error(message));
  // A node that goes away says when to come back.
  socket.on('close', (_, why) => setTimeout(listen, Number(/retry_after_ms=(\d+)/.exec(why)?.[1] ?? Math.random() * spreadMs)));
}

function isFor({ id, name }, { sender_id, content }) {
  const [said, own] = [content.replace(/^@/, '').toLowerCase(), name.toLowerCase()];
  return sender_id !== id && said.startsWith(own) && !/^[\p{L}\p{N}_-]/u.test(said.slice(own.length));
}

async function answer({ room_id, content }) {
  const { id } = await call('POST', `/rooms/${room_id}/streams`, { kind: 'message', when_lost: 'finish' });
  const stop = new AbortController();
  stops.set(id, stop);
  const fail = ({ message }) => { if (!stop.signal.aborted) console.error(message); stop.abort(); };
  let [said, index, writing] = [[], 0, Promise.resolve()];
  const append = async () => {
    do ({ index } = await call('POST', `/streams/${id}/append`, { index, delta: said.slice(index).join('') }));
    while (index < said.length); // what was said meanwhile goes with the next one
  };
  const write = (isEmptyToo) => { writing = writing.then(() => (isEmptyToo || index < said.length) && append()).catch(fail); };
  const keeping = setInterval(write, 5_000, true); // a stream is kept for 30 s (STREAM_LEASE); a model may think longer
  try {
    for await (const token of tokens(content, stop.signal)) {
      said = [...said, ...token].slice(0, MESSAGE_MAX);
      write();
      if (said.length === MESSAGE_MAX) break;
    }
  } catch (error) { fail(error); }
  clearInterval(keeping);
  await writing;
  stops.delete(id);
  await (said.join('').trim() ? call('POST', `/streams/${id}/finish`) : call('DELETE', `/streams/${id}`));
}

async function* tokens(question, signal) {
  const messages = [{ role: 'system', content: `You are ${login.user.name}, in a chat.` }, { role: 'user', content: question }];
  const request = { method: 'POST', body: JSON.stringify({ model: OPENAI_MODEL, stream: true, messages }), signal };
  const answer = await fetch(`${OPENAI_BASE_URL}/chat/completions`, { ...request, headers: headersWith(OPENAI_API_KEY) });
  if (!answer.ok) throw new Error(`the model: ${answer.status} ${await answer.text()}`);
  let unread = '';
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = (unread + chunk).split('\n');
    unread = lines.pop();
    for (const line of lines) {
      if (line.startsWith('data: [DONE]')) return;
      if (line.startsWith('data: ')) yield JSON.parse(line.slice(6)).choices[0]?.delta?.content ?? '';
    }
  }
  throw new Error('the model broke off');
}

await listen();
