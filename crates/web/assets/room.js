// The room that is open, as it is shown.

import { call, me } from './login.js';
import { People } from './people.js';
import { Reacting } from './reacting.js';
import { $, Scroller, messageItem, sync, unsentItem } from './view.js';
import { Writing } from './writing.js';

const PAGE = 50;
const scroller = new Scroller($('log'), () => current?.scrolled());
let current = null;

export class OpenRoom {
  #isLoading = false;
  #readSeq = 0;

  /** `onRead()` hears that all of the room has been seen, `onStop(id)` asks the author of a stream to stop. */
  constructor(entry, history, { outbox, streams, onRead, onStop }) {
    OpenRoom.leave();
    Object.assign(this, { entry, history, outbox, onRead, id: entry.id });
    const show = () => { if (this.isCurrent) this.showMessages(); };
    this.people = new People(entry.id, Boolean(entry.peer), show);
    this.reacting = new Reacting(entry.id, history, (id) => this.people.nameOf(id), show);
    this.writing = new Writing(entry.id, streams, history, onStop);
    current = this;
    $('people').open = false;
    scroller.toNewest();
    this.showTitle();
    this.showUnsent();
    this.showMessages();
    // Else they are read after the messages, by whoever reads those.
    if (history.seq !== null) this.people.load();
  }

  get isCurrent() { return current === this; }

  /** The newest page of a room. */
  static readPage(id) {
    return call('GET', `/rooms/${id}/messages?limit=${PAGE}`);
  }

  /** Nothing of it stays in the page: the next reader may be somebody else. */
  static leave() {
    current?.people.leave();
    current?.reacting.leave();
    current = null;
    for (const id of ['messages', 'unsent', 'live', 'room-title']) $(id).replaceChildren();
  }

  showTitle() {
    $('room-title').textContent = this.entry.title;
    $('add').hidden = Boolean(this.entry.peer);
  }

  async loadEarlier() {
    if (this.#isLoading || !this.history.hasEarlier || this.history.seq === null) return;
    this.#isLoading = true;
    try {
      const page = await call('GET', `/rooms/${this.id}/messages?before=${this.history.expectEarlier()}&limit=${PAGE}`);
      this.history.takeEarlier(page);
      if (this.isCurrent) scroller.above(() => this.showMessages());
    } finally {
      this.#isLoading = false;
    }
  }

  /** Tells the server what has been seen: the newest message, on a page that is looked at. */
  async read() {
    if (document.hidden || !scroller.isPinned) return;
    this.onRead();
    const newest = this.history.messages.findLast((message) => message.sender_id !== me().id);
    if (!newest || newest.seq <= this.#readSeq) return;
    this.#readSeq = newest.seq;
    await call('POST', `/rooms/${this.id}/messages/${newest.id}/read`).catch(() => { this.#readSeq = 0; });
  }

  scrolled() {
    $('newest').hidden = scroller.isPinned;
    if (scroller.isPinned) this.read();
    else if ($('log').scrollTop < 80) this.loadEarlier().catch(() => {});
  }

  toNewest() {
    scroller.toNewest();
    this.scrolled();
  }

  showUnsent() {
    $('unsent').replaceChildren(...this.outbox.of(this.id).map((item) =>
      unsentItem(item, () => this.outbox.remove(item.client_msg_id))));
    scroller.settle();
  }

  showStreams() {
    this.writing.show();
    scroller.settle();
  }

  showMessages() {
    const known = new Map([...$('messages').children].map((item) => [item.dataset.id, item]));
    let before = null;
    const items = this.history.messages.map((message) => {
      const follows = before?.sender_id === message.sender_id;
      before = message;
      const key = JSON.stringify([message.updated_at, follows]);
      let item = known.get(message.id);
      if (item?.dataset.key !== key) {
        item = messageItem(message, message.sender_id === me().id, follows);
        item.dataset.key = key;
        this.reacting.wire(item);
      }
      this.reacting.show(item, message);
      return item;
    });
    sync($('messages'), items);
    this.writing.show();
    $('earlier').hidden = !this.history.hasEarlier;
    scroller.settle();
    this.read();
    this.reacting.settle();
  }
}
