// Where one logs in or makes an account.

import { onSubmit } from './form.js';
import { logIn, register } from './login.js';
import { $ } from './view.js';

/** `enter()` is called whenever somebody has logged in. */
export function openDoor(enter) {
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
}

/** Shows the door in place of the chat. */
export function showDoor(notice = '') {
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
