// The reactions below the messages of a room: shown, given and taken back.

import { insist } from './insist.js';
import { call, me } from './login.js';
import { closePalette, opensPalette } from './palette.js';
import { standsBy } from './reactions.js';
import { $, fillReaction, reactionButton, sync } from './view.js';

const PAGE = 200;

export class Reacting {
  #refused = new Set(); // Messages whose list is not told.
  #isAsking = false;

  /** `nameOf(id)` answers what a member is called, if that is known; `onChange()` hears that there is something new to show. */
  constructor(roomId, history, nameOf, onChange) {
    Object.assign(this, { roomId, history, nameOf, onChange, hasLeft: false });
  }

  leave() {
    this.hasLeft = true;
    closePalette();
    $('reacting-problem').textContent = '';
  }

  /** Lets the item of a message open the palette. */
  wire(item) {
    const { id } = item.dataset;
    opensPalette(item.querySelector('.react'), (emoji) => this.#change(id, emoji, true));
  }

  /** Shows the reactions to a message in its item. The button of an emoji stays the same. */
  show(item, { id, reactions = [] }) {
    const row = item.querySelector('.reactions');
    const hadFocus = row.contains(document.activeElement);
    const buttons = new Map([...row.children].map((button) => [button.dataset.emoji, button]));
    sync(row, reactions.map((reaction) => {
      const { emoji, user_ids: users } = reaction;
      const button = buttons.get(emoji) ?? reactionButton(emoji, (isMine) => this.#change(id, emoji, !isMine));
      const isMine = standsBy(reaction, me().id) === true;
      const others = users.filter((user) => user !== me().id).map(this.nameOf).filter(Boolean);
      fillReaction(button, reaction.count, isMine, isMine ? ['You', ...others] : others);
      return button;
    }));
    if (hadFocus && !row.contains(document.activeElement)) item.querySelector('.react').focus({ preventScroll: true });
  }

  /** Asks for all reactions to the messages where those that are named leave open whether one's own is among them. */
  async settle() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    for (let message; (message = this.#unsettled());) {
      const asked = this.history.expectReactions(message.id);
      const list = await insist(() => this.#all(message.id), () => !this.hasLeft);
      if (!list) this.#refused.add(message.id);
      else this.history.takeReactions(asked, list);
      this.onChange();
    }
    this.#isAsking = false;
  }

  #unsettled() {
    if (this.hasLeft) return undefined;
    const isOpen = (reaction) => standsBy(reaction, me().id) === null;
    return this.history.messages.findLast(({ id, reactions = [] }) => reactions.some(isOpen) && !this.#refused.has(id));
  }

  async #all(id) {
    const found = [];
    for (let hasMore = true; hasMore;) {
      const after = found.at(-1)?.seq ?? 0;
      const page = await call('GET', `${this.#path(id)}?after=${after}&limit=${PAGE}`);
      found.push(...page.reactions);
      hasMore = page.has_more;
    }
    return found;
  }

  /** What is shown follows the log alone: so there is nothing to undo when this fails. */
  async #change(id, emoji, isGiven) {
    if (this.hasLeft) return;
    this.#tell('');
    try {
      await call(isGiven ? 'PUT' : 'DELETE', `${this.#path(id)}/${encodeURIComponent(emoji)}`);
    } catch (problem) {
      this.#tell(`${emoji} was not ${isGiven ? 'added' : 'taken back'}: ${problem.message}`);
    }
  }

  #tell(problem) {
    if (!this.hasLeft) $('reacting-problem').textContent = problem;
  }

  #path(id) { return `/rooms/${this.roomId}/messages/${id}/reactions`; }
}
