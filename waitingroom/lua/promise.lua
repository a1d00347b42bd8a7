-- promise: remember, for the report, the waits that were told to those who drew their numbers.
--
-- KEYS    state, record
-- ARGV    told (number:seconds, comma-joined)
-- RETURN  1; or 0 where there is no such room in Redis (any more), and nothing was kept
--
-- A process says so for all who joined by it within a second: a crowd costs one entry.

local state, record = unpack(KEYS)

if not redis.call('HGET', state, 'epoch') then return 0 end
redis.call('XADD', record, 'MAXLEN', '~', MAX_RECORDED, '*', 'told', ARGV[1])
redis.call('PEXPIRE', record, RECORD_LIFE_MS)
return 1
