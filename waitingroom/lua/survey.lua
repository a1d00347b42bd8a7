-- survey: everything staff and metrics want to know of a room, read in one instant.
--
-- KEYS    queue, active, seen, returned, state, config, fleet, pace
-- ARGV    now_us (tests only; empty = Redis's clock)
-- RETURN  now_ms, waiting, present, active, number of the first in line (0: nobody), then state, config, fleet and pace as flat field lists
--
-- Atomic so that the counts add up.

local queue, active, seen, returned, state, config, fleet, pace = unpack(KEYS)
local now_ms = math.floor(clock(ARGV[1]) / 1000)

local presence_ms = tonumber(redis.call('HGET', config, 'presence_ms') or 0)
local cursor = redis.call('HGET', state, 'cursor') or '0'
local first = redis.call('ZRANGE', returned, 0, 0, 'WITHSCORES')
if #first == 0 then first = redis.call('ZRANGEBYSCORE', queue, '(' .. cursor, '+inf', 'WITHSCORES', 'LIMIT', 0, 1) end
return {
  integer(now_ms), redis.call('ZCARD', queue), redis.call('ZCOUNT', seen, '(' .. integer(now_ms - presence_ms), '+inf'),
  redis.call('ZCARD', active), first[2] or '0', redis.call('HGETALL', state), redis.call('HGETALL', config),
  redis.call('HGETALL', fleet), redis.call('HGETALL', pace),
}
