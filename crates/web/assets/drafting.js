// Whether the others see what one types before it is sent. They do not until one has wished so, in this browser.

import { Draft } from './draft.js';
import { insist } from './insist.js';
import { call, me } from './login.js';
import { $ } from './view.js';

const KEY = 'chatterstack.drafts';

/** Another person may use the same browser. */
const key = () => `${KEY}.${me().id}`;

export class Drafting {
  #draft = null; // What is being typed. One that was refused stays, so that it is not begun again with each letter.
  #left = []; // Streams of sockets that are gone.
  #isShared = false; // As the server has it: a draft that is begun before stays hidden.
  #settling = null; // A new object for each time that the server is told of a choice.

  /** `request(event, data)` sends a command and answers its `ack`, `tell(event, data)` one that nobody waits for. */
  constructor({ request, tell }) {
    Object.assign(this, { request, tell });
    $('drafts').onchange = () => this.#switched();
  }

  /** A socket is ready, and tells what the server knows of who is logged in. */
  ready({ shares_drafts: isShared }) {
    // Else the others would see what was left behind until its lease is over.
    for (const id of this.#left.splice(0)) this.tell('stream.abort', { id });
    if (this.#settling) return;
    this.#isShared = isShared;
    $('drafts').checked = isShared && localStorage.getItem(key()) !== null;
  }

  /** The socket is gone. What is typed next begins another draft. */
  lost() {
    const id = this.#draft?.lost();
    if (id) this.#left.push(id);
    this.#draft = null;
  }

  /** The page goes away, and what it gives to its socket now may get no further. */
  goAway() {
    this.lost();
    for (const id of this.#left.splice(0)) call('DELETE', `/streams/${id}`).catch(() => {});
  }

  /** The next one may be somebody else. */
  leave() {
    this.drop();
    this.#left = [];
    this.#isShared = false;
    this.#settling = null;
    $('drafts').checked = false;
  }

  /** This is what stands where one writes. */
  write(roomId, text) {
    if (!text.trim()) return this.drop();
    if (!this.#isShared || !$('drafts').checked) return;
    this.#draft ??= new Draft(roomId, this);
    this.#draft.write(text);
  }

  /** What was typed is sent, emptied or left. */
  drop() {
    this.#draft?.end();
    this.#draft = null;
  }

  #switched() {
    if ($('drafts').checked) localStorage.setItem(key(), 'on');
    else localStorage.removeItem(key());
    this.drop();
    this.#isShared = false;
    this.#settle();
  }

  /** Tells the server of the last choice, and of no other after it. */
  async #settle() {
    if (this.#settling) return;
    const own = this.#settling = {};
    const path = `/users/${me().id}/drafts`;
    let told = null;
    const isCurrent = () => this.#settling === own && told === $('drafts').checked;
    while (this.#settling === own && !isCurrent()) {
      told = $('drafts').checked;
      const answer = await insist(() => call('PATCH', path, { shared: told }), isCurrent);
      if (isCurrent()) this.#isShared = told && answer !== undefined;
    }
    if (this.#settling === own) this.#settling = null;
  }
}
