// A tab that was duplicated begins with a copy of the log-in. A refresh token is good once, and one that comes back
// ends the log-in: so the tabs of a log-in renew it one at a time, and hand the newest pair to each other.

const CHANNEL = 'chatterstack.tabs';
const ANSWERS_MS = 1000; // A frozen tab does not answer.

export class Tabs {
  #channel = globalThis.BroadcastChannel && new BroadcastChannel(CHANNEL);
  #present = null;
  #leave = () => {};
  #onAnswer = () => {};

  /** `login()` is this tab's own, `{id, turn}`; `adopt(newer)` takes that of another tab, whose `turn` is higher. */
  constructor(login, adopt) {
    this.login = login;
    this.adopt = adopt;
    this.#channel?.addEventListener('message', ({ data }) => this.#heard(data));
  }

  /** Counts this tab among those of the log-in, until it leaves. Browsers have no locks outside of a secure context. */
  enter(id) {
    this.leave();
    this.#present = navigator.locks && new Promise((granted) => {
      navigator.locks.request(`${CHANNEL}.${id}`, { mode: 'shared' }, () => new Promise((leave) => {
        this.#leave = leave;
        granted();
      }));
    });
  }

  leave() {
    this.#leave();
    this.#leave = () => {};
  }

  /** Does `work` while no other tab of the log-in does, and after hearing of what they have done. */
  async alone(work) {
    if (!navigator.locks) return work();
    const { id } = this.login();
    await this.#present;
    return navigator.locks.request(`${CHANNEL}.renewal.${id}`, async () => {
      await this.#askOthers(id);
      return work();
    });
  }

  /** Hands this tab's log-in to the others. */
  tell(isAnswer = false) {
    const login = this.login();
    if (login) this.#channel?.postMessage({ id: login.id, login, isAnswer });
  }

  async #askOthers(id) {
    const { held } = await navigator.locks.query();
    let awaited = held.filter(({ name }) => name === `${CHANNEL}.${id}`).length - 1;
    if (awaited <= 0) return;
    await new Promise((done) => {
      const timer = setTimeout(done, ANSWERS_MS);
      this.#onAnswer = () => {
        awaited -= 1;
        if (awaited > 0) return;
        clearTimeout(timer);
        done();
      };
      this.#channel.postMessage({ id, asks: true });
    });
    this.#onAnswer = () => {};
  }

  #heard({ id, asks, login, isAnswer }) {
    const own = this.login();
    if (own?.id !== id) return;
    if (asks) return this.tell(true);
    if (login.turn > own.turn) this.adopt(login);
    if (isAnswer) this.#onAnswer();
  }
}
