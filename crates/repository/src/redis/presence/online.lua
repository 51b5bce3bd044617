-- The users who have a socket in the room whose lease is not over.
-- KEYS: leases.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local users, seen = {}, {}
for _, socket in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
  local user = string.sub(socket, 33, 64)
  if not seen[user] then
    seen[user] = true
    users[#users + 1] = user
  end
end
return users
