// The rooms of who is logged in, as the sidebar lists them.

import { insist } from './insist.js';
import { call, me } from './login.js';
import { $, roomItem } from './view.js';

export class RoomList {
  // By id: {id, room, title, peer, unread, counted}. `room` is null until it is fetched; `unread` counts up to `counted`.
  #entries = new Map();

  /** `openId()` answers which one is open; `onChoose(entry)` hears of a choice, `onKnown(entry)` of what one is called. */
  constructor({ openId, onChoose, onKnown }) {
    Object.assign(this, { openId, onChoose, onKnown });
  }

  has(id) { return this.#entries.has(id); }

  clear() {
    this.#entries.clear();
    this.show();
  }

  /** Makes the list that of a socket that is ready. Answers the rooms that are no longer in it. */
  begin(snapshots) {
    const ids = new Set(snapshots.map((snapshot) => snapshot.room_id));
    const gone = [...this.#entries.keys()].filter((id) => !ids.has(id));
    for (const { room_id: id, last_seq: counted, unread } of snapshots) Object.assign(this.#entry(id), { counted, unread });
    this.#load();
    return gone;
  }

  /** Takes a room into the list; a direct one bears the name of the other. */
  async know(room) {
    const known = this.#entry(room.id);
    const pair = !room.is_group && /^dm:([0-9a-f-]{36}):([0-9a-f-]{36})$/.exec(room.name);
    if (pair && !known.peer) {
      known.peer = pair[1] === me().id ? pair[2] : pair[1];
      known.title = (await call('GET', `/users/${known.peer}`).catch(() => null))?.username ?? 'Direct chat';
    } else if (!pair) known.title = room.name;
    known.room = room;
    this.show();
    this.onKnown(known);
    return known;
  }

  forget(id) {
    this.#entries.delete(id);
    this.show();
  }

  /** Counts a durable event of one of the rooms, once. */
  count({ event, seq, data }) {
    const known = this.#entries.get(data.room_id);
    if (seq <= known.counted) return;
    known.counted = seq;
    if (event !== 'receive_message' || data.sender_id === me().id) return;
    known.unread += 1;
    this.show();
  }

  read(known) {
    if (known.unread === 0) return;
    known.unread = 0;
    this.show();
  }

  show() {
    const focused = document.activeElement?.dataset.room;
    const known = [...this.#entries.values()].filter(({ room }) => room).sort((a, b) => a.title.localeCompare(b.title));
    $('rooms').replaceChildren(...known.map((entry) => roomItem(entry, this.openId() === entry.id, () => this.onChoose(entry))));
    if (focused) this.focus(focused);
    $('no-rooms').hidden = this.#entries.size > 0;
    const unread = known.reduce((sum, entry) => sum + entry.unread, 0);
    document.title = unread > 0 ? `(${unread}) ChatterStack` : 'ChatterStack';
  }

  focus(id) {
    $('rooms').querySelector(`[data-room="${id}"]`)?.focus();
  }

  #entry(id) {
    if (!this.#entries.has(id)) this.#entries.set(id, { id, room: null, title: '', peer: null, unread: 0, counted: 0 });
    return this.#entries.get(id);
  }

  #load() {
    const user = me().id;
    return insist(async () => {
      const found = await call('GET', '/rooms?limit=100');
      for (const room of found.rooms) if (this.has(room.id)) await this.know(room);
      // One list holds a hundred at most.
      for (const { id, room } of [...this.#entries.values()]) if (!room) await this.know(await call('GET', `/rooms/${id}`));
    }, () => me()?.id === user);
  }
}
