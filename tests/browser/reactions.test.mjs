// What the page holds of the reactions to a message.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../crates/web/assets/history.js';
import { standsBy } from '../../crates/web/assets/reactions.js';

const of = (seq) => `id-${seq}`;
const message = (seq, reactions = [], content = `m${seq}`) => ({ id: of(seq), room_id: 'r', seq, content, deleted_at: null, reactions });
const carried = (emoji, count, users, lastSeq) => ({ emoji, count, user_ids: users, last_seq: lastSeq });
const change = (event) => (seq, to, user, emoji, count) => ({ event, seq, data: { room_id: 'r', message_id: of(to), user_id: user, emoji, count, seq } });
const added = change('reaction.added');
const removed = change('reaction.removed');
const edited = (seq, now) => ({ event: 'message.updated', seq, data: now });
const ten = Array.from({ length: 10 }, (_, i) => `u${i}`);

/** A room that was read up to `lastSeq`. */
function begun(messages, lastSeq, hasMore = false) {
  const history = new History();
  history.begin({ messages: [...messages].reverse(), has_more: hasMore, last_seq: lastSeq });
  return history;
}

/** Emoji, count and users of each reaction to a message. */
function told(history, seq) {
  const { reactions } = history.messages.find(({ id }) => id === of(seq));
  return reactions.map(({ emoji, count, user_ids: users }) => [emoji, count, users]);
}

test('reactions come and go, the emoji that came first first', () => {
  const history = begun([message(3)], 3);
  history.apply(added(4, 3, 'ada', '👍', 1));
  history.apply(added(5, 3, 'ben', '🎉', 1));
  history.apply(added(6, 3, 'ben', '👍', 2));
  assert.deepEqual(told(history, 3), [['👍', 2, ['ada', 'ben']], ['🎉', 1, ['ben']]]);
  history.apply(removed(7, 3, 'ada', '👍', 1));
  history.apply(removed(8, 3, 'ben', '👍', 0));
  assert.deepEqual(told(history, 3), [['🎉', 1, ['ben']]]);
  history.apply(added(9, 3, 'ada', '👍', 1));
  assert.deepEqual(told(history, 3), [['🎉', 1, ['ben']], ['👍', 1, ['ada']]]);
});

test('a replay does not count what the message carries already', () => {
  const history = begun([], 3);
  history.apply({ event: 'receive_message', seq: 4, data: message(4, [carried('👍', 1, ['ben'], 8)]) });
  history.apply(added(5, 4, 'ada', '👍', 1));
  history.apply(added(6, 4, 'ada', '🎉', 1));
  history.apply(added(7, 4, 'ben', '👍', 2));
  assert.deepEqual(told(history, 4), [['👍', 1, ['ben']], ['🎉', 1, ['ada']]]);
  history.apply(removed(8, 4, 'ada', '👍', 1));
  history.apply(removed(9, 4, 'ada', '🎉', 0));
  assert.deepEqual(told(history, 4), [['👍', 1, ['ben']]]);
  history.apply(added(10, 4, 'ada', '👍', 2));
  assert.deepEqual(told(history, 4), [['👍', 2, ['ben', 'ada']]]);
});

test('an edit brings the reactions with the text, and a deletion takes them away', () => {
  const history = begun([message(3, [carried('👍', 1, ['ada'], 4)])], 4);
  history.apply(edited(5, message(3, [carried('👍', 2, ['ada', 'ben'], 6)], 'new')));
  assert.deepEqual(told(history, 3), [['👍', 2, ['ada', 'ben']]]);
  history.apply(added(6, 3, 'ben', '👍', 2));
  assert.deepEqual(told(history, 3), [['👍', 2, ['ada', 'ben']]]);
  history.apply({ event: 'message.deleted', seq: 7, data: { id: of(3), room_id: 'r', seq: 7 } });
  history.apply(removed(8, 3, 'ada', '👍', 1));
  assert.deepEqual(history.messages, []);
});

test('an earlier page gets the reactions that came while it was on its way, once', () => {
  const history = begun([message(10)], 12, true);
  history.expectEarlier();
  history.apply(added(13, 8, 'ada', '👍', 1));
  history.apply(added(14, 9, 'ada', '🎉', 1));
  history.apply(edited(15, message(9, [carried('🎉', 1, ['ada'], 14)], 'edited')));
  history.apply(added(16, 9, 'ben', '🎉', 2));
  history.takeEarlier({ messages: [message(9), message(8, [carried('👍', 1, ['ada'], 13)])], has_more: false });
  assert.deepEqual(told(history, 8), [['👍', 1, ['ada']]]);
  assert.deepEqual(told(history, 9), [['🎉', 2, ['ada', 'ben']]]);
});

test('where only some are named, it is open whether another is among the rest', () => {
  const few = carried('👍', 10, ten, 9);
  assert.equal(standsBy(few, 'u3'), true);
  assert.equal(standsBy(few, 'ada'), false);
  const many = carried('👍', 11, ten, 9);
  assert.equal(standsBy(many, 'u3'), true);
  assert.equal(standsBy(many, 'ada'), null);
});

test('a list settles it, and what comes after it is known as well', () => {
  const history = begun([message(3, [carried('👍', 12, ten, 20)])], 20);
  const mark = (user) => standsBy(history.messages[0].reactions[0], user);
  const asked = history.expectReactions(of(3));
  history.apply(removed(21, 3, 'ada', '👍', 11));
  history.apply(added(22, 3, 'cleo', '👍', 12));
  assert.equal(mark('ada'), null);
  const list = [...ten, 'ada', 'ben'].map((user) => ({ emoji: '👍', user_id: user }));
  history.takeReactions(asked, [...list, { emoji: '🎉', user_id: 'dan' }]);
  assert.deepEqual(['ada', 'ben', 'cleo', 'dan'].map(mark), [false, true, true, false]);
  history.apply(removed(23, 3, 'ben', '👍', 11));
  history.apply(added(24, 3, 'ada', '👍', 12));
  assert.deepEqual(['ada', 'ben'].map(mark), [true, false]);
});

test('what a list told is known after an edit too, and not after a change that was not seen', () => {
  const history = begun([message(3, [carried('👍', 12, ten, 20)])], 20);
  const asked = history.expectReactions(of(3));
  history.takeReactions(asked, [...ten, 'ada', 'ben'].map((user) => ({ emoji: '👍', user_id: user })));
  history.apply(edited(21, message(3, [carried('👍', 12, ten, 20)], 'new')));
  assert.equal(history.messages[0].content, 'new');
  assert.equal(standsBy(history.messages[0].reactions[0], 'ada'), true);
  history.apply(edited(22, message(3, [carried('👍', 11, ten, 23)], 'newer')));
  assert.equal(standsBy(history.messages[0].reactions[0], 'ada'), null);
});

test('a list is not changed by what the message had counted before', () => {
  const history = begun([message(3, [carried('👍', 12, ten, 25)])], 20);
  const asked = history.expectReactions(of(3));
  history.apply(removed(21, 3, 'ada', '👍', 11));
  history.takeReactions(asked, [...ten, 'ada', 'ben'].map((user) => ({ emoji: '👍', user_id: user })));
  history.apply(added(25, 3, 'ada', '👍', 12));
  assert.equal(standsBy(history.messages[0].reactions[0], 'ada'), true);
});

test('a list that is older than what the message carries by now is dropped', () => {
  const history = begun([message(3, [carried('👍', 12, ten, 20)])], 20);
  const asked = history.expectReactions(of(3));
  history.apply(edited(21, message(3, [carried('👍', 11, ten, 25)], 'new')));
  history.takeReactions(asked, [...ten, 'ada', 'ben'].map((user) => ({ emoji: '👍', user_id: user })));
  history.apply(removed(25, 3, 'ada', '👍', 11));
  assert.equal(standsBy(history.messages[0].reactions[0], 'ada'), null);
});

test('the answer to an older question is not taken for another message', () => {
  const many = (seq) => message(seq, [carried('👍', 11, ten, 20)]);
  const history = begun([many(3), many(4)], 20);
  const first = history.expectReactions(of(3));
  const second = history.expectReactions(of(4));
  const list = [...ten, 'ada'].map((user) => ({ emoji: '👍', user_id: user }));
  history.takeReactions(first, list);
  assert.deepEqual(history.messages.map(({ reactions: [reaction] }) => standsBy(reaction, 'ada')), [null, null]);
  history.takeReactions(second, list);
  assert.deepEqual(history.messages.map(({ reactions: [reaction] }) => standsBy(reaction, 'ada')), [null, true]);
});
