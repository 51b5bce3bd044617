// Whether a socket that has ended is opened again, and when.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;
const FLOOD_PAUSE_MS = 2000;
const LONGEST_FLOOD_PAUSE_MS = 60_000;
const SPREAD_MS = 5000; // Until a server says otherwise.

const MISUNDERSTOOD = 'This page and the server do not understand each other. Reload the page, or connect again.';
const STOPS = new Map([
  [1002, MISUNDERSTOOD],
  [1003, MISUNDERSTOOD],
  [1007, MISUNDERSTOOD],
  [1009, MISUNDERSTOOD],
  [4400, MISUNDERSTOOD],
  [4403, 'You have been removed from what this page showed.'],
  [4409, 'ChatterStack was opened elsewhere, and this page no longer hears of anything.'],
]);

export class Pace {
  #failures = 0;
  #floods = 0;
  #isRenewed = false; // No socket has been ready with the new token yet.
  #spreadMs = SPREAD_MS;
  #wasReady = false; // The latest socket was: others may have lost theirs at the same moment.

  /** `random()` is at least 0 and less than 1. */
  constructor(random = Math.random) {
    this.random = random;
  }

  /** More than one try in a row came to nothing. */
  get isFailing() { return this.#failures > 1; }

  /** A server has let the page in, with its token: that alone does not say that it will stay. */
  ready({ reconnect_spread_ms: spreadMs }) {
    this.#isRenewed = false;
    this.#wasReady = true;
    this.#spreadMs = spreadMs ?? SPREAD_MS;
  }

  /** The page has caught up on a room. If there was something to tell, its tries were worth it. */
  resumed({ from, to }) {
    if (to > from) this.#failures = 0;
  }

  /** The socket has lived for a while. */
  lived() {
    this.#failures = 0;
    this.#floods = 0;
    this.#isRenewed = false;
  }

  /**
   * What to do about a socket that ended so. `then` is `connect`, `renew` (with another token), `log-in`, or `stop` with
   * a `notice` for the person. `ms` is the pause; one that `isHasty` may be cut short when the network comes back.
   */
  after(code, reason = '') {
    const wasReady = this.#wasReady;
    this.#wasReady = false;
    if (STOPS.has(code)) return { then: 'stop', notice: STOPS.get(code) };
    switch (code) {
      case 1001:
      case 1012: {
        const hint = /(?:^|[;\s])retry_after_ms=(\d{1,6})(?:$|[;\s])/.exec(reason);
        return { then: 'connect', ms: hint ? Number(hint[1]) : this.random() * this.#spreadMs };
      }
      case 4401:
        // A new token that is refused as well will not be followed by a better one.
        if (this.#isRenewed) return { then: 'log-in' };
        this.#isRenewed = true;
        return { then: 'renew', ms: this.#backOff() };
      case 4429: {
        const pause = Math.min(LONGEST_FLOOD_PAUSE_MS, FLOOD_PAUSE_MS * 2 ** this.#floods);
        this.#floods += 1;
        return { then: 'connect', ms: pause * (1 + this.random() / 2) };
      }
      case 1006:
        // The node may have died, and everybody who was there comes back now.
        return { then: 'connect', ms: this.#backOff(wasReady ? this.#spreadMs : 0), isHasty: true };
      default:
        return { then: 'connect', ms: this.#backOff(), isHasty: true };
    }
  }

  /** All of the pause is left to chance, so that a crash does not bring everybody back at once. */
  #backOff(leastMs = 0) {
    const pause = Math.max(leastMs, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures));
    this.#failures += 1;
    return pause * this.random();
  }
}
