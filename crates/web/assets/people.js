// Who is in the room that is open, who is there, and who types.

import { insist } from './insist.js';
import { call, me } from './login.js';
import { $, memberItem, typingText } from './view.js';

export class People {
  #members = new Map();
  #online = new Map();
  #typing = new Map();
  #isLoading = false;
  #isOutdated = false; // What is being loaded has changed meanwhile.

  /** Of a direct room, `isPair`. `onNames()` hears that others are known now. Shows nothing once it has left. */
  constructor(roomId, isPair, onNames) {
    Object.assign(this, { roomId, isPair, onNames, hasLeft: false });
    this.#showTyping();
  }

  leave() {
    this.hasLeft = true;
    for (const id of ['members', 'online', 'typing']) $(id).replaceChildren();
  }

  /** What a member is called, if that is known. */
  nameOf(id) { return this.#members.get(id)?.username; }

  /** Reads who is in it and who is there, which no log tells. */
  load() {
    this.#isOutdated = true;
    if (this.#isLoading) return;
    this.#isLoading = true;
    return insist(() => this.#load(), () => !this.hasLeft).finally(() => { this.#isLoading = false; });
  }

  /** Applies an event of the log. */
  apply({ event, data }) {
    if (event === 'receive_message') this.typing({ user_id: data.sender_id }, false);
    if (event === 'member.joined') this.#members.set(data.user_id, data);
    else if (event === 'member.left') this.#members.delete(data.user_id);
    else return;
    if (this.#isLoading) this.#isOutdated = true;
    else this.#show();
  }

  presence({ user_id: id, status }) {
    this.#online.set(id, status === 'ONLINE');
    this.#show();
  }

  typing({ user_id: id, username }, isTyping) {
    if (id === me().id) return;
    if (isTyping) this.#typing.set(id, username);
    else this.#typing.delete(id);
    this.#showTyping();
  }

  /** The connection is gone: nobody would tell that they have stopped. */
  lost() {
    this.#typing.clear();
    this.#showTyping();
  }

  async #load() {
    while (this.#isOutdated && !this.hasLeft) {
      this.#isOutdated = false;
      // What changes while the answers are on their way is newer than they are.
      this.#online.clear();
      const [members, { users }] = await Promise.all([call('GET', `/rooms/${this.roomId}/members`), call('GET', `/rooms/${this.roomId}/presence`)]);
      this.#members = new Map(members.map((member) => [member.user_id, member]));
      for (const { user_id: id } of users) if (!this.#online.has(id)) this.#online.set(id, true);
    }
    this.#show();
    this.onNames();
  }

  #show() {
    if (this.hasLeft) return;
    const members = [...this.#members.values()];
    const isHere = (member) => this.#online.get(member.user_id) === true;
    $('online').textContent = this.isPair
      ? (members.some((m) => m.user_id !== me().id && isHere(m)) ? 'online' : 'away')
      : `${members.filter(isHere).length} online`;
    members.sort((a, b) => isHere(b) - isHere(a) || a.username.localeCompare(b.username));
    $('members').replaceChildren(...members.map((m) => memberItem(m, isHere(m), m.user_id === me().id)));
  }

  #showTyping() {
    if (!this.hasLeft) $('typing').textContent = typingText([...this.#typing.values()]);
  }
}
