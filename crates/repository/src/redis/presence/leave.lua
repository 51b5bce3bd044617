-- Sockets of one user leave a room. Answers 1 when the user has none there any more.
-- KEYS: leases, counts, gone (see store.rs). ARGV: 1 when leases may be missing here that other nodes will put back;
-- how long it is known who is gone, in ms; the sockets.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local user = string.sub(ARGV[3], 33, 64)
local forgotten = ARGV[1] == '1'
if redis.call('EXISTS', KEYS[1]) ~= redis.call('EXISTS', KEYS[2]) then
  -- Redis evicted one of them, and with it maybe what other nodes will put back.
  redis.call('DEL', KEYS[1], KEYS[2])
  forgotten = true
end
for i = 3, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
    redis.call('HINCRBY', KEYS[2], user, -1)
  else
    forgotten = true
  end
end
if tonumber(redis.call('HGET', KEYS[2], user) or 0) > 0 then
  return 0
end
redis.call('HDEL', KEYS[2], user)
if forgotten then
  redis.call('ZADD', KEYS[3], now, user)
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
end
return 1
