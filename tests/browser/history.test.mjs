// What the page holds of a room.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../crates/web/assets/history.js';

const message = (seq, content = `m${seq}`) => ({ id: `id-${seq}`, room_id: 'r', seq, content, deleted_at: null });
const sent = (seq) => ({ event: 'receive_message', seq, data: message(seq) });
const edited = (seq, of, content) => ({ event: 'message.updated', seq, data: message(of, content) });
const deleted = (seq, of) => ({ event: 'message.deleted', seq, data: { id: `id-${of}`, room_id: 'r', seq } });
const texts = (history) => history.messages.map(({ content }) => content);

function begun(seqs, lastSeq = seqs.at(-1), hasMore = false) {
  const history = new History();
  history.begin({ messages: seqs.map((seq) => message(seq)).reverse(), has_more: hasMore, last_seq: lastSeq });
  return history;
}

test('events are applied once, in order, and what is known already is dropped', () => {
  const history = begun([3, 4]);
  assert.ok(history.apply(sent(5)));
  assert.ok(!history.apply(sent(5)));
  assert.ok(!history.apply(edited(4, 3, 'older than the page')));
  assert.ok(history.apply(edited(6, 3, 'new')));
  assert.ok(history.apply(deleted(7, 4)));
  assert.ok(history.apply({ event: 'member.joined', seq: 8, data: {} }));
  assert.deepEqual(texts(history), ['new', 'm5']);
  assert.equal(history.seq, 8);
});

test('an answer shows a message before the log tells of it, and the log then puts the others in their places', () => {
  const history = begun([3]);
  history.put(message(6));
  assert.equal(history.seq, 3);
  for (const seq of [4, 5, 6]) history.apply(sent(seq));
  assert.deepEqual(texts(history), ['m3', 'm4', 'm5', 'm6']);
});

test('an answer that is older than the log changes nothing', () => {
  const history = begun([10, 11], 11, true);
  history.apply(edited(12, 11, 'edited'));
  history.apply(deleted(13, 10));
  for (const seq of [2, 10, 11]) history.put(message(seq));
  assert.deepEqual(texts(history), ['edited']);
});

test('a replay does not bring back what was deleted since', () => {
  const history = begun([3]);
  history.apply({ event: 'receive_message', seq: 4, data: { ...message(4, ''), deleted_at: '2026-01-01T00:00:00Z' } });
  history.apply({ event: 'message.updated', seq: 5, data: { ...message(3, ''), deleted_at: '2026-01-01T00:00:00Z' } });
  assert.deepEqual(texts(history), []);
  assert.equal(history.seq, 5);
});

test('an edit of a message that is not held makes no hole', () => {
  const history = begun([10, 11], 11, true);
  history.apply(edited(12, 2, 'far up'));
  assert.deepEqual(texts(history), ['m10', 'm11']);
});

test('an earlier page does not undo what happened while it was on its way', () => {
  const history = begun([10, 11], 11, true);
  assert.equal(history.expectEarlier(), 10);
  history.apply(edited(12, 8, 'edited'));
  history.apply(deleted(13, 9));
  history.takeEarlier({ messages: [message(9), message(8), message(7)], has_more: false });
  assert.deepEqual(texts(history), ['m7', 'edited', 'm10', 'm11']);
  assert.ok(!history.hasEarlier);
});

test('an earlier page that no longer joins on is dropped', () => {
  const history = begun([10, 11, 12], 12, true);
  history.expectEarlier();
  history.trim(1);
  history.takeEarlier({ messages: [message(9), message(8)], has_more: false });
  assert.deepEqual(texts(history), ['m12']);
  assert.ok(history.hasEarlier);
});

test('a room that was never read takes no event, but shows what was sent from here', () => {
  const history = new History();
  assert.ok(!history.apply(sent(4)));
  history.put(message(9));
  assert.deepEqual(texts(history), ['m9']);
  history.begin({ messages: [message(8)], has_more: false, last_seq: 8 });
  assert.deepEqual(texts(history), ['m8', 'm9']);
});

test('beginning anew keeps nothing that the page does not know, but what was sent since', () => {
  const history = begun([3, 4, 5]);
  history.reset();
  assert.deepEqual(texts(history), ['m3', 'm4', 'm5'], 'shown until the page is there');
  history.put(message(90));
  history.put(message(99));
  history.begin({ messages: [message(91), message(80)], has_more: true, last_seq: 95 });
  assert.deepEqual(texts(history), ['m80', 'm91', 'm99']);
  assert.equal(history.seq, 95);
});
