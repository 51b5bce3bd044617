// What happens when: wires the server's events and the person's to the state, and the state to the page.

import { accessToken, call, logIn, logOut, me, register, scheduleRenewal, whenLoginEnds } from './api.js';
import { Outbox } from './outbox.js';
import { OpenRoom } from './room.js';
import { Socket } from './socket.js';
import { $, el, publicItem, roomItem } from './view.js';

const RETRY_MS = 2000;
const TYPING_AGAIN_MS = 3000; // The server believes a typing_start for 6 s.
const rooms = new Map(); // By id: {id, room, title, peer, unread}; `room` is null until it is fetched.
const socket = new Socket(heard, connection);
let outbox;
let open = null;

// The door

function showDoor(notice = '') {
  socket.close();
  closeRoom();
  rooms.clear();
  showRooms();
  document.querySelectorAll('dialog[open]').forEach((dialog) => dialog.close());
  document.querySelectorAll('form').forEach((form) => form.reset());
  $('chat').hidden = true;
  $('door').hidden = false;
  $('door-notice').hidden = !notice;
  $('door-notice').textContent = notice;
  turnDoor('log-in');
}

function turnDoor(to) {
  for (const id of ['log-in', 'register']) $(id).hidden = id !== to;
  $(to).elements[0].focus();
}

function enter() {
  $('door').hidden = true;
  $('chat').hidden = false;
  $('me').textContent = me().username;
  outbox = new Outbox(socket, () => open?.showUnsent(), (message) => open?.id === message.room_id && open.received(message, 0));
  scheduleRenewal();
  showRooms();
  connection(false);
  socket.open();
}

/** Lets a form do `work` with its fields, once at a time, and tell what went wrong. */
function onSubmit(form, work) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button.primary');
    const problem = form.querySelector('.problem');
    if (!button || button.disabled) return;
    button.disabled = true;
    problem.textContent = '';
    try {
      await work(Object.fromEntries(new FormData(form)));
      form.reset();
      form.closest('dialog')?.close();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
}

onSubmit($('log-in'), async ({ email, password }) => {
  await logIn(email, password);
  enter();
});
onSubmit($('register'), async ({ username, email, password }) => {
  await register(username, email, password);
  await logIn(email, password);
  enter();
});
for (const button of document.querySelectorAll('[data-door]')) button.onclick = () => turnDoor(button.dataset.door);
$('log-out').onclick = async () => {
  outbox.clear();
  const told = logOut();
  showDoor();
  await told;
};
whenLoginEnds(() => showDoor('Your log-in has ended. Please log in again.'));

// The socket

function connection(isUp) {
  $('connection').textContent = isUp ? 'Connected' : 'Connecting…';
  $('connection').classList.toggle('up', isUp);
  if (!isUp) open?.lost();
}

function heard({ event, seq, data }) {
  const here = open && open.id === (data.room_id ?? data.id) ? open : null;
  switch (event) {
    case 'ready': return ready(data);
    case 'receive_message': return received(data, seq);
    case 'message.updated': return here?.updated(data);
    case 'message.deleted': return here?.deleted(data.id);
    case 'typing_start': return here?.typing(data, true);
    case 'typing_stop': return here?.typing(data, false);
    case 'presence.changed': return here?.presence(data);
    case 'member.joined':
    case 'member.left': return here?.loadPeople().catch(() => {});
    case 'room_added': return know(data);
    case 'room_removed': return forget(data.room_id);
  }
}

function ready({ rooms: snapshots }) {
  const ids = new Set(snapshots.map((snapshot) => snapshot.room_id));
  for (const id of rooms.keys()) if (!ids.has(id)) forget(id);
  for (const { room_id, unread } of snapshots) Object.assign(entry(room_id), { unread });
  loadRooms();
  catchUp();
  outbox.flush();
}

/** Does it until it is done, or until it no longer matters. */
async function insist(work, matters) {
  while (matters()) {
    try {
      return await work();
    } catch (problem) {
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) return;
      await new Promise((go) => setTimeout(go, problem.retryAfterMs ?? RETRY_MS));
    }
  }
}

function catchUp() {
  const room = open;
  if (room) insist(() => room.catchUp(), () => open === room);
}

function received(message, seq) {
  if (message.sender_id !== me().id) entry(message.room_id).unread += 1;
  if (open?.id === message.room_id) {
    open.typing({ user_id: message.sender_id }, false);
    open.received(message, seq);
  }
  showRooms();
}

// Rooms

function entry(id) {
  if (!rooms.has(id)) rooms.set(id, { id, room: null, title: '', peer: null, unread: 0 });
  return rooms.get(id);
}

function loadRooms() {
  const user = me().id;
  return insist(async () => {
    const found = await call('GET', '/rooms?limit=100');
    for (const room of found.rooms) if (rooms.has(room.id)) await know(room);
    // One list holds a hundred at most.
    for (const { id, room } of [...rooms.values()]) if (!room) await know(await call('GET', `/rooms/${id}`));
  }, () => me()?.id === user);
}

/** Takes a room into the list; a direct one bears the name of the other. */
async function know(room) {
  const known = entry(room.id);
  const pair = !room.is_group && /^dm:([0-9a-f-]{36}):([0-9a-f-]{36})$/.exec(room.name);
  if (pair && !known.peer) {
    known.peer = pair[1] === me().id ? pair[2] : pair[1];
    known.title = (await call('GET', `/users/${known.peer}`).catch(() => null))?.username ?? 'Direct chat';
  } else if (!pair) known.title = room.name;
  known.room = room;
  showRooms();
  if (open?.id === room.id) open.showTitle();
  return known;
}

function forget(id) {
  rooms.delete(id);
  if (open?.id === id) closeRoom();
  showRooms();
}

function showRooms() {
  const focused = document.activeElement?.dataset.room;
  const known = [...rooms.values()].filter(({ room }) => room).sort((a, b) => a.title.localeCompare(b.title));
  $('rooms').replaceChildren(...known.map((known) => roomItem(known, open?.id === known.id, () => openRoom(known))));
  if (focused) $('rooms').querySelector(`[data-room="${focused}"]`)?.focus();
  $('no-rooms').hidden = rooms.size > 0;
  const unread = known.reduce((sum, known) => sum + known.unread, 0);
  document.title = unread > 0 ? `(${unread}) ChatterStack` : 'ChatterStack';
}

function openRoom(known) {
  if (open?.entry === known) return showPane();
  stopTyping();
  open = new OpenRoom(known, outbox, () => {
    if (known.unread === 0) return;
    known.unread = 0;
    showRooms();
  });
  $('nothing-open').hidden = true;
  $('open-room').hidden = false;
  $('text').value = '';
  showPane();
  showRooms();
  catchUp();
}

function showPane() {
  $('chat').dataset.pane = 'room';
  // On a small screen the keyboard would cover what one came to read.
  (matchMedia('(min-width: 700px)').matches ? $('text') : $('room-title')).focus();
}

function closeRoom() {
  stopTyping();
  OpenRoom.leave();
  open = null;
  delete $('chat').dataset.pane;
  $('open-room').hidden = true;
  $('nothing-open').hidden = false;
}

$('back').onclick = () => {
  const { id } = open;
  closeRoom();
  showRooms();
  $('rooms').querySelector(`[data-room="${id}"]`)?.focus();
};
$('earlier').onclick = () => open.loadEarlier().catch(() => {});
$('newest').onclick = () => open.toNewest();
document.addEventListener('visibilitychange', () => open?.read());

// Writing

let typing = null; // {room_id, at, timer} while the others are told that this person types.

function stopTyping() {
  if (!typing) return;
  clearTimeout(typing.timer);
  socket.tell('typing_stop', { room_id: typing.room_id });
  typing = null;
}

$('text').addEventListener('input', () => {
  if (!$('text').value.trim()) return stopTyping();
  if (!typing || Date.now() - typing.at > TYPING_AGAIN_MS) {
    clearTimeout(typing?.timer);
    typing = { room_id: open.id, at: Date.now() };
    socket.tell('typing_start', { room_id: open.id });
  }
  clearTimeout(typing.timer);
  typing.timer = setTimeout(stopTyping, TYPING_AGAIN_MS + 1000);
});
$('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $('composer').requestSubmit();
});
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const content = $('text').value;
  if (!content.trim()) return;
  $('text').value = '';
  stopTyping();
  outbox.add(open.id, content);
  open.toNewest();
  $('text').focus();
});

// Dialogs

for (const button of document.querySelectorAll('[data-dialog]')) {
  button.onclick = () => {
    const dialog = $(button.dataset.dialog);
    dialog.querySelector('.problem').textContent = '';
    dialog.dataset.from = button.id;
    if (dialog.id === 'by-email') $('by-email-title').textContent = button.id === 'add' ? 'Add a person' : 'Direct chat';
    if (dialog.id === 'join-room') listPublic();
    dialog.showModal();
  };
}
for (const button of document.querySelectorAll('[data-close]')) button.onclick = () => button.closest('dialog').close();

onSubmit($('new-room').firstElementChild, async ({ name, public: isPublic }) => {
  openRoom(await know(await call('POST', '/rooms', { name, visibility: isPublic ? 'public' : 'private' })));
});
onSubmit($('by-email').firstElementChild, async ({ email }) => {
  const room = open;
  const { id } = await call('GET', `/users?email=${encodeURIComponent(email)}`);
  if ($('by-email').dataset.from === 'add') await call('POST', `/rooms/${room.id}/members`, { user_id: id });
  else openRoom(await know(await call('POST', '/rooms/direct', { peer_user_id: id })));
});

async function listPublic() {
  const problem = $('join-room').querySelector('.problem');
  const list = $('public-rooms');
  list.replaceChildren();
  try {
    const found = (await call('GET', '/rooms?scope=public&limit=100')).rooms.filter(({ id }) => !rooms.has(id));
    list.replaceChildren(...found.map((room) => publicItem(room, () => join(room).catch((error) => { problem.textContent = error.message; }))));
    if (found.length === 0) list.append(el('li', { className: 'aside' }, 'There is none that you are not in.'));
  } catch (error) {
    problem.textContent = error.message;
  }
}

async function join(room) {
  await call('POST', `/rooms/${room.id}/members`, { user_id: me().id });
  $('join-room').close();
  openRoom(await know(room));
}

await accessToken().catch(() => {}); // An old log-in is renewed by this, or ended.
if (me()) enter();
else if ($('door').hidden) showDoor();
