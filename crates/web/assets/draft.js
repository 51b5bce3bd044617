// What one types, told to the others in the room: from its first letter until it is sent, emptied or left.

const EVERY_MS = 100;
const RETRY_MS = 2000; // Until the server says otherwise.
const GONE = new Set(['stream_not_found', 'stream_ended']);

export class Draft {
  /** Nothing is told any more. */
  hasEnded = false;
  #id = null; // Of the stream.
  #text = '';
  #told = '';
  #isTelling = false;

  /** `request(event, data)` sends a command and answers its `ack`, `tell(event, data)` one that nobody waits for. */
  constructor(roomId, { request, tell, pause = (ms) => new Promise((go) => setTimeout(go, ms)) }) {
    Object.assign(this, { roomId, request, tell, pause });
  }

  /** This is what stands there now. What follows while the server is being told is told together, and the last always is. */
  async write(text) {
    this.#text = text;
    if (this.#isTelling) return;
    this.#isTelling = true;
    while (!this.hasEnded && this.#told !== this.#text) await this.pause(await this.#tell());
    this.#isTelling = false;
  }

  /** Takes it back. */
  end() {
    this.hasEnded = true;
    if (this.#id) this.tell('stream.abort', { id: this.#id });
    this.#forget();
  }

  /** The socket is gone. Answers the id of the stream that is left behind, if there is one. */
  lost() {
    this.hasEnded = true;
    return this.#id;
  }

  /** Tells the present text. Answers for how long nothing more is to be told. */
  async #tell() {
    try {
      if (!this.#id) await this.#begin();
      if (this.hasEnded) return 0;
      const text = this.#text;
      await this.request('stream.replace', { id: this.#id, text });
      this.#told = text;
      return EVERY_MS;
    } catch ({ status, code, retryAfterMs = RETRY_MS }) {
      // Nobody is bothered with it: the message will be sent all the same.
      if (GONE.has(code)) this.#forget();
      else if (status >= 400 && status < 500 && status !== 429) this.hasEnded = true;
      return retryAfterMs;
    }
  }

  async #begin() {
    const { stream } = await this.request('stream.start', { room_id: this.roomId, kind: 'draft', when_lost: 'drop' });
    this.#id = stream.id;
    // It was over before it had begun.
    if (this.hasEnded) this.end();
  }

  #forget() {
    this.#id = null;
    this.#told = '';
  }
}
