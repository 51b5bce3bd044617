// One WebSocket that comes back by itself, and answers to commands.

import { Problem, accessToken, call, me } from './api.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;
const ANSWER_MS = 10_000;

export class Socket {
  #ws = null;
  #waiting = new Map();
  #attempt = 0;
  #timer;
  #wanted = false;

  /** `onFrame(frame)` hears all that is no answer, `onState(isUp)` of coming and going. */
  constructor(onFrame, onState) {
    this.onFrame = onFrame;
    this.onState = onState;
    const now = () => { if (this.#wanted && !this.#ws) this.#connect(); };
    addEventListener('online', now);
    // A line that is cut tells nothing: without this, only the next command would find out.
    addEventListener('offline', () => { if (this.#ws) this.#lost(); });
    document.addEventListener('visibilitychange', () => { if (!document.hidden) now(); });
  }

  open() {
    this.#wanted = true;
    this.#attempt = 0;
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
  request(event, data, id) {
    return new Promise((resolve, reject) => {
      if (this.#ws?.readyState !== WebSocket.OPEN) return reject(new Error('not connected'));
      // A connection that swallows commands is dead, whatever the browser believes.
      const timer = setTimeout(() => this.#lost(), ANSWER_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#ws.send(JSON.stringify({ event, id, data }));
    });
  }

  async #connect() {
    clearTimeout(this.#timer);
    const ws = this.#ws = {};
    let token;
    try {
      // A handshake that was refused may mean that the log-in has ended: REST knows, and renews it or ends it here.
      if (this.#attempt > 1) await call('GET', `/users/${me()?.id}`);
      token = await accessToken();
    } catch { /* the socket will tell */ }
    if (this.#ws !== ws || !this.#wanted) return;
    if (!token) return this.#lost();
    this.#ws = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws?access_token=${encodeURIComponent(token)}`);
    const live = this.#ws;
    live.onmessage = ({ data }) => { if (this.#ws === live) this.#heard(JSON.parse(data)); };
    live.onclose = () => { if (this.#ws === live) this.#lost(); };
  }

  #heard(frame) {
    if (frame.event === 'ready') {
      this.#attempt = 0;
      this.onState(true);
    }
    const waiting = this.#waiting.get(frame.id);
    if (!waiting) return this.onFrame(frame);
    this.#waiting.delete(frame.id);
    clearTimeout(waiting.timer);
    if (frame.event === 'ack') waiting.resolve(frame.data);
    else waiting.reject(new Problem(frame.data.status, frame.data));
  }

  #lost() {
    this.#drop();
    this.onState(false);
    if (!this.#wanted) return;
    // Half of the pause is left to chance, so that a restart does not bring everybody back at once.
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#attempt++);
    this.#timer = setTimeout(() => this.#connect(), pause * (0.5 + Math.random() / 2));
  }

  #drop() {
    clearTimeout(this.#timer);
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
