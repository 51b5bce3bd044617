-- A socket comes into a room. Answers 1 when it is the user's first there.
-- KEYS: leases, counts, gone (see store.rs). ARGV: lease and how long keys are kept, in ms; the socket.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local user = string.sub(ARGV[3], 33, 64)
if redis.call('EXISTS', KEYS[1]) ~= redis.call('EXISTS', KEYS[2]) then
  -- Redis evicted one of them. Everybody puts their own back, and the counts are right again.
  redis.call('DEL', KEYS[1], KEYS[2])
end
local first = 0
if redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[3]) == 1 then
  local count = redis.call('HINCRBY', KEYS[2], user, 1)
  if count > 1 then
    -- Leases of theirs that are over count no longer, though nobody has swept them yet.
    local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
    for _, socket in ipairs(over) do
      if string.sub(socket, 33, 64) == user then
        redis.call('ZREM', KEYS[1], socket)
        count = redis.call('HINCRBY', KEYS[2], user, -1)
      end
    end
  end
  redis.call('ZREM', KEYS[3], user)
  if count == 1 then
    first = 1
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return first
