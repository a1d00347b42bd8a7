-- alive: the rooms that have somebody in them, or had of late.
--
-- KEYS    alive
-- ARGV    keep_ms (how long a room is named after it had somebody), now_us (tests only; empty = Redis's clock), then the rooms
--         that have somebody now
-- RETURN  the rooms, in no order
--
-- A script for its clock: hosts' clocks differ, and a room named too briefly would not be ticked. The key is the site's, in a
-- Cluster slot of its own: no other script touches it.

local alive = KEYS[1]
local keep_ms = tonumber(ARGV[1])
local now_ms = math.floor(clock(ARGV[2]) / 1000)

redis.call('ZREMRANGEBYSCORE', alive, '-inf', integer(now_ms - keep_ms)) -- also as allow_writes
for i = 3, #ARGV do redis.call('ZADD', alive, integer(now_ms), ARGV[i]) end
return redis.call('ZRANGE', alive, 0, -1)
