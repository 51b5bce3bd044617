// One call of the REST API.

const ANSWER_MS = 30_000;

/** What the server refused, told in its own words (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    const fields = (body.errors ?? []).map((e) => `${e.field}: ${e.message}`).join('; ');
    super(fields || body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.retryAfterMs = body.retry_after_ms;
    this.code = body.code;
  }
}

/** Answers the body. Fails with a Problem when the server refused, with an Error when it did not answer. */
export async function ask(method, path, body, token) {
  const headers = { ...(body && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) };
  let response;
  let text;
  try {
    // Bounded, because a renewal that hangs would hold up all others.
    const signal = AbortSignal.timeout(ANSWER_MS);
    // What a page takes back when it goes away is sent to the end.
    const keepalive = method === 'DELETE';
    response = await fetch(`/v1${path}`, {
      method, headers, body: body && JSON.stringify(body), credentials: 'omit', cache: 'no-store', signal, keepalive,
    });
    text = await response.text();
  } catch {
    throw new Error('The server cannot be reached.');
  }
  const data = text && response.headers.get('Content-Type')?.includes('json') ? JSON.parse(text) : {};
  if (!response.ok) throw new Problem(response.status, data);
  return data;
}
