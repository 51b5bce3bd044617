// The room that is open: its messages, members, who is there and who types.

import { call, me } from './api.js';
import { $, Scroller, memberItem, messageItem, typingText, unsentItem } from './view.js';

const PAGE = 50;
const scroller = new Scroller($('log'), () => current?.scrolled());
let current = null;

export class OpenRoom {
  #messages = []; // By seq.
  #members = new Map();
  #online = new Map();
  #typing = new Map();
  #hasEarlier = false;
  #isLoading = false;
  #seq = null; // All up to here is known; null before the first page.
  #catchUp = null; // Until it is done, what comes live may have a gap before it.
  #readSeq = 0;

  constructor(entry, outbox, onRead) {
    OpenRoom.leave();
    Object.assign(this, { entry, outbox, onRead, id: entry.id });
    current = this;
    $('people').open = false;
    $('earlier').hidden = true;
    scroller.toNewest();
    this.showTitle();
    this.showUnsent();
    this.showTyping();
  }

  get isCurrent() { return current === this; }

  /** Nothing of it stays in the page: the next reader may be somebody else. */
  static leave() {
    current = null;
    for (const id of ['messages', 'unsent', 'members', 'online', 'typing', 'room-title']) $(id).replaceChildren();
  }

  showTitle() {
    $('room-title').textContent = this.entry.title;
    $('add').hidden = Boolean(this.entry.peer);
  }

  /** The connection is gone: what comes next may leave a gap. */
  lost() {
    this.#catchUp = null;
    this.#typing.clear();
    this.showTyping();
  }

  /** Fetches what is missing: the newest page at first, what came after the last known event later on. */
  async catchUp() {
    const own = this.#catchUp = { isDone: false };
    const people = this.loadPeople();
    const isFirst = this.#seq === null;
    for (let seq = this.#seq, more = true; more;) {
      const page = await call('GET', `/rooms/${this.id}/messages?${isFirst ? '' : `after=${seq}&`}limit=${isFirst ? PAGE : 200}`);
      if (!this.isCurrent || this.#catchUp !== own) return;
      page.messages.forEach((message) => this.#put(message));
      if (isFirst) this.#hasEarlier = page.has_more;
      more = !isFirst && page.has_more;
      this.#seq = seq = more ? page.messages.at(-1).seq : Math.max(page.last_seq, seq ?? 0);
    }
    own.isDone = true;
    this.#showMessages();
    await people;
  }

  async loadEarlier() {
    if (this.#isLoading || !this.#hasEarlier) return;
    this.#isLoading = true;
    try {
      const page = await call('GET', `/rooms/${this.id}/messages?before=${this.#messages[0].seq}&limit=${PAGE}`);
      if (!this.isCurrent) return;
      this.#hasEarlier = page.has_more;
      page.messages.forEach((message) => this.#put(message));
      scroller.above(() => this.#showMessages());
    } finally {
      this.#isLoading = false;
    }
  }

  /** A new message, with the number of the frame that brought it; 0 for an answer, which may overtake frames. */
  received(message, seq) {
    if (this.#catchUp?.isDone) this.#seq = Math.max(this.#seq, seq);
    this.#put(message);
    this.#showMessages();
  }

  /** An edit. One of a message that is not shown is not for us: it would leave a gap below it. */
  updated(message) {
    if (this.#messages.some(({ id }) => id === message.id)) this.#put(message);
    this.#showMessages();
  }

  deleted(id) {
    this.#messages = this.#messages.filter((message) => message.id !== id);
    this.#showMessages();
  }

  typing({ user_id, username }, isTyping) {
    if (user_id === me().id) return;
    if (isTyping) this.#typing.set(user_id, username);
    else this.#typing.delete(user_id);
    this.showTyping();
  }

  presence({ user_id, status }) {
    this.#online.set(user_id, status === 'ONLINE');
    this.#showPeople();
  }

  /** Tells the server what has been seen: the newest message, on a page that is looked at. */
  async read() {
    if (document.hidden || !scroller.isPinned) return;
    this.onRead();
    const newest = this.#messages.findLast((message) => message.sender_id !== me().id);
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

  showTyping() {
    $('typing').textContent = typingText([...this.#typing.values()]);
  }

  async loadPeople() {
    // What changes while the answers are on their way is newer than they are.
    this.#online.clear();
    const [members, { users }] = await Promise.all([call('GET', `/rooms/${this.id}/members`), call('GET', `/rooms/${this.id}/presence`)]);
    this.#members = new Map(members.map((member) => [member.user_id, member]));
    for (const { user_id } of users) if (!this.#online.has(user_id)) this.#online.set(user_id, true);
    if (this.isCurrent) this.#showPeople();
  }

  #put(message) {
    if (message.sender_id === me().id) this.outbox.remove(message.client_msg_id);
    const at = this.#messages.findLastIndex((other) => other.seq <= message.seq);
    if (this.#messages[at]?.id === message.id) this.#messages[at] = message;
    else this.#messages.splice(at + 1, 0, message);
  }

  #showMessages() {
    const known = new Map([...$('messages').children].map((item) => [item.dataset.id, item]));
    let before = null;
    const items = this.#messages.map((message) => {
      const follows = before?.sender_id === message.sender_id;
      before = message;
      const key = JSON.stringify([message.updated_at, follows]);
      const old = known.get(message.id);
      if (old?.dataset.key === key) return old;
      const item = messageItem(message, message.sender_id === me().id, follows);
      item.dataset.key = key;
      return item;
    });
    sync($('messages'), items);
    $('earlier').hidden = !this.#hasEarlier;
    scroller.settle();
    this.read();
  }

  #showPeople() {
    const members = [...this.#members.values()];
    const isHere = (member) => this.#online.get(member.user_id) === true;
    $('online').textContent = this.entry.peer
      ? (members.some((m) => m.user_id !== me().id && isHere(m)) ? 'online' : 'away')
      : `${members.filter(isHere).length} online`;
    members.sort((a, b) => isHere(b) - isHere(a) || a.username.localeCompare(b.username));
    $('members').replaceChildren(...members.map((m) => memberItem(m, isHere(m), m.user_id === me().id)));
  }
}

/** Makes the children of a list these, touching only what differs, so that a screen reader hears only what is new. */
function sync(list, items) {
  const wanted = new Set(items);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  items.forEach((item, i) => { if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null); });
}
