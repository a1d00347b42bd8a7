-- enter: let a visitor in, or tell the place in line; a newcomer draws a queue number if the room is full.
--
-- KEYS    queue, active, seen, returned, unclaimed, gone, state, config, fleet, pace
-- ARGV    visitor, epoch (a fresh one, used if the room has none), joins ("1": a newcomer joins), now_us (tests only; empty = Redis's clock)
-- RETURN  phase, queue number, position, total, epoch, mode, expires_ms; or {"unknown"} when Redis has no settings
--
-- Atomic because the vacancy seen must still be there when it is taken.

local queue, active, seen, returned, unclaimed, gone, state, config, fleet, pace_ = unpack(KEYS)
local visitor, epoch, joins = ARGV[1], ARGV[2], ARGV[3] == '1'
local now_us = clock(ARGV[4])
local now_ms = math.floor(now_us / 1000)

local c = settings(config)
if not c then return {'unknown'} end

local remembered = redis.call('HMGET', state, 'epoch', 'last_number', 'cursor')
if remembered[1] then
  epoch = remembered[1]
else
  redis.call('HSET', state, 'epoch', epoch)
end

local function inside(expires_ms)
  return {'active', '0', '0', '0', epoch, c.mode, expires_ms}
end

local function admit_now(count)
  local expires_ms = integer(now_ms + tonumber(c.idle_ms))
  redis.call('ZADD', active, expires_ms, visitor)
  redis.call('HINCRBY', state, count, 1)
  pace(pace_, now_ms, 'm', 1)
  return inside(expires_ms)
end

-- Until the clock has taken a place away it is the visitor's, however late: it is still counted.
if redis.call('ZSCORE', active, visitor) then
  redis.call('SREM', unclaimed, visitor)
  local expires_ms = integer(now_ms + tonumber(c.idle_ms))
  redis.call('ZADD', active, expires_ms, visitor)
  return inside(expires_ms)
end

local number = redis.call('ZSCORE', queue, visitor)
if number then
  if c.mode == 'off' then
    redis.call('ZREM', queue, visitor)
    redis.call('ZREM', seen, visitor)
    redis.call('ZREM', returned, visitor)
    return admit_now('admitted')
  end
else
  if not joins then return {'none', '0', '0', '0', epoch, c.mode, '0'} end
  if c.mode == 'closed' or c.mode == 'draining' then return {'closed', '0', '0', '0', epoch, c.mode, '0'} end
  pace(pace_, now_ms, 'a', 1)
  redis.call('ZREM', gone, visitor)
  if c.mode == 'off' then return admit_now('straight_in') end
  if c.mode == 'automatic'
    and redis.call('ZCARD', active) < limit(c, servers(fleet, now_ms, c))
    and redis.call('ZCOUNT', seen, '(' .. integer(now_ms - tonumber(c.presence_ms)), '+inf') == 0 then
    return admit_now('straight_in')
  end
  number = integer(math.max(now_us, tonumber(remembered[2] or 0) + 1))
  redis.call('HSET', state, 'last_number', number)
  redis.call('HINCRBY', state, 'joined', 1)
  redis.call('ZADD', queue, number, visitor)
end

if c.mode == 'closed' then return {'closed', number, '0', '0', epoch, c.mode, '0'} end
-- Behind the cursor everybody was passed over as absent: who comes back there is remembered apart, ahead of the rest.
if tonumber(number) <= tonumber(remembered[3] or 0) then redis.call('ZADD', returned, number, visitor) end
redis.call('ZADD', seen, integer(now_ms), visitor)
local position = redis.call('ZRANK', queue, visitor) + 1
return {'waiting', number, integer(position), integer(redis.call('ZCARD', queue)), epoch, c.mode, '0'}
