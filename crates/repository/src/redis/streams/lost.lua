-- Takes a stream whose lease is over. Answers when it is over, in ms, and the stream's fields, which are none unless it
-- is over now: then the stream has another lease, and is lost if it was open. Answers 0 when there is no such stream.
-- KEYS: the stream. ARGV: lease and how long keys are kept, in ms.
local over = redis.call('HGET', KEYS[1], 'until')
if not over then
  return {0, {}}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(over) > now then
  return {tonumber(over), {}}
end
redis.call('HSETNX', KEYS[1], 'state', 'lost')
redis.call('HSET', KEYS[1], 'until', now + ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {now + ARGV[1], redis.call('HGETALL', KEYS[1])}
