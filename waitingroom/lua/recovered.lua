-- recovered: end the recovery period; staff know that everybody is back.
--
-- KEYS    state
-- ARGV    now_us (tests only; empty = Redis's clock)
-- RETURN  ms of the period that were left; 0 where none was going on
--
-- Atomic so that it never shortens the period of another loss. Who comes later is taken in for the grace period all the same.

local now_ms = math.floor(clock(ARGV[1]) / 1000)
local lost_at_ms, recovery_ms = unpack(redis.call('HMGET', KEYS[1], 'lost_at_ms', 'recovery_ms'))
local left_ms = recovering(lost_at_ms, recovery_ms, now_ms)
if left_ms > 0 then
  redis.call('HDEL', KEYS[1], '') -- as allow_writes
  redis.call('HSET', KEYS[1], 'recovery_ms', integer(recovery_ms - left_ms))
end
return left_ms
