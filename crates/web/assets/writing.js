// What others are writing in a room, below its messages.

import { $, fillLive, liveItem, sync } from './view.js';

export class Writing {
  /** `onStop(id)` asks the author of a stream to stop, and fails if they cannot be asked. */
  constructor(roomId, streams, history, onStop) {
    Object.assign(this, { roomId, streams, history, onStop });
  }

  show() {
    const list = $('live');
    const hadFocus = list.contains(document.activeElement);
    const known = new Map([...list.children].map((item) => [item.dataset.id, item]));
    // A room that was read anew may hold the message before its end is told.
    const sent = new Set(this.history.messages.map(({ id }) => id));
    sync(list, this.streams.of(this.roomId).filter(({ id }) => !sent.has(id)).map((stream) => {
      const item = known.get(stream.id) ?? liveItem(stream, (button) => this.#stop(stream.id, button));
      fillLive(item, stream.text);
      return item;
    }));
    if (hadFocus && !list.contains(document.activeElement)) $('log').focus({ preventScroll: true });
  }

  /** It is a wish: the author may go on. One that did not reach them may be told again. */
  #stop(id, button) {
    this.onStop(id).then(() => { button.textContent = 'Stopping…'; }, () => {});
  }
}
