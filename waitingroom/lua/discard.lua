-- discard: forget what of the room's record is in the database.
--
-- KEYS    state, minutes, record
-- ARGV    epoch, until (the last entry that is), minute (Unix seconds: counts of the minutes before it change no more)
-- RETURN  entries forgotten; 0 where another epoch is in force
--
-- Atomic so that nothing of an epoch goes that nobody has read. Called again it changes nothing.

local state, minutes, record = unpack(KEYS)

if redis.call('HGET', state, 'epoch') ~= ARGV[1] then return 0 end
for _, field in ipairs(redis.call('HKEYS', minutes)) do
  if tonumber(string.match(field, '^%d+')) < tonumber(ARGV[3]) then redis.call('HDEL', minutes, field) end
end
local milliseconds, sequence = string.match(ARGV[2], '^(%d+)-(%d+)$')
return redis.call('XTRIM', record, 'MINID', milliseconds .. '-' .. integer(sequence + 1))
