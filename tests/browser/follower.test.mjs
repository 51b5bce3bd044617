// How the page comes back into step: random interleavings of commits, cuts, losses, page reads and answers, against a
// model of the server. A failing seed is printed; SEED=<n> runs it alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Follower } from '../../crates/web/assets/follower.js';
import { standsBy } from '../../crates/web/assets/reactions.js';

const SEEDS = 400;
const STEPS = 150;
const PAGE = 5;
const MOST_REPLAYED = 8;
const PRESENT = new Date(0).toISOString();
const PEOPLE = ['ada', 'ben', 'cleo', 'dan'];
const NAMED = 1; // Of those who have reacted by an emoji.

/** A generator of numbers from 0 to 1 (mulberry32). */
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const settled = () => new Promise((go) => setImmediate(go));

/** The log of a room, as the server keeps it: events with their numbers, and the present state of each message. */
class Room {
  log = [];
  messages = new Map();

  constructor(id) {
    this.id = id;
  }

  get head() { return this.log.length; }
  get present() { return [...this.messages.values()].filter((message) => !message.deleted_at); }

  commit(random) {
    const seq = this.head + 1;
    const old = this.present.filter(() => random() < 0.3).at(-1);
    if (old && random() < 0.7) {
      this.#react(old, seq, random);
    } else if (old && random() < 0.5) {
      this.messages.set(old.id, { ...old, content: `${old.content}'` });
      this.log.push({ event: 'message.updated', of: old.id });
    } else if (old) {
      this.messages.set(old.id, { ...old, content: '', deleted_at: PRESENT });
      this.log.push({ event: 'message.deleted', of: old.id });
    } else if (random() < 0.2) {
      this.log.push({ event: 'member.joined' });
    } else {
      const id = `${this.id}-${seq}`;
      this.messages.set(id, { id, room_id: this.id, seq, content: `m${seq}`, deleted_at: null, reactions: [] });
      this.log.push({ event: 'receive_message', of: id });
    }
    return seq;
  }

  /** Somebody reacts, or takes it back. */
  #react({ id, reactions }, seq, random) {
    const pick = (list) => list[Math.floor(random() * list.length)];
    const [user, emoji] = [pick(PEOPLE), pick(['👍', '🎉'])];
    const users = reactions.find((reaction) => reaction.emoji === emoji)?.users ?? [];
    const isAdded = !users.includes(user);
    const now = { emoji, users: isAdded ? [...users, user] : users.filter((other) => other !== user), last_seq: seq };
    const next = users.length > 0 ? reactions.map((reaction) => (reaction.emoji === emoji ? now : reaction)) : [...reactions, now];
    this.messages.set(id, { ...this.messages.get(id), reactions: next.filter((reaction) => reaction.users.length > 0) });
    const data = { room_id: this.id, message_id: id, user_id: user, emoji, count: now.users.length, seq };
    this.log.push({ event: isAdded ? 'reaction.added' : 'reaction.removed', data });
  }

  /** A message as it is told now. */
  #told(message) {
    const reactions = message.reactions.map(({ users, ...rest }) => ({ ...rest, count: users.length, user_ids: users.slice(0, NAMED) }));
    return { ...message, reactions: message.deleted_at ? [] : reactions };
  }

  /** The event as it is told now: with the present text and reactions. */
  frame(seq) {
    const { event, of, data: told } = this.log[seq - 1];
    const data = told ?? { 'member.joined': { room_id: this.id }, 'message.deleted': { id: of, room_id: this.id } }[event];
    return { event, seq, data: data ?? this.#told(this.messages.get(of)) };
  }

  page() {
    const newest = this.present.slice(-PAGE).reverse().map((message) => this.#told(message));
    return { messages: newest, has_more: this.present.length > PAGE, last_seq: this.head };
  }
}

/** The server and the line to it. What is under way is delivered one by one, in order. */
class World {
  rooms = ['a', 'b', 'c', 'd'].map((id) => new Room(id));
  line = null; // The frames under way; null while there is no socket.
  reads = [];
  lists = []; // Of reactions.
  asked = 0;
  losesFrames = false;

  constructor(random) {
    this.random = random;
    this.follower = new Follower({
      request: (event, data) => this.#command(event, data),
      readPage: (id) => new Promise((resolve) => this.reads.push(() => resolve(this.room(id).page()))),
      onChange: () => {},
    });
  }

  pick(list) { return list[Math.floor(this.random() * list.length)]; }
  room(id) { return this.rooms.find((room) => room.id === id); }

  /** Asks who has reacted to a message, if that is open of any. The server reads it at once or later. */
  ask({ messages }, history) {
    const isOpen = (reaction) => PEOPLE.some((person) => standsBy(reaction, person) === null);
    const open = history.messages.filter(({ reactions }) => reactions.some(isOpen));
    if (open.length === 0) return false;
    const { id } = this.pick(open);
    const asked = history.expectReactions(id);
    const list = () => messages.get(id).reactions.flatMap(({ emoji, users }) => users.map((user) => ({ emoji, user_id: user })));
    const early = this.random() < 0.5 && list();
    this.lists.push(() => history.takeReactions(asked, early || list()));
    return true;
  }

  commit(room = this.pick(this.rooms)) {
    const seq = room.commit(this.random);
    // A frame that is never sent stands for whatever the page may be wrong about.
    if (this.losesFrames && this.random() < 0.1) return;
    this.line?.push(room.frame(seq));
  }

  connect() {
    const since = new URLSearchParams(this.follower.since(this.pick([0, 9, 20, 100])));
    this.line = [{ event: 'ready', data: this.rooms.map(({ id, head }) => ({ room_id: id, last_seq: head })) }];
    for (const [id, seq] of since.getAll('since').map((part) => part.split(':'))) this.#replay(id, Number(seq));
  }

  cut() {
    for (const frame of this.line ?? []) frame.fail?.(new Error('not connected'));
    this.line = null;
    this.follower.lost();
  }

  deliver() {
    const frame = this.line?.shift();
    if (!frame) return;
    if (frame.resolve) frame.resolve(frame.data);
    else if (frame.event === 'ready') this.follower.ready(frame.data);
    else if (frame.event === 'resumed') this.follower.resumed(frame.data);
    else this.follower.heard(frame);
  }

  #command(event, { rooms }) {
    assert.equal(event, 'resume');
    if (!this.line) return Promise.reject(new Error('not connected'));
    this.asked += 1;
    return new Promise((resolve, fail) => {
      this.line.push({ resolve, fail, data: { rooms: Object.keys(rooms).map((id) => ({ room_id: id, last_seq: this.room(id).head })) } });
      for (const [id, seq] of Object.entries(rooms)) this.#replay(id, seq);
    });
  }

  #replay(id, from) {
    const room = this.room(id);
    const tell = (data) => this.line.push({ event: 'resumed', data: { room_id: id, from, ...data } });
    if (from > room.head || room.head - from > MOST_REPLAYED) return tell({ last_seq: room.head, recovered: false });
    for (let seq = from + 1; seq <= room.head; seq += 1) this.line.push(room.frame(seq));
    tell({ to: room.head, recovered: true });
  }
}

function check(world, id, history, says) {
  const seqs = history.messages.map(({ seq }) => seq);
  assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b), `${says}: room ${id} is in order, without a double`);
}

/** Whoever is known to have reacted has, and whoever is known not to has not. */
function checkMarks(messages, shown, says) {
  messages.forEach(({ id, reactions }, i) => reactions.forEach((reaction, j) => {
    const { users } = shown[i].reactions[j];
    for (const person of PEOPLE) {
      const mark = standsBy(reaction, person) ?? users.includes(person);
      assert.equal(mark, users.includes(person), `${says}, ${id}: ${person} ${reaction.emoji}`);
    }
  }));
}

async function play(seed) {
  const random = chance(seed);
  const world = new World(random);
  world.losesFrames = seed % 2 === 0;
  const held = new Map();
  for (let step = 0; step < STEPS; step += 1) {
    const says = `seed ${seed}, step ${step}`;
    const dice = random();
    if (dice < 0.4) world.commit();
    else if (dice < 0.75) world.deliver();
    else if (dice < 0.82) world.pick([() => world.reads.shift()?.(), () => world.reads.pop()?.()])();
    else if (dice < 0.9) { const { id } = world.pick(world.rooms); held.set(id, world.follower.open(id)); }
    else if (dice < 0.93) world.cut();
    else if (dice < 0.96) held.forEach((history, id) => world.ask(world.room(id), history));
    else if (dice < 0.98) world.lists.splice(0).forEach((answer) => answer());
    else if (!world.line) world.connect();
    await settled();
    for (const [id, history] of held) check(world, id, history, says);
  }
  // Calm: all that is under way arrives. A lost frame is noticed by the next one.
  world.losesFrames = false;
  if (!world.line) world.connect();
  const calm = async () => {
    while (world.line.length > 0 || world.reads.length > 0) {
      world.reads.shift()?.();
      world.deliver();
      await settled();
    }
  };
  await calm();
  for (let i = 0; i < 5; i += 1) for (const room of world.rooms) world.commit(room);
  await calm();
  for (const room of world.rooms) {
    const history = world.follower.open(room.id);
    await settled();
    await calm();
    assert.equal(history.seq, room.head, `seed ${seed}: room ${room.id} is up to date`);
    const { messages } = history;
    const shown = history.hasEarlier ? room.present.slice(room.present.length - messages.length) : room.present;
    const counts = (reactions, of) => reactions.map((reaction) => [reaction.emoji, of(reaction)]);
    const told = messages.map(({ id, content, reactions }) => [id, content, counts(reactions, ({ count }) => count)]);
    const expected = shown.map(({ id, content, reactions }) => [id, content, counts(reactions, ({ users }) => users.length)]);
    assert.deepEqual(told, expected, `seed ${seed}: room ${room.id} shows what the log says`);
    checkMarks(messages, shown, `seed ${seed}: room ${room.id}`);
    world.lists = [];
    while (world.ask(room, history)) world.lists.pop()();
    checkMarks(history.messages, shown, `seed ${seed}: room ${room.id}, asked`);
  }
  return world;
}

test('whatever happens on the way, each room ends as its log', { timeout: 60_000 }, async () => {
  const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: SEEDS }, (_, i) => i + 1);
  let asked = 0;
  for (const seed of seeds) asked += (await play(seed)).asked;
  if (seeds.length > 1) assert.ok(asked > SEEDS / 10, `the runs made use of resume, ${asked} times`);
});

const room = (head) => ({ room_id: 'a', last_seq: head });
const frame = (seq) => ({ event: 'receive_message', seq, data: { id: `${seq}`, room_id: 'a', seq, content: `m${seq}`, deleted_at: null } });

/** A page that has read room a up to `seq`, with `messages` of one's own choice. */
async function reading(seq, request = async () => ({ rooms: [] })) {
  const pages = [];
  const changes = [];
  const follower = new Follower({
    request,
    readPage: async (id) => { pages.push(id); return { messages: [], has_more: false, last_seq: seq }; },
    onChange: (id) => changes.push(id),
  });
  const history = follower.open('a');
  await settled();
  changes.length = 0;
  return { follower, history, pages, changes };
}

test('the handshake says where the page stands, the latest opened room first, and the rest follows by command', async () => {
  const commands = [];
  const { follower } = await reading(7, async (event, data) => { commands.push([event, data]); return { rooms: [] }; });
  follower.open('b');
  await settled();
  assert.equal(follower.since(1000), '&since=b:7&since=a:7');
  assert.equal(follower.since('&since=b:7'.length), '&since=b:7');
  follower.ready([room(9), { room_id: 'b', last_seq: 9 }]);
  assert.deepEqual(commands, [['resume', { rooms: { a: 7 } }]]);
});

test('a gap is asked for once, and what comes before the answer is left to the replay', async () => {
  const asked = [];
  let answer;
  const { follower, history } = await reading(3, (_, data) => {
    asked.push(data);
    return new Promise((resolve) => { answer = resolve; });
  });
  follower.ready([room(3)]);
  for (const seq of [5, 6, 7]) follower.heard(frame(seq));
  assert.deepEqual(asked, [{ rooms: { a: 3 } }]);
  assert.equal(history.seq, 3);
  answer({ rooms: [room(7)] });
  await settled();
  for (const seq of [4, 5, 6, 7]) follower.heard(frame(seq));
  follower.resumed({ room_id: 'a', from: 3, to: 7, recovered: true });
  assert.deepEqual(history.messages.map(({ seq }) => seq), [4, 5, 6, 7]);
});

test('a replay is shown as a whole, and what follows one by one', async () => {
  const { follower, history, changes } = await reading(3);
  follower.since(1000);
  follower.ready([room(5)]);
  follower.heard(frame(4));
  follower.heard(frame(5));
  assert.deepEqual(changes, []);
  follower.resumed({ room_id: 'a', from: 3, to: 5, recovered: true });
  assert.deepEqual(changes, ['a']);
  follower.heard(frame(6));
  assert.deepEqual(changes, ['a', 'a']);
  assert.deepEqual(history.messages.map(({ seq }) => seq), [4, 5, 6]);
});

test('a gap too large to be sent is read anew in the open room, and let go of in another', async () => {
  const { follower, history, pages } = await reading(3);
  const other = follower.open('b');
  await settled();
  follower.since(1000);
  follower.ready([room(9000), { room_id: 'b', last_seq: 9000 }]);
  for (const id of ['a', 'b']) follower.resumed({ room_id: id, from: 3, last_seq: 9000, recovered: false });
  await settled();
  assert.deepEqual(pages, ['a', 'b', 'b']);
  assert.equal(other.seq, 3);
  assert.notEqual(follower.open('a'), history);
});

test('a command that is refused for good makes the page read the room anew', async () => {
  const refusal = Object.assign(new Error('no'), { status: 400 });
  let refusals = 0;
  const { follower, pages } = await reading(3, async () => { refusals += 1; throw refusal; });
  follower.ready([room(3)]);
  follower.heard(frame(5));
  await settled();
  assert.equal(refusals, 1);
  assert.deepEqual(pages.slice(0, 2), ['a', 'a']);
});
