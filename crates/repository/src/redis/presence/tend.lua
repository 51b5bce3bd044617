-- A node renews leases of its sockets in a room, and sweeps the room.
-- KEYS: leases, counts, gone (see store.rs). ARGV: lease, how long keys are kept, how long it is known who is gone, in
-- ms; how many leases to sweep at most; the sockets.
-- Answers how many sockets had been forgotten; how many leases were swept; those users of this node who had been told
-- gone; the last sockets of the users who are gone now.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('EXISTS', KEYS[1]) ~= redis.call('EXISTS', KEYS[2]) then
  -- Redis evicted one of them. Everybody puts their own back, and the counts are right again.
  redis.call('DEL', KEYS[1], KEYS[2])
end
local forgotten, swept, back, gone = 0, 0, {}, {}
for i = 5, #ARGV do
  if redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) == 1 then
    local user = string.sub(ARGV[i], 33, 64)
    redis.call('HINCRBY', KEYS[2], user, 1)
    forgotten = forgotten + 1
    if redis.call('ZREM', KEYS[3], user) == 1 then
      back[#back + 1] = user
    end
  end
end
local sweep = tonumber(ARGV[4])
if sweep > 0 then
  local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, sweep)
  swept = #over
  for _, socket in ipairs(over) do
    local user = string.sub(socket, 33, 64)
    redis.call('ZREM', KEYS[1], socket)
    if redis.call('HINCRBY', KEYS[2], user, -1) <= 0 then
      redis.call('HDEL', KEYS[2], user)
      redis.call('ZADD', KEYS[3], now, user)
      gone[#gone + 1] = socket
    end
  end
  if #gone > 0 then
    redis.call('PEXPIRE', KEYS[3], ARGV[3])
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {forgotten, swept, back, gone}
