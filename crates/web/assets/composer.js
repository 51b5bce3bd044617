// Where one writes: the others are told that somebody types, and what was written is sent.

import { $ } from './view.js';

const TYPING_AGAIN_MS = 3000; // The server believes a typing_start for 6 s.

export class Composer {
  #typing = null; // {roomId, at, timer} while the others are told that this person types.

  /**
   * `roomId()` answers which room is open, `tell(event, data)` sends a command, `draft(text)` hears what stands here,
   * `send(content)` takes what was written.
   */
  constructor({ roomId, tell, draft, send }) {
    Object.assign(this, { roomId, tell, draft, send });
    $('text').addEventListener('input', () => this.#input());
    $('text').addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      $('composer').requestSubmit();
    });
    $('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** The room is left, and what was written stays unsent. */
  leave() {
    $('text').value = '';
    this.draft('');
    this.stopTyping();
  }

  stopTyping() {
    if (!this.#typing) return;
    clearTimeout(this.#typing.timer);
    this.tell('typing_stop', { room_id: this.#typing.roomId });
    this.#typing = null;
  }

  #input() {
    this.draft($('text').value);
    if (!$('text').value.trim()) return this.stopTyping();
    if (!this.#typing || Date.now() - this.#typing.at > TYPING_AGAIN_MS) {
      clearTimeout(this.#typing?.timer);
      this.#typing = { roomId: this.roomId(), at: Date.now() };
      this.tell('typing_start', { room_id: this.#typing.roomId });
    }
    clearTimeout(this.#typing.timer);
    this.#typing.timer = setTimeout(() => this.stopTyping(), TYPING_AGAIN_MS + 1000);
  }

  #submit() {
    const content = $('text').value;
    if (!content.trim()) return;
    $('text').value = '';
    // Before it is sent, or the others would see it twice.
    this.draft('');
    this.stopTyping();
    this.send(content);
    $('text').focus();
  }
}
