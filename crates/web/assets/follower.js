// The rooms whose history the page holds, and how each comes back into step with the server's log.

import { History } from './history.js';
import { insist } from './insist.js';

const HELD_ROOMS = 150;
const KEPT_MESSAGES = 100; // Of a room that is not open.

// Out of step: what comes may have a gap before it, and will come again.
const APART = 'apart';
// The server knows where the page stands, and sends what follows.
const REPLAYED = 'replayed';
const LIVE = 'live';

export class Follower {
  #rooms = new Map(); // By id: {id, history, step, isReading, isRefused}; the one opened last is the last.
  #heads = new Map(); // By id, of all rooms: the highest number that this socket has told of.
  #told = new Set(); // The rooms that the handshake named.
  #socket = null; // A new object for each socket that is ready.
  #openId = null;

  /**
   * `request(event, data)` sends a command and answers its `ack`; `readPage(id)` answers a room's newest page;
   * `onChange(id)` hears that there is something new to show of a room.
   */
  constructor({ request, readPage, onChange }) {
    Object.assign(this, { request, readPage, onChange });
  }

  /** The room is looked at from now on. Answers its history, which is read if it is not held. */
  open(id) {
    this.close();
    const room = this.#rooms.get(id) ?? { id, history: new History(), step: APART, isReading: false, isRefused: false };
    this.#rooms.delete(id);
    this.#rooms.set(id, room);
    this.#openId = id;
    if (this.#rooms.size > HELD_ROOMS) this.release(this.#rooms.keys().next().value);
    if (room.history.seq === null) this.#read(room);
    return room.history;
  }

  /** No room is looked at. */
  close() {
    this.#rooms.get(this.#openId)?.history.trim(KEPT_MESSAGES);
    this.#openId = null;
  }

  /** Lets go of a room. */
  release(id) {
    this.#rooms.delete(id);
    this.#told.delete(id);
  }

  /** Lets go of everything: the next reader may be somebody else. */
  clear() {
    this.lost();
    this.close();
    this.#rooms.clear();
  }

  /** Where the page stands in its rooms, for the query of a handshake: of as many as fit into `bytes`, the latest opened first. */
  since(bytes) {
    this.#told.clear();
    let query = '';
    for (const { id, history } of [...this.#rooms.values()].reverse()) {
      if (history.seq === null) continue;
      const part = `&since=${id}:${history.seq}`;
      if (query.length + part.length > bytes) break;
      query += part;
      this.#told.add(id);
    }
    return query;
  }

  /** A socket is ready, and follows these rooms from where they stand. */
  ready(snapshots) {
    this.#socket = {};
    this.#heads.clear();
    this.#toldOf(snapshots);
    const behind = [];
    for (const room of this.#rooms.values()) {
      if (this.#told.has(room.id)) room.step = REPLAYED;
      else if (room.history.seq !== null && !this.#joins(room)) behind.push(room);
    }
    this.#told.clear();
    this.#resume(behind);
  }

  /** The socket is gone. */
  lost() {
    this.#socket = null;
    this.#told.clear();
    for (const room of this.#rooms.values()) Object.assign(room, { step: APART, isRefused: false });
  }

  /** A durable event has come. Answers whether it was applied to a history. */
  heard(frame) {
    const { seq, data: { room_id: id } } = frame;
    this.#toldOf([{ room_id: id, last_seq: seq }]);
    const room = this.#rooms.get(id);
    if (!room || room.step === APART) return false;
    if (room.step === LIVE && seq > room.history.seq + 1 && !room.isRefused) {
      this.#resume([room]);
      return false;
    }
    if (!room.history.apply(frame)) return false;
    if (id !== this.#openId) room.history.trim(KEPT_MESSAGES);
    // A replay is shown as a whole, once it is through.
    if (room.step === LIVE) this.onChange(id);
    return true;
  }

  /** The server has sent all that was missing of a room, or says that it is too much. */
  resumed({ room_id: id, recovered, to, last_seq: lastSeq }) {
    const room = this.#rooms.get(id);
    if (room?.step !== REPLAYED) return;
    if (!recovered) {
      this.#toldOf([{ room_id: id, last_seq: lastSeq }]);
      return this.#beginAnew(room);
    }
    room.history.seq = Math.max(room.history.seq, to);
    room.step = LIVE;
    this.onChange(id);
  }

  /** Takes in a message that an answer told of, which may be ahead of the log. */
  put(message) {
    const room = this.#rooms.get(message.room_id);
    if (!room) return;
    room.history.put(message);
    this.onChange(room.id);
  }

  #toldOf(snapshots) {
    for (const { room_id: id, last_seq: seq } of snapshots) this.#heads.set(id, Math.max(this.#heads.get(id) ?? 0, seq));
  }

  /** Lets a room go on live if nothing that the socket has told is missing in it; or if it is of no use to ask for it. */
  #joins(room) {
    if ((this.#heads.get(room.id) ?? 0) > room.history.seq && !room.isRefused) return false;
    room.step = LIVE;
    return true;
  }

  /** Asks for what is missing. Until the answer is there, what comes of these rooms is left aside: it is repeated after it. */
  async #resume(rooms) {
    if (rooms.length === 0) return;
    for (const room of rooms) room.step = APART;
    const socket = this.#socket;
    const from = () => Object.fromEntries(rooms.map(({ id, history }) => [id, history.seq]));
    const answer = await insist(() => this.request('resume', { rooms: from() }), () => this.#socket === socket);
    if (this.#socket !== socket) return;
    this.#toldOf(answer?.rooms ?? []);
    for (const room of rooms) {
      if (this.#rooms.get(room.id) !== room) continue;
      room.isRefused = !answer;
      if (answer) room.step = REPLAYED;
      else this.#beginAnew(room);
    }
  }

  #beginAnew(room) {
    if (room.id !== this.#openId) return this.release(room.id);
    room.step = APART;
    room.history.reset();
    this.#read(room);
  }

  async #read(room) {
    if (room.isReading) return;
    room.isReading = true;
    const isHeld = () => this.#rooms.get(room.id) === room;
    const page = await insist(() => this.readPage(room.id), isHeld);
    room.isReading = false;
    if (!page || !isHeld()) return;
    room.history.begin(page);
    this.onChange(room.id);
    if (this.#socket && !this.#joins(room)) this.#resume([room]);
  }
}
