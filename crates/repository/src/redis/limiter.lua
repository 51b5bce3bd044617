-- Takes one from a quota: the generic cell rate algorithm, as in gcra.rs, by the clock of Redis.
-- KEYS: the quota of somebody. ARGV: how long one takes to come back, how long a burst does; microseconds.
-- Answers whether it was granted (1, 0), and in how many microseconds the whole burst is there again.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
-- A clock that was set back must not lock anybody out for longer than a burst takes.
full_at = math.min(math.max(full_at, now), now + limit)
local after = full_at + interval
if after - now > limit then
  return {0, full_at - now}
end
-- Lua's own way to write a number keeps 14 digits, and these have 16.
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return {1, after - now}
