-- Changes a stream's text. Answers 'missing', 'changed' or 'written'.
-- KEYS: the stream. ARGV: lease and how long keys are kept, in ms; the revision to make, how many characters stay, what
-- follows them, and how many characters that has.
local found = redis.call('HMGET', KEYS[1], 'revision', 'state', 'text', 'length')
if not found[1] then
  return 'missing'
end
if found[2] or found[1] + 1 ~= tonumber(ARGV[3]) then
  return 'changed'
end
local text, index = found[3], tonumber(ARGV[4])
if index < tonumber(found[4]) then
  -- Where the character begins that goes first: each has one byte that is no continuation.
  local seen, last = 0, 0
  for at = 1, #text do
    local byte = string.byte(text, at)
    if byte < 128 or byte >= 192 then
      if seen == index then
        break
      end
      seen = seen + 1
    end
    last = at
  end
  text = string.sub(text, 1, last)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'text', text .. ARGV[5], 'length', index + ARGV[6], 'revision', ARGV[3], 'until', now + ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'written'
