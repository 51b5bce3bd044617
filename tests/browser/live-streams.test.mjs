// What the page makes of the frames that tell of messages while they are written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveStreams, spliced } from '../../crates/web/assets/live-streams.js';

const ROOM = 'engine';
const started = (id, text = '', more = {}) =>
  ({ event: 'stream.started', data: { id, room_id: ROOM, username: 'Ben', kind: 'draft', text, index: [...text].length, ...more } });
const delta = (id, index, text) => ({ event: 'stream.delta', data: { id, room_id: ROOM, index, delta: text } });
const ended = (event, id) => ({ event, data: { id, room_id: ROOM } });

/** The texts in a room, after these frames. */
function texts(frames, room = ROOM) {
  const streams = new LiveStreams();
  frames.forEach((frame) => streams.apply(frame));
  return streams.of(room).map(({ text }) => text);
}

test('an index counts characters, however many units a string has for them', () => {
  for (const [text, index, more, whole] of [
    ['', 0, 'Hello', 'Hello'],
    ['Hello', 5, '!', 'Hello!'],
    ['Hello', 3, 'p', 'Help'],
    ['Hello', 0, '', ''],
    ['👋', 1, ' Zoë', '👋 Zoë'],
    ['👋👋 Zoë', 2, '!', '👋👋!'],
    ['a👋b👋c', 3, '👋', 'a👋b👋'],
    // A family is seven characters, three of them joiners; a flag is two.
    ['👨‍👩‍👧‍👦', 7, '!', '👨‍👩‍👧‍👦!'],
    ['👨‍👩‍👧‍👦', 5, '', '👨‍👩‍👧'],
    ['🇩🇪', 1, '🇰', '🇩🇰'],
    ['Zoe\u0308', 3, '', 'Zoe'],
    ['short', 9, '!', 'short!'],
  ]) assert.equal(spliced(text, index, more), whole, `${more} at ${index} of ${text}`);
});

test('a text follows its author, change by change', () => {
  assert.deepEqual(texts([started('1'), delta('1', 0, 'Hi 👋'), delta('1', 4, ' Ada'), delta('1', 3, '🎉')]), ['Hi 🎉']);
});

test('a stream that is told again replaces what the page has of it', () => {
  assert.deepEqual(texts([started('1', 'Hello'), delta('1', 5, '!'), started('1', 'Bye'), delta('1', 3, '.')]), ['Bye.']);
});

test('a change of what is not known waits until all of it is told', () => {
  const streams = new LiveStreams();
  assert.equal(streams.apply(delta('1', 3, 'lo')), false);
  assert.deepEqual(streams.of(ROOM), []);
  assert.equal(streams.apply(started('1', 'Hello')), true);
  assert.deepEqual(streams.of(ROOM).map(({ text }) => text), ['Hello']);
});

test('each stands in its room, the one that was begun first first', () => {
  const aside = started('9', 'aside', { room_id: 'side' });
  const frames = [started('2', 'second'), aside, started('1', 'first'), started('3', 'third'), delta('2', 6, '!')];
  assert.deepEqual(texts(frames), ['first', 'second!', 'third']);
  assert.deepEqual(texts(frames, 'side'), ['aside']);
});

test('one that has ended is gone, whichever frame says so, and what comes too late changes nothing', () => {
  for (const event of ['stream.finished', 'stream.aborted', 'receive_message']) {
    const streams = new LiveStreams();
    streams.apply(started('1', 'Hello'));
    streams.apply(started('2', 'other'));
    assert.equal(streams.apply(ended(event, '1')), true, event);
    const late = [ended('receive_message', '1'), delta('1', 5, '!'), ended('stream.aborted', '1')];
    assert.deepEqual(late.map((frame) => streams.apply(frame)), [false, false, false]);
    assert.deepEqual(streams.of(ROOM).map(({ text }) => text), ['other']);
  }
});

test('what is no concern of streams changes nothing', () => {
  const streams = new LiveStreams();
  streams.apply(started('1', 'Hello'));
  const others = ['message.updated', 'message.deleted', 'stream.stop', 'typing_stop', 'error'];
  for (const event of others) assert.equal(streams.apply(ended(event, '1')), false, event);
  assert.equal(streams.of(ROOM).length, 1);
});

test('a room that is left, or a socket that is lost, takes its streams along', () => {
  const streams = new LiveStreams();
  const begin = () => [started('1', 'here'), started('2', 'aside', { room_id: 'side' })].forEach((frame) => streams.apply(frame));
  begin();
  streams.release(ROOM);
  assert.deepEqual([ROOM, 'side'].map((id) => streams.of(id).length), [0, 1]);
  begin();
  streams.clear();
  assert.deepEqual([ROOM, 'side'].map((id) => streams.of(id).length), [0, 0]);
});
