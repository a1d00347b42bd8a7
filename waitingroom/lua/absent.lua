-- absent: the last sockets of waiting visitors closed; unless they come back they count as absent soon.
--
-- KEYS    seen, config
-- ARGV    return_ms (time allowed for a reload), now_us (tests only; empty = Redis's clock), visitors...
-- RETURN  number of waiting visitors among them
--
-- Atomic because who is admitted in this very moment must not be put back among those waiting. A good-bye is no sign of
-- life: it never makes the last one later.

local seen, config = unpack(KEYS)
local return_ms = tonumber(ARGV[1])
local now_ms = math.floor(clock(ARGV[2]) / 1000)

local presence_ms = redis.call('HGET', config, 'presence_ms')
if not presence_ms then return 0 end
allow_writes(seen)
local score = integer(now_ms - tonumber(presence_ms) + return_ms)
local waiting = 0
for i = 3, #ARGV do
  if redis.call('ZSCORE', seen, ARGV[i]) then
    waiting = waiting + 1
    redis.call('ZADD', seen, 'LT', score, ARGV[i])
  end
end
return waiting
