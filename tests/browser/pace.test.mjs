// When the page opens its socket again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../crates/web/assets/pace.js';

const least = () => 0;
const most = () => 0.999_999;
const times = (count, make) => Array.from({ length: count }, make);

test('a restart says when to come back, and the page obeys', () => {
  const pace = new Pace(most);
  assert.deepEqual(pace.after(1012, 'restarting; retry_after_ms=1234'), { then: 'connect', ms: 1234 });
  assert.deepEqual(pace.after(1001, 'retry_after_ms=0'), { then: 'connect', ms: 0 });
});

test('a restart that does not say when is spread as the server wished', () => {
  assert.equal(Math.round(new Pace(most).after(1001).ms), 5000);
  for (const reason of ['', 'restarting', 'retry_after_ms=soon', 'retry_after_ms=-5', 'retry_after_ms=99999999']) {
    const pace = new Pace(most);
    pace.ready({ reconnect_spread_ms: 800 });
    assert.equal(Math.round(pace.after(1012, reason).ms), 800, reason);
    pace.random = least;
    assert.equal(pace.after(1012, reason).ms, 0);
  }
});

test('whoever was connected when a line broke comes back with the others, over the time that the server wished', () => {
  const pace = new Pace(most);
  pace.ready({ reconnect_spread_ms: 3000 });
  assert.equal(Math.round(pace.after(1006).ms), 3000);
  assert.equal(Math.round(pace.after(1006).ms), 1000, 'a try that came to nothing is one of many');
  pace.random = least;
  pace.ready({ reconnect_spread_ms: 3000 });
  assert.deepEqual(pace.after(1006), { then: 'connect', ms: 0, isHasty: true });
});

test('what failed is tried again after a pause that grows, all of it left to chance', () => {
  for (const code of [1006, 4000, 4408, 1011, 1005]) {
    const pace = new Pace(most);
    const pauses = times(8, () => Math.round(pace.after(code).ms));
    assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000], `${code}`);
    pace.random = least;
    assert.deepEqual(pace.after(code), { then: 'connect', ms: 0, isHasty: true });
  }
});

test('being let in is no success; catching up is, and so is a while without trouble', () => {
  const pace = new Pace(most);
  const tired = () => { times(4, () => pace.after(1006)); };
  tired();
  pace.ready({ reconnect_spread_ms: 1 });
  assert.ok(pace.isFailing);
  assert.equal(Math.round(pace.after(1006).ms), 8000);
  pace.resumed({ from: 3, to: 4, recovered: true });
  assert.ok(!pace.isFailing);
  assert.equal(Math.round(pace.after(1006).ms), 500);
  tired();
  pace.lived();
  assert.equal(Math.round(pace.after(4408).ms), 500);
});

test('a socket that is told nothing new and ends again has made no progress', () => {
  const pace = new Pace(most);
  const pauses = times(4, () => {
    pace.ready({ reconnect_spread_ms: 1 });
    pace.resumed({ from: 7, to: 7, recovered: true });
    pace.resumed({ from: 7, last_seq: 2000, recovered: false });
    return Math.round(pace.after(1006).ms);
  });
  assert.deepEqual(pauses, [500, 1000, 2000, 4000]);
  assert.ok(pace.isFailing);
});

test('a flood is followed by seconds of pause that grow until a socket has lived', () => {
  const pace = new Pace(least);
  const next = () => pace.after(4429);
  assert.deepEqual(next(), { then: 'connect', ms: 2000 });
  pace.resumed({ from: 3, to: 4, recovered: true });
  assert.deepEqual(times(5, () => next().ms), [4000, 8000, 16_000, 32_000, 60_000]);
  pace.lived();
  assert.equal(next().ms, 2000);
  pace.random = most;
  assert.equal(Math.round(next().ms), 6000);
});

test('a token that is refused is renewed once, and if the new one is refused as well it takes a log-in', () => {
  const pace = new Pace(most);
  assert.equal(pace.after(4401).then, 'renew');
  assert.equal(pace.after(1006).then, 'connect', 'a line that fails says nothing of the token');
  assert.deepEqual(pace.after(4401), { then: 'log-in' });
});

test('a new token that was taken may expire like any other, and is not renewed in haste', () => {
  const pace = new Pace(most);
  const pauses = times(4, () => {
    const { then, ms } = pace.after(4401);
    assert.equal(then, 'renew');
    pace.ready({});
    return Math.round(ms);
  });
  assert.deepEqual(pauses, [500, 1000, 2000, 4000]);
});

test('what would end the same way again is not tried again, and said', () => {
  for (const code of [1002, 1003, 1007, 1009, 4400, 4403, 4409]) {
    const plan = new Pace().after(code, 'whatever');
    assert.equal(plan.then, 'stop', `${code}`);
    assert.ok(plan.notice.length > 0);
  }
  assert.match(new Pace().after(4409).notice, /opened elsewhere/);
});
