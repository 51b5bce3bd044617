// The line between an agent and the server, on which things are lost as the test wants.

import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

export class Line {
  #losses = [];
  #sockets = new Set();
  #isCut = false;
  #news = new EventEmitter();
  #server = createServer((request, response) => this.#pass(request, response).catch(() => response.destroy()));

  /** What became of each append: the status of its answer, or what was lost. */
  appends = [];

  constructor(target) {
    this.target = target;
  }

  get url() { return `http://127.0.0.1:${this.#server.address().port}`; }

  async start() {
    this.#server.on('upgrade', (request, socket, head) => this.#open(request, socket, head));
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  /** The next append is carried out, and its answer is lost. */
  loseAnswer() { this.#losses.push('answer'); }

  /** The next append is answered and forgotten, as by a Redis that fails over. */
  loseWrite() { this.#losses.push('write'); }

  /** Waits for so many appends, from the beginning. */
  async appended(count) {
    while (this.appends.length < count) await once(this.#news, 'append');
  }

  /** No WebSocket any more, until it is mended. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() { this.#isCut = false; }

  stop() {
    this.cut();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #pass(request, response) {
    const body = await buffer(request);
    const isAppend = request.url.endsWith('/append');
    const loss = isAppend ? this.#losses.shift() : undefined;
    if (loss === 'write') {
      const { index, delta } = JSON.parse(body);
      this.#note('write lost');
      response.end(JSON.stringify({ index: index + [...delta].length }));
      return;
    }
    const { authorization, 'content-type': type = 'application/json' } = request.headers;
    const answer = await fetch(this.target + request.url, {
      method: request.method,
      headers: { authorization, 'Content-Type': type },
      body: body.length > 0 ? body : undefined,
    });
    const said = Buffer.from(await answer.arrayBuffer());
    if (isAppend) this.#note(loss === 'answer' ? 'answer lost' : answer.status);
    if (loss === 'answer') response.destroy();
    else response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') ?? 'text/plain' }).end(said);
  }

  #note(what) {
    this.appends.push(what);
    this.#news.emit('append');
  }

  #open(request, socket, head) {
    if (this.#isCut) {
      socket.destroy();
      return;
    }
    const { hostname, port } = new URL(this.target);
    const onward = connect(Number(port), hostname);
    const headers = request.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [`${name}: ${all[i + 1]}`] : []));
    onward.write(`GET ${request.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
    onward.write(head);
    socket.pipe(onward).pipe(socket);
    for (const [one, other] of [[socket, onward], [onward, socket]]) {
      this.#sockets.add(one);
      one.on('error', () => {}).on('close', () => { this.#sockets.delete(one); other.destroy(); });
    }
  }
}
