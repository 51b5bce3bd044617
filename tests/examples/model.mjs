// A model server that answers what the test tells it to, when the test tells it to.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

export class Model {
  #unheard = [];
  #waiting = [];
  #server = createServer(async (request, response) => {
    const { stream, messages } = await json(request);
    const turn = new Turn(response, stream && request.url === '/v1/chat/completions' ? messages.at(-1).content : null);
    this.asked.push(turn.question);
    if (this.#waiting.length > 0) this.#waiting.shift()(turn);
    else this.#unheard.push(turn);
  });

  /** All questions so far. */
  asked = [];

  get url() { return `http://127.0.0.1:${this.#server.address().port}/v1`; }

  async start() {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  /** The next question, which waits for its answer. */
  turn() {
    const turn = this.#unheard.shift();
    return turn ? Promise.resolve(turn) : new Promise((go) => this.#waiting.push(go));
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

class Turn {
  #response;

  constructor(response, question) {
    this.#response = response;
    this.question = question;
    this.closed = once(response, 'close');
  }

  say(token) { this.#write(JSON.stringify({ choices: [{ index: 0, delta: { content: token } }] })); }

  finish() {
    this.#write('[DONE]');
    this.#response.end();
  }

  refuse(status) { this.#response.writeHead(status).end('{"error":{"message":"no room"}}'); }

  breakOff() { this.#response.destroy(); }

  /** In two pieces, because a network parts lines, and characters. */
  #write(data) {
    if (!this.#response.headersSent) this.#response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const bytes = Buffer.from(`data: ${data}\n\n`);
    const cut = bytes.findIndex((byte) => byte > 0x7f) + 1;
    this.#response.write(bytes.subarray(0, cut));
    this.#response.write(bytes.subarray(cut));
  }
}
