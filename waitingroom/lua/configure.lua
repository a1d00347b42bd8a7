-- configure: write the room's settings, unless they stand already.
--
-- KEYS    config
-- ARGV    version (a digest of what follows), then field and value pairs
-- RETURN  1 if written, 0 if that version stands
--
-- Atomic so that no verb reads half of the settings. An older version may win a race of two savers: the clock brings the
-- database's version every second.

local config = KEYS[1]
if redis.call('HGET', config, 'version') == ARGV[1] then return 0 end
redis.call('DEL', config)
redis.call('HSET', config, 'version', ARGV[1], unpack(ARGV, 2))
return 1
