-- line_up: all who were drawn have their numbers in this Redis; until then nobody is let in.
--
-- KEYS    drawn, state
-- ARGV    size (those who were drawn), until (the last number given out before)
-- RETURN  1; or 0 where Redis lost some of it meanwhile, and nothing was changed
--
-- Atomic so that no numbers are lost between the count and the word.

local drawn, state = unpack(KEYS)
local size, given_until = tonumber(ARGV[1]), ARGV[2]

if not redis.call('HGET', state, 'epoch') or redis.call('ZCARD', drawn) < size then return 0 end
allow_writes(drawn)
redis.call('HSET', state, 'lined_up', 1, 'drawn_until', given_until)
return 1
