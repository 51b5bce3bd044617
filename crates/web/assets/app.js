// What happens when: wires the server's events and the person's to the state, and the state to the page.

import { Composer } from './composer.js';
import { wireDialogs } from './dialogs.js';
import { openDoor, showDoor } from './door.js';
import { Drafting } from './drafting.js';
import { Follower } from './follower.js';
import { LiveStreams } from './live-streams.js';
import { accessToken, logOut, me, whenLoginEnds } from './login.js';
import { Outbox } from './outbox.js';
import { OpenRoom } from './room.js';
import { RoomList } from './rooms.js';
import { Socket } from './socket.js';
import { $ } from './view.js';

let open = null;
let outbox;
const streams = new LiveStreams();
const socket = new Socket({ since: (bytes) => follower.since(bytes), onFrame: heard, onState: connection });
const follower = new Follower({
  request: (event, data) => socket.request(event, data),
  readPage,
  onChange: (id) => { if (open?.id === id) open.showMessages(); },
});
const rooms = new RoomList({
  openId: () => open?.id,
  onChoose: openRoom,
  onKnown: (known) => { if (open?.id === known.id) open.showTitle(); },
});
const drafting = new Drafting({
  request: (event, data) => socket.request(event, data),
  tell: (event, data) => socket.tell(event, data),
});
const composer = new Composer({
  roomId: () => open.id,
  tell: (event, data) => socket.tell(event, data),
  draft: (text) => drafting.write(open?.id, text),
  send: (content) => {
    outbox.add(open.id, content);
    open.toNewest();
  },
});

// In and out

function enter() {
  $('door').hidden = true;
  $('chat').hidden = false;
  $('me').textContent = me().username;
  outbox = new Outbox(socket, () => open?.showUnsent(), (message) => follower.put(message));
  rooms.show();
  connection(false);
  socket.open();
}

function leave(notice) {
  closeRoom();
  drafting.leave();
  socket.close();
  streams.clear();
  follower.clear();
  rooms.clear();
  showDoor(notice);
}

openDoor(enter);
$('log-out').onclick = async () => {
  outbox.clear();
  // First, because a socket whose log-in has ended takes nothing back.
  leave();
  await logOut();
};
whenLoginEnds(() => leave('Your log-in has ended. Please log in again.'));

// The socket

function connection(isUp, notice = '') {
  $('connection').textContent = isUp ? 'Connected' : notice ? 'Not connected' : 'Connecting…';
  $('connection').classList.toggle('up', isUp);
  $('stopped').hidden = !notice;
  $('stopped-why').textContent = notice;
  if (isUp) return;
  drafting.lost();
  streams.clear();
  follower.lost();
  open?.people.lost();
  open?.showStreams();
}

$('connect-again').onclick = () => {
  connection(false);
  socket.open();
};

function heard(frame) {
  const { event, seq, data } = frame;
  const here = open && open.id === data.room_id ? open.people : null;
  switch (event) {
    case 'ready': return ready(data);
    case 'resumed': return follower.resumed(data);
    case 'typing_start': return here?.typing(data, true);
    case 'typing_stop': return here?.typing(data, false);
    case 'presence.changed': return here?.presence(data);
    case 'room_added': return rooms.know(data);
    case 'room_removed': return forget(data.room_id);
  }
  if (streams.apply(frame) && here) open.showStreams();
  if (event === 'stream.finished') return follower.put(data);
  if (event === 'receive_message') arrived(data);
  // What a replay tells of a room that is no longer ours is not shown.
  if (seq === undefined || !rooms.has(data.room_id)) return;
  rooms.count(frame);
  if (follower.heard(frame)) here?.apply(frame);
}

function ready({ user, rooms: snapshots }) {
  drafting.ready(user);
  rooms.begin(snapshots).forEach(forget);
  follower.ready(snapshots);
  open?.people.load();
  open?.read();
  outbox.flush();
}

/** What has come back from the server need not be sent again. */
function arrived({ sender_id: sender, client_msg_id: id }) {
  if (sender === me().id) outbox.remove(id);
}

async function readPage(id) {
  const page = await OpenRoom.readPage(id);
  page.messages.forEach(arrived);
  // Only now: the log goes on from the page, and tells of whoever comes or leaves after it.
  if (open?.id === id) open.people.load();
  return page;
}

// Rooms

function forget(id) {
  if (open?.id === id) closeRoom();
  follower.release(id);
  streams.release(id);
  rooms.forget(id);
}

function openRoom(known) {
  if (open?.entry === known) return showPane();
  composer.leave();
  open = new OpenRoom(known, follower.open(known.id), {
    outbox,
    streams,
    onRead: () => rooms.read(known),
    onStop: (id) => socket.request('stream.stop', { id }),
  });
  $('nothing-open').hidden = true;
  $('open-room').hidden = false;
  showPane();
  rooms.show();
}

function showPane() {
  $('chat').dataset.pane = 'room';
  // On a small screen the keyboard would cover what one came to read.
  (matchMedia('(min-width: 700px)').matches ? $('text') : $('room-title')).focus();
}

function closeRoom() {
  composer.leave();
  OpenRoom.leave();
  follower.close();
  open = null;
  delete $('chat').dataset.pane;
  $('open-room').hidden = true;
  $('nothing-open').hidden = false;
}

$('back').onclick = () => {
  const { id } = open;
  closeRoom();
  rooms.show();
  rooms.focus(id);
};
$('earlier').onclick = () => open.loadEarlier().catch(() => {});
$('newest').onclick = () => open.toNewest();
addEventListener('pagehide', () => drafting.goAway());
document.addEventListener('visibilitychange', () => open?.read());
wireDialogs({
  openId: () => open?.id,
  has: (id) => rooms.has(id),
  enter: async (room) => openRoom(await rooms.know(room)),
});

await accessToken().catch(() => {}); // An old log-in is renewed by this, or ended.
if (me()) enter();
else if ($('door').hidden) showDoor();
