-- Gives an author one more stream. Answers 0, and gives none, when they have as many as they may.
-- KEYS: the author's streams. ARGV: how many they may have; the stream.
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SADD', KEYS[1], ARGV[2])
return 1
