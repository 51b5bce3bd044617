// What was written and is not known to have arrived. Each message carries its client_msg_id from the first attempt to
// the last, so that the server keeps one copy however often it is sent; sessionStorage brings it over a reload.

import { Problem, me } from './api.js';

const KEY = 'chatterstack.outbox';
const RETRY_MS = 2000;

export class Outbox {
  #items = [];

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
    this.#items.push({ room_id, content, client_msg_id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` });
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

  /** Sends all that waits, in the order of writing. */
  flush() {
    for (const item of this.#items) if (!item.problem) this.#send(item);
  }

  async #send(item) {
    if (item.underWay || me()?.id !== this.user) return; // Never in somebody else's name.
    item.underWay = true;
    try {
      const { room_id, content, client_msg_id } = item;
      const { message } = await this.socket.request('send_message', { room_id, content, client_msg_id }, client_msg_id);
      this.onSent(message);
      this.remove(client_msg_id);
    } catch (problem) {
      if (!(problem instanceof Problem)) return; // No connection: the next one flushes.
      if (problem.status >= 500) setTimeout(() => this.flush(), RETRY_MS);
      else item.problem = problem.message;
      this.#changed();
    } finally {
      item.underWay = false;
    }
  }

  #changed() {
    const items = this.#items.map(({ underWay, ...item }) => item);
    sessionStorage.setItem(KEY, JSON.stringify({ user: this.user, items }));
    this.onChange();
  }
}
