-- keep: seats are held for who is inside: the place lasts as long as they are, however long its visitor asks for no page.
--
-- KEYS    active, entered, config
-- ARGV    visitor, hold_ms (how long the seats are held yet; 0: no more, and the place idles as any other), now_us (tests only;
--         empty = Redis's clock)
-- RETURN  the instant the place expires, Unix milliseconds; 0 where the visitor is not inside
--
-- Atomic because who loses the place in this very moment must not be put back inside. The longest stay bounds it: after that
-- nothing held anew keeps a place, but what was held before may still be paid for.

local active, entered, config = unpack(KEYS)
local visitor, hold_ms = ARGV[1], tonumber(ARGV[2])
local now_ms = math.floor(clock(ARGV[3]) / 1000)

local c = settings(config)
local until_ms = tonumber(redis.call('ZSCORE', active, visitor) or 0)
if not c or until_ms == 0 then return 0 end
local ends_ms = stay_ends_ms(entered, visitor, c)
if hold_ms > 0 and now_ms >= ends_ms then return until_ms end
allow_writes(active)
local idle_ms = math.min(now_ms + tonumber(c.idle_ms), ends_ms)
until_ms = hold_ms > 0 and math.max(until_ms, idle_ms, now_ms + hold_ms) or idle_ms
redis.call('ZADD', active, integer(until_ms), visitor)
return until_ms
