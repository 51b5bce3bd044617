-- Hides a stream, finishes it, or only keeps it for another lease. Answers the stream's fields, or nothing when there is none.
-- KEYS: the stream. ARGV: lease and how long keys are kept, in ms; 'hidden', 'finished' or 'renewed'.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return {}
end
if ARGV[3] == 'hidden' then
  redis.call('HSET', KEYS[1], 'hidden', 1)
elseif ARGV[3] == 'finished' then
  redis.call('HSET', KEYS[1], 'state', 'finished')
end
local is_open = redis.call('HEXISTS', KEYS[1], 'state') == 0
if ARGV[3] == 'finished' or (ARGV[3] == 'renewed' and is_open) then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', KEYS[1], 'until', now + ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('HGETALL', KEYS[1])
