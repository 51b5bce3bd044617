// Making a room, joining one, adding somebody, writing to somebody.

import { onSubmit } from './form.js';
import { call, me } from './login.js';
import { $, el, publicItem } from './view.js';

/** `openId()` answers which room is open, `has(id)` whether a room is in the list; `enter(room)` goes into one. */
export function wireDialogs({ openId, has, enter }) {
  for (const button of document.querySelectorAll('[data-dialog]')) button.onclick = () => show(button);
  for (const button of document.querySelectorAll('[data-close]')) button.onclick = () => button.closest('dialog').close();

  onSubmit($('new-room').firstElementChild, async ({ name, public: isPublic }) => {
    await enter(await call('POST', '/rooms', { name, visibility: isPublic ? 'public' : 'private' }));
  });
  onSubmit($('by-email').firstElementChild, async ({ email }) => {
    const roomId = openId();
    const { id } = await call('GET', `/users?email=${encodeURIComponent(email)}`);
    if ($('by-email').dataset.from === 'add') await call('POST', `/rooms/${roomId}/members`, { user_id: id });
    else await enter(await call('POST', '/rooms/direct', { peer_user_id: id }));
  });

  function show(button) {
    const dialog = $(button.dataset.dialog);
    dialog.querySelector('.problem').textContent = '';
    dialog.dataset.from = button.id;
    if (dialog.id === 'by-email') $('by-email-title').textContent = button.id === 'add' ? 'Add a person' : 'Direct chat';
    if (dialog.id === 'join-room') listPublic();
    dialog.showModal();
  }

  async function listPublic() {
    const problem = $('join-room').querySelector('.problem');
    const list = $('public-rooms');
    list.replaceChildren();
    try {
      const found = (await call('GET', '/rooms?scope=public&limit=100')).rooms.filter(({ id }) => !has(id));
      list.replaceChildren(...found.map((room) => publicItem(room, () => join(room).catch((error) => { problem.textContent = error.message; }))));
      if (found.length === 0) list.append(el('li', { className: 'aside' }, 'There is none that you are not in.'));
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  async function join(room) {
    await call('POST', `/rooms/${room.id}/members`, { user_id: me().id });
    $('join-room').close();
    await enter(room);
  }
}
