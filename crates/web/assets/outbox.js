// What was written and is not known to have arrived. Each message carries its client_msg_id from the first attempt to
// the last, so that the server keeps one copy however often it is sent; sessionStorage brings it over a reload.

import { freshId } from './fresh-id.js';
import { me } from './login.js';
import { Problem } from './rest.js';

const KEY = 'chatterstack.outbox';
const RETRY_MS = 2000;

export class Outbox {
  #items = [];
  #flushing = false;
  #pause;

  /** `onChange()` after every change, `onSent(message)` with what the server made of one. */
  constructor(socket, onChange, onSent) {
    Object.assign(this, { socket, onChange, onSent, user: me().id });
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    if (kept?.user === this.user) this.#items = kept.items;
  }

  of(roomId) {
    return this.#items.filter((item) => item.room_id === roomId);
  }

  add(room_id, content) {
    this.#items.push({ room_id, content, client_msg_id: freshId() });
    this.#changed();
    this.flush();
  }

  remove(id) {
    const count = this.#items.length;
    this.#items = this.#items.filter((item) => item.client_msg_id !== id);
    if (this.#items.length !== count) this.#changed();
  }

  clear() {
    this.#items = [];
    sessionStorage.removeItem(KEY);
  }

  /** Sends what waits, one after the other, in the order of writing. */
  async flush() {
    clearTimeout(this.#pause);
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      for (;;) {
        const item = this.#items.find((each) => !each.problem);
        // Never in somebody else's name.
        if (!item || me()?.id !== this.user || !(await this.#send(item))) return;
      }
    } finally {
      this.#flushing = false;
    }
  }

  /** True when the next one may follow. */
  async #send({ room_id, content, client_msg_id }) {
    try {
      const { message } = await this.socket.request('send_message', { room_id, content, client_msg_id }, client_msg_id);
      this.onSent(message);
      this.remove(client_msg_id);
      return true;
    } catch (problem) {
      if (!(problem instanceof Problem)) return false; // No connection: the next one flushes.
      if (problem.status >= 500 || problem.status === 429) {
        this.#pause = setTimeout(() => this.flush(), problem.retryAfterMs ?? RETRY_MS);
        return false;
      }
      const item = this.#items.find((each) => each.client_msg_id === client_msg_id);
      if (item) item.problem = problem.message;
      this.#changed();
      return true;
    }
  }

  #changed() {
    sessionStorage.setItem(KEY, JSON.stringify({ user: this.user, items: this.#items }));
    this.onChange();
  }
}
