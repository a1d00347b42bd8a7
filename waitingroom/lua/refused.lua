-- refused: count newcomers who were told to come back before Redis was asked about them.
--
-- KEYS    state
-- ARGV    how many
-- RETURN  how many there were by now; 0 of a room that Redis knows nothing of: its first visitor makes it
--
-- Atomic so that no count makes a lost room look like one that is there.

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], 'refused', ARGV[1])
