-- Forgets a stream. Answers the head of one that was there and, if a state is named, in that state; else nothing.
-- KEYS: the stream. ARGV: 'open', 'finished', 'lost', or '' for any state.
local found = redis.call('HMGET', KEYS[1], 'head', 'state')
if not found[1] or (ARGV[1] ~= '' and ARGV[1] ~= (found[2] or 'open')) then
  return false
end
redis.call('DEL', KEYS[1])
return found[1]
