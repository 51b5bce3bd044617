// One WebSocket that comes back by itself, stays when its token is renewed, and answers to commands.

import { insist } from './insist.js';
import { accessToken, accessTokenOtherThan, call, endLogin, me } from './login.js';
import { Pace } from './pace.js';
import { Problem } from './rest.js';

const READY_MS = 15_000;
const ANSWER_MS = 10_000;
const LIVED_MS = 10_000;
const LONGEST_URL = 6000;
const CUT = 1006; // What a browser says when no close frame came.

export class Socket {
  #ws = null;
  #waiting = new Map();
  #pace = new Pace();
  #wanted = false;
  #isHasty = false; // The pause that runs may be cut short.
  #token = null; // The one that the socket lives by.
  #isRefused = false; // That token is of no use any more.
  #reference = 0;
  #timer; // Until the next try.
  #watch; // Over the socket: until it is ready, then until it has lived for a while.

  /**
   * `since(bytes)` answers what the handshake's query says of where the page stands. `onFrame(frame)` hears all that is no
   * answer; `onState(isUp, notice)` hears of coming and going, with a notice when it will not come back by itself.
   */
  constructor({ since, onFrame, onState }) {
    Object.assign(this, { since, onFrame, onState });
    const now = () => { if (this.#wanted && !this.#ws && this.#isHasty) this.#connect(); };
    addEventListener('online', now);
    // A line that is cut tells nothing: without this, only the next command would find out.
    addEventListener('offline', () => { if (this.#ws) this.#ended(CUT); });
    document.addEventListener('visibilitychange', () => { if (!document.hidden) now(); });
  }

  open() {
    this.#drop();
    this.#wanted = true;
    this.#isRefused = false;
    this.#pace.lived();
    this.#connect();
  }

  close() {
    this.#wanted = false;
    this.#drop();
  }

  /** Sends a command that nobody waits for, if there is a connection. */
  tell(event, data) {
    if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.send(JSON.stringify({ event, data }));
  }

  /** Sends a command. Answers what the `ack` says; fails with a Problem, or with an Error when no answer came. */
  request(event, data, id = `page-${this.#reference += 1}`) {
    return new Promise((resolve, reject) => {
      if (this.#ws?.readyState !== WebSocket.OPEN) return reject(new Error('not connected'));
      // A connection that swallows commands is dead, whatever the browser believes.
      const timer = setTimeout(() => this.#ended(CUT), ANSWER_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#ws.send(JSON.stringify({ event, id, data }));
    });
  }

  async #connect() {
    clearTimeout(this.#timer);
    const own = this.#ws = {};
    let token;
    try {
      // A handshake that was refused may mean that the log-in has ended: REST knows, and renews it or ends it here.
      if (this.#pace.isFailing) await call('GET', `/users/${me()?.id}`);
      token = this.#isRefused ? await accessTokenOtherThan(this.#token) : await accessToken();
    } catch { /* another try follows */ }
    if (this.#ws !== own || !this.#wanted) return;
    if (!token) return this.#ended(CUT);
    this.#token = token;
    this.#isRefused = false;
    const url = `${location.origin.replace(/^http/, 'ws')}/ws?access_token=${encodeURIComponent(token)}`;
    const ws = this.#ws = new WebSocket(url + this.since(LONGEST_URL - url.length));
    this.#watch = setTimeout(() => this.#ended(CUT), READY_MS);
    ws.onmessage = ({ data }) => { if (this.#ws === ws) this.#heard(JSON.parse(data)); };
    ws.onclose = ({ code, reason }) => { if (this.#ws === ws) this.#ended(code, reason); };
  }

  #heard(frame) {
    if (frame.event === 'ready') this.#ready(frame.data);
    if (frame.event === 'resumed') this.#pace.resumed(frame.data);
    if (frame.event === 'token_expiring') this.#stay();
    const waiting = this.#waiting.get(frame.id);
    if (!waiting) return this.onFrame(frame);
    this.#waiting.delete(frame.id);
    clearTimeout(waiting.timer);
    if (frame.event === 'ack') waiting.resolve(frame.data);
    else waiting.reject(new Problem(frame.data.status, frame.data));
  }

  #ready(data) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#pace.lived(), LIVED_MS);
    this.#pace.ready(data);
    this.onState(true);
  }

  /** Gives the socket a token that lasts longer than its own. */
  #stay() {
    const ws = this.#ws;
    return insist(async () => {
      const token = await accessTokenOtherThan(this.#token);
      if (this.#ws !== ws || !token) return;
      await this.request('authenticate', { access_token: token });
      this.#token = token;
    }, () => this.#ws === ws);
  }

  #ended(code, reason) {
    this.#drop();
    this.onState(false);
    if (!this.#wanted) return;
    const { then, ms, isHasty = false, notice } = this.#pace.after(code, reason);
    this.#isHasty = isHasty;
    if (then === 'log-in') return endLogin();
    if (then === 'stop') {
      this.#wanted = false;
      return this.onState(false, notice);
    }
    this.#isRefused ||= then === 'renew';
    this.#timer = setTimeout(() => this.#connect(), ms);
  }

  #drop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    const ws = this.#ws;
    this.#ws = null;
    ws?.close?.();
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error('not connected'));
    }
    this.#waiting.clear();
  }
}
