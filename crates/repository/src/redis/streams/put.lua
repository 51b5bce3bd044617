-- Keeps a new stream for one lease.
-- KEYS: the stream (see streams.rs). ARGV: lease and how long keys are kept, in ms; the head.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'head', ARGV[3], 'text', '', 'length', 0, 'revision', 0, 'until', now + ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return now + ARGV[1]
