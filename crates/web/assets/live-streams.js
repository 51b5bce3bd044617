// The messages that are being written, in all rooms that the socket follows, as the server tells of them:
// `{id, room_id, username, kind, text}`, and more. Each has the id of the message that it becomes.

/**
 * The first `index` characters of a text with `delta` behind them. A character is a Unicode scalar value, as the server
 * counts; a string counts some of them twice.
 */
export function spliced(text, index, delta) {
  let end = 0;
  for (let left = index; left > 0 && end < text.length; left -= 1) end += text.codePointAt(end) > 0xFFFF ? 2 : 1;
  return text.slice(0, end) + delta;
}

export class LiveStreams {
  #streams = new Map(); // By id.

  /** Those of a room, the one that was begun first first. */
  of(roomId) {
    const found = [...this.#streams.values()].filter((stream) => stream.room_id === roomId);
    return found.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Applies a frame. Answers whether it changed anything here. */
  apply({ event, data }) {
    const { id } = data;
    switch (event) {
      case 'stream.started':
        this.#streams.set(id, data);
        return true;
      case 'stream.delta': return this.#grow(this.#streams.get(id), data);
      case 'stream.finished':
      case 'stream.aborted':
      case 'receive_message': return this.#streams.delete(id);
    }
    return false;
  }

  /** Lets go of a room. */
  release(roomId) {
    for (const { id } of this.of(roomId)) this.#streams.delete(id);
  }

  /** The socket is gone: nobody would tell of their end. The next one tells all of them anew. */
  clear() {
    this.#streams.clear();
  }

  /** One that is not known was missed; the server notices, and tells it whole. */
  #grow(stream, { index, delta }) {
    if (!stream) return false;
    this.#streams.set(stream.id, { ...stream, text: spliced(stream.text, index, delta) });
    return true;
  }
}
