// How things look: state in, elements out. Texts of people enter as text nodes alone, never as markup.

const NAMES = 10; // That a reaction tells.

export const $ = (id) => document.getElementById(id);

export function el(tag, props, ...children) {
  const { dataset, ...own } = props ?? {};
  const node = Object.assign(document.createElement(tag), own);
  Object.assign(node.dataset, dataset);
  node.append(...children.filter((child) => child != null));
  return node;
}

export function roomItem(entry, isOpen, choose) {
  const badge = entry.unread > 0 && el('span', { className: 'badge' }, String(entry.unread), el('span', { className: 'unseen' }, ' unread'));
  const icon = el('span', { className: 'icon', ariaHidden: 'true' }, entry.peer ? '@' : entry.room.visibility === 'public' ? '#' : '◆');
  const name = el('span', { className: 'name' }, entry.title);
  const button = el('button', { type: 'button', onclick: choose, dataset: { room: entry.id } }, icon, name, badge || null);
  if (isOpen) button.setAttribute('aria-current', 'true');
  return el('li', {}, button);
}

export function messageItem(message, isMine, follows) {
  const at = new Date(message.created_at);
  const isToday = at.toDateString() === new Date().toDateString();
  const time = at.toLocaleString([], { ...(!isToday && { day: 'numeric', month: 'short' }), hour: '2-digit', minute: '2-digit' });
  return el('li', { className: `message${isMine ? ' mine' : ''}${follows ? ' follows' : ''}`, dataset: { id: message.id } },
    el('span', { className: 'author' }, isMine ? 'You' : message.username),
    el('p', {}, message.content || '(attachment)'),
    el('span', { className: 'meta' },
      el('time', { dateTime: message.created_at, title: at.toLocaleString() }, time),
      message.edited_at ? ' · edited' : null,
      message.interrupted ? ' · interrupted' : null),
    // Else a screen reader would tell of every one as of a message.
    el('span', { className: 'reactions', ariaLive: 'off' }),
    el('button', { type: 'button', className: 'react', ariaLabel: 'React', title: 'React' }, '☺\uFE0E'));
}

/** `toggle(isMine)` hears of a click, and whether one has reacted so already. */
export function reactionButton(emoji, toggle) {
  const button = el('button', { type: 'button', className: 'reaction', dataset: { emoji } }, el('bdi', {}, emoji), ' ', el('span', {}));
  button.onclick = () => toggle(button.ariaPressed === 'true');
  return button;
}

export function fillReaction(button, count, isMine, names) {
  button.ariaPressed = String(isMine);
  button.title = namesText(names, count);
  button.lastChild.textContent = String(count);
}

function namesText(names, count) {
  const shown = names.slice(0, NAMES);
  const others = Math.max(0, count - shown.length);
  if (others > 0) shown.push(others === 1 ? '1 other' : `${others} others`);
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}` : shown.join('');
}

export function unsentItem(item, discard) {
  const note = item.problem ? `Not sent: ${item.problem} ` : 'Waiting to be sent';
  return el('li', { className: `message mine unsent${item.problem ? ' refused' : ''}` },
    el('p', {}, item.content),
    el('span', { className: 'meta' }, note,
      item.problem ? el('button', { type: 'button', className: 'link', onclick: discard }, 'Discard') : null));
}

/** A message that is being written. `stop(button)` hears that its reader has seen enough, if it is one of a program's. */
export function liveItem(stream, stop) {
  const isDraft = stream.kind === 'draft';
  const button = isDraft ? null : el('button', { type: 'button', className: 'link' }, 'Stop');
  if (button) button.onclick = () => stop(button);
  return el('li', { className: 'message live', dataset: { id: stream.id } },
    el('span', { className: 'author' }, stream.username),
    el('p', {}, stream.text),
    el('span', { className: 'meta' }, isDraft ? 'Draft' : 'Being written ', button));
}

/** Changes the text alone, so that what one has selected of it stays so. */
export function fillLive(item, text) {
  const shown = item.querySelector('p').firstChild;
  if (shown.data !== text) shown.data = text;
}

export function memberItem(member, isOnline, isMe) {
  return el('li', { className: isOnline ? 'here' : '' },
    el('span', { className: 'dot', ariaHidden: 'true' }), `${member.username}${isMe ? ' (you)' : ''}`,
    el('span', { className: 'aside' }, isOnline ? 'online' : 'away'));
}

export function publicItem(room, join) {
  return el('li', {}, el('span', { className: 'name' }, room.name),
    el('button', { type: 'button', onclick: join, ariaLabel: `Join ${room.name}` }, 'Join'));
}

export function typingText(names) {
  if (names.length === 0) return '';
  if (names.length > 2) return 'Several people are typing…';
  return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} typing…`;
}

/** Makes the children of a list these, touching only what differs, so that a screen reader hears only what is new. */
export function sync(list, items) {
  const wanted = new Set(items);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  items.forEach((item, i) => { if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null); });
}

/** Keeps a log at its newest line, unless its reader has scrolled up. */
export class Scroller {
  isPinned = true;
  #top = 0;

  constructor(log, onChange) {
    this.log = log;
    log.addEventListener('scroll', () => {
      const { scrollTop, scrollHeight, clientHeight } = log;
      const wasPinned = this.isPinned;
      if (scrollTop < this.#top - 1) this.isPinned = false; // Growth never moves it up: this was the reader.
      if (scrollHeight - scrollTop - clientHeight < 8) this.isPinned = true;
      this.#top = scrollTop;
      if (this.isPinned !== wasPinned || scrollTop < 80) onChange();
    });
    new ResizeObserver(() => this.settle()).observe(log);
  }

  settle() {
    if (this.isPinned) this.toNewest();
  }

  toNewest() {
    this.isPinned = true;
    this.log.scrollTop = this.log.scrollHeight;
    this.#top = this.log.scrollTop;
  }

  /** Adds at the top, with what is being read left where it is. */
  above(add) {
    const fromEnd = this.log.scrollHeight - this.log.scrollTop;
    add();
    this.log.scrollTop = this.log.scrollHeight - fromEnd;
    this.#top = this.log.scrollTop;
  }
}
