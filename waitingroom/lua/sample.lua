-- sample: keep the room's numbers of this instant, for the charts of its last half hour.
--
-- KEYS    curve
-- ARGV    the numbers (samples.py), now_us (tests only; empty = Redis's clock)
-- RETURN  how many samples there are
--
-- Atomic so that the half hour stays one. The new one is written first: where Redis is out of memory nothing is.

local curve = KEYS[1]
local now_ms = math.floor(clock(ARGV[2]) / 1000)
redis.call('ZADD', curve, integer(now_ms), integer(now_ms) .. ',' .. ARGV[1])
redis.call('ZREMRANGEBYSCORE', curve, '-inf', integer(now_ms - SAMPLES_KEPT_MS))
redis.call('ZREMRANGEBYRANK', curve, 0, -MAX_SAMPLES - 1)
redis.call('PEXPIRE', curve, SAMPLES_KEPT_MS)
return redis.call('ZCARD', curve)
