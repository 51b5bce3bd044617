import { named, reacted, stillNamed } from './reactions.js';

/** What the page holds of one room: its newest messages without a hole, and the number up to which its log is in them. */
export class History {
  /** In the order of the log. */
  messages = [];
  /** Every event up to this one has been applied. `null` until the room has been read. */
  seq = null;
  /** True when the room has messages before these. */
  hasEarlier = false;
  #unread = []; // Put while nothing has been read.
  // While an earlier page is on its way: `messages`, id → what has become of one that is not held, and `reactions` to such.
  #late = null;
  #asked = null; // While all reactions to a message are on their way: its `id`, and what has changed of them since.

  /** Begins anew with the newest page. */
  begin({ messages, has_more, last_seq }) {
    // The answer to a message that was sent meanwhile may be newer than the page.
    const newer = this.#unread.filter(({ seq }) => seq > last_seq);
    Object.assign(this, { messages: [], seq: last_seq, hasEarlier: has_more });
    this.#unread = [];
    this.#late = null;
    for (const message of [...newer, ...messages]) this.#insert(message);
  }

  /** What is held can no longer be brought up to date. It is still shown until it begins anew. */
  reset() {
    this.seq = null;
    this.#unread = [];
    this.#late = null;
    this.#asked = null;
  }

  /** Applies a durable event, if it is not in yet. Answers whether it was applied. */
  apply({ event, seq, data }) {
    if (this.seq === null || seq <= this.seq) return false;
    this.seq = seq;
    if (event === 'receive_message') this.#insert(data);
    else if (event === 'message.updated') this.#update(data);
    else if (event === 'message.deleted') this.#remove(data.id);
    else if (event === 'reaction.added' || event === 'reaction.removed') this.#react({ event, seq, data });
    return true;
  }

  /** Takes in what an answer told of, unless the log has told of it: the log knows better. */
  put(message) {
    if (this.seq === null) this.#unread.push(message);
    else if (message.seq <= this.seq) return;
    this.#insert(message);
  }

  /** An earlier page is asked for: from here on, what happens to its messages is kept for it. Answers where it ends. */
  expectEarlier() {
    this.#late = { messages: new Map(), reactions: [] };
    return this.messages[0]?.seq ?? this.seq + 1;
  }

  /** Takes in the page that was expected, unless it no longer fits to what is held. */
  takeEarlier({ messages, has_more }) {
    const late = this.#late;
    if (!late) return;
    this.#late = null;
    this.hasEarlier = has_more;
    for (const message of messages) {
      const now = late.messages.has(message.id) ? late.messages.get(message.id) : message;
      if (now) this.#insert(now);
    }
    late.reactions.forEach((change) => this.#react(change));
  }

  /** All reactions to a message are asked for: from here on, what changes of them is kept for the answer. */
  expectReactions(id) {
    this.#asked = { id, changes: [] };
    return this.#asked;
  }

  /** Takes in the list that was `asked` for, unless the message has come anew meanwhile. */
  takeReactions(asked, list) {
    if (this.#asked !== asked) return;
    this.#asked = null;
    this.#replace(asked.id, (message) => named(message, list, asked.changes));
  }

  /** Lets go of all but the newest `most` messages. */
  trim(most) {
    if (this.messages.length <= most) return;
    this.messages = this.messages.slice(-most);
    this.hasEarlier = true;
    this.#late = null;
  }

  /** An edit. One of a message that is not held is not for us: it would leave a hole below it. */
  #update(message) {
    if (this.messages.some(({ id }) => id === message.id)) this.#insert(message);
    else this.#late?.messages.set(message.id, message.deleted_at ? null : message);
  }

  #react(change) {
    const { message_id: id } = change.data;
    const isHeld = this.#replace(id, (message) => {
      const now = reacted(message, change);
      if (now !== message && this.#asked?.id === id) this.#asked.changes.push(change);
      return now;
    });
    if (!isHeld) this.#late?.reactions.push(change);
  }

  /** Answers whether the message is held. */
  #replace(id, change) {
    const at = this.messages.findIndex((message) => message.id === id);
    if (at >= 0) this.messages[at] = change(this.messages[at]);
    return at >= 0;
  }

  /** In its place, or in place of another state of it. A replay shows one that was deleted since, without its text. */
  #insert(message) {
    if (message.deleted_at) return this.#remove(message.id);
    if (this.#asked?.id === message.id) this.#asked = null;
    const at = this.messages.findLastIndex(({ seq }) => seq <= message.seq);
    const held = this.messages[at];
    if (held?.id === message.id) this.messages[at] = stillNamed(message, held);
    else this.messages.splice(at + 1, 0, message);
  }

  #remove(id) {
    this.#late?.messages.set(id, null);
    this.messages = this.messages.filter((message) => message.id !== id);
  }
}
