-- subscribe: remember where a push reaches who waits, one a visitor; or forget it.
--
-- KEYS    queue, pushes, rings, rung
-- ARGV    visitor, subscription (JSON; or empty: forget it), kept_ms (how long after the last word of it all is forgotten), now_us
--         (tests only; empty = Redis's clock)
-- RETURN  1, or 0 where a subscription was brought by who does not wait: nothing changes then
--
-- Atomic because who leaves in this very moment must leave nothing behind.

local queue, pushes, rings, rung = unpack(KEYS)
local visitor, subscription, kept_ms = ARGV[1], ARGV[2], ARGV[3]
local now_ms = math.floor(clock(ARGV[4]) / 1000)

if subscription == '' then
  forget_push(pushes, rings, rung, visitor)
  return 1
end
if not redis.call('ZSCORE', queue, visitor) then return 0 end
redis.call('HSET', pushes, visitor, subscription)
redis.call('ZADD', rings, integer(now_ms), visitor)
for _, key in ipairs({pushes, rings, rung}) do redis.call('PEXPIRE', key, kept_ms) end
return 1
