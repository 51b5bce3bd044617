// The agent of examples/agent, with a model that says each token when the test wants it.

import assert from 'node:assert/strict';
import { scenario } from './stage.mjs';

/** Ada asks, and the model has the question. */
async function asked({ ada, model }, question) {
  await ada.say(question);
  const turn = await model.turn();
  assert.equal(turn.question, question);
  return { turn, watched: await ada.watch() };
}

scenario('an answer is read while it is written, and then it is one message', {}, async (stage) => {
  await stage.agentComes();
  const { turn, watched } = await asked(stage, '@agent, who is there?');
  turn.say('Zoë ');
  await watched.reads('Zoë ');
  turn.say('👋🏽');
  await watched.reads('Zoë 👋🏽');
  turn.say(' and');
  turn.say(' you');
  await watched.reads('Zoë 👋🏽 and you');
  assert.equal((await stage.ada.streams()).length, 1);
  assert.deepEqual(await stage.ada.said(), ['Ada: @agent, who is there?']);
  turn.finish();
  const message = await watched.expect('stream.finished');
  await watched.expect(undefined);
  assert.deepEqual([message.id, message.content, message.interrupted], [watched.id, 'Zoë 👋🏽 and you', false]);
  assert.deepEqual(await stage.ada.said(), ['Ada: @agent, who is there?', 'Agent: Zoë 👋🏽 and you']);
  assert.deepEqual(await stage.ada.streams(), []);
  assert.deepEqual(stage.log, []);
});

scenario('a reader stops it, and what it said is the message', {}, async (stage) => {
  await stage.agentComes();
  const { turn, watched } = await asked(stage, 'agent: tell me everything');
  turn.say('In the beginning');
  await watched.reads('In the beginning');
  await stage.ada.stop(watched.id);
  await turn.closed;
  assert.equal((await watched.expect('stream.finished')).content, 'In the beginning');

  // Before it has said anything, there is nothing to be kept.
  const { turn: silent, watched: blank } = await asked(stage, 'agent, go on');
  await stage.ada.stop(blank.id);
  await silent.closed;
  assert.equal((await blank.expect('stream.aborted')).reason, 'aborted');
  assert.deepEqual(await stage.ada.said(), ['Ada: agent: tell me everything', 'Agent: In the beginning', 'Ada: agent, go on']);
  assert.deepEqual(stage.log, []);
});

scenario('a model that fails before it says anything leaves nothing, and later, what it said', {}, async (stage) => {
  await stage.agentComes();
  const { turn, watched } = await asked(stage, 'agent, what?');
  turn.refuse(500);
  await watched.expect('stream.aborted');
  await watched.expect(undefined);
  assert.deepEqual([await stage.ada.said(), await stage.ada.streams()], [['Ada: agent, what?'], []]);

  const { turn: again, watched: half } = await asked(stage, 'agent, again');
  again.say('Half of');
  await half.reads('Half of');
  again.breakOff();
  assert.equal((await half.expect('stream.finished')).content, 'Half of');
  assert.deepEqual(await stage.ada.said(), ['Ada: agent, what?', 'Ada: agent, again', 'Agent: Half of']);
  assert.match(stage.log.join('\n'), /the model: 500 .*no room/);
});

scenario('it answers neither itself, nor others, nor what was said before it came', {}, async (stage) => {
  const { ada, model } = stage;
  await ada.say('agent, too early');
  await stage.agentComes();
  await ada.say('agents are fine');
  await ada.say('I like the agent');
  for (const question of ['Agent', 'agent, and now?']) {
    const { turn, watched } = await asked(stage, question);
    turn.say('agent, I talk to myself');
    turn.finish();
    await watched.reads('agent, I talk to myself');
    await watched.expect('stream.finished');
  }
  assert.deepEqual(model.asked, ['Agent', 'agent, and now?']);
  assert.equal((await ada.said()).length, 7);
});

scenario('nothing is lost, and nothing doubled, on a line that loses answers and writes', {}, async (stage) => {
  await stage.agentComes();
  const { turn, watched } = await asked(stage, 'agent, can you hear me?');
  stage.line.loseAnswer();
  turn.say('Yes 👋');
  await watched.reads('Yes 👋');
  await stage.line.appended(2);
  stage.line.loseWrite();
  turn.say(', and');
  await stage.line.appended(3);
  turn.say(' you?');
  await watched.reads('Yes 👋, and you?');
  turn.finish();
  assert.equal((await watched.expect('stream.finished')).content, 'Yes 👋, and you?');
  assert.deepEqual(stage.line.appends, ['answer lost', 200, 'write lost', 409, 200]);
});

scenario('it waits as it is told when it writes too fast', { RATE_STREAMS_USER: '1/3s' }, async (stage) => {
  await stage.agentComes();
  const { turn, watched } = await asked(stage, 'agent, slowly');
  turn.say('one ');
  turn.say('two');
  turn.finish();
  await watched.reads('one two');
  assert.equal((await watched.expect('stream.finished')).content, 'one two');
  assert.equal(stage.line.appends[0], 429);
});

scenario('it answers what was asked while its connection was away', {}, async (stage) => {
  await stage.agentComes();
  stage.line.cut();
  await stage.ada.say('agent, are you there?');
  await stage.ada.say('hello?');
  stage.line.mend();
  const turn = await stage.model.turn();
  assert.equal(turn.question, 'agent, are you there?');
  const watched = await stage.ada.watch();
  turn.say('Yes');
  turn.finish();
  await watched.reads('Yes');
  await watched.expect('stream.finished');
  assert.equal(stage.model.asked.length, 1);
});

scenario('an answer longer than a message ends where a message does', {}, async (stage) => {
  await stage.agentComes();
  const { turn, watched } = await asked(stage, 'agent, at length');
  const text = '👋'.repeat(3_999);
  turn.say(text);
  await watched.reads(text);
  turn.say('12');
  await turn.closed;
  await watched.reads(`${text}1`);
  assert.equal((await watched.expect('stream.finished')).content, `${text}1`);
});
