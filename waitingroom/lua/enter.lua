-- enter: let visitors in, or tell their places in line; a newcomer draws a queue number if the room is full.
--
-- KEYS    queue, active, seen, present, strangers, unclaimed, gone, state, config, fleet, pace
-- ARGV    epoch (a fresh one, used if the room has none), now_us (tests only; empty = Redis's clock), then for each visitor
--         the name and how they come: "new" (the name was drawn this moment: nothing can be known of it, not even that its
--         cookie will come back), "join" (a newcomer joins) or "stay" (a newcomer changes nothing)
-- RETURN  for each visitor: phase, queue number, position, expires_ms; then total, epoch, mode; or {"unknown"} when Redis has
--         no settings. The phase of a newcomer for whom Redis has no memory is "out-of-memory"; who has a number in a room
--         that closed is "closed" with that number, and counts as seen
--
-- Atomic because the vacancy seen must still be there when it is taken. Many in one call because what they share (clock,
-- settings, counts) costs Redis ten times what each needs.

local queue, active, seen, present, strangers, unclaimed, gone, state, config, fleet, pace = unpack(KEYS)
local now_us = clock(ARGV[2])
local now_ms = math.floor(now_us / 1000)

local c = settings(config)
if not c then return {'unknown'} end
local mode, expires_ms = c.mode, now_ms + c.idle_ms

local remembered = redis.call('HMGET', state, 'epoch', 'last_number')
local epoch, last = remembered[1] or ARGV[1], tonumber(remembered[2] or 0)
local memory_spent = out_of_memory(state, queue, epoch)

local total = redis.call('ZCARD', queue)
local counts = {joined = 0, straight_in = 0, admitted = 0}
local arrivals = 0
local signs, numbers, here, drawn = {}, {}, {}, {}

-- Asked once, and only where it matters.
local vacancy, nobody_waits
local function may_pass()
  if mode ~= 'automatic' then return mode == 'off' end
  vacancy = vacancy or threshold(c, instances(fleet, now_ms, c)) - redis.call('ZCARD', active)
  if vacancy <= 0 then return false end
  if nobody_waits == nil then
    nobody_waits = redis.call('ZCOUNT', seen, '(' .. integer(horizon_of(state, now_ms, c)), '+inf') == 0
      and redis.call('ZCOUNT', strangers, '(' .. integer(now_ms - RETURN_MS), '+inf') == 0
  end
  return nobody_waits
end

local function inside(visitor, until_ms)
  redis.call('ZADD', active, until_ms, visitor)
  return 'active', 0, 0, until_ms
end

local function admitted_now(visitor, count, is_new)
  counts[count] = counts[count] + 1
  if vacancy then vacancy = vacancy - 1 end
  if not is_new then return inside(visitor, expires_ms) end
  redis.call('SADD', unclaimed, visitor)
  return inside(visitor, now_ms + c.claim_ms)
end

local function waiting(visitor, number, position, is_new)
  if is_new then
    drawn[#drawn + 1] = now_ms
    drawn[#drawn + 1] = visitor
  else
    signs[#signs + 1] = now_ms
    signs[#signs + 1] = visitor
    numbers[#numbers + 1] = number
    numbers[#numbers + 1] = visitor
    here[#here + 1] = visitor
  end
  nobody_waits = false
  return mode == 'closed' and 'closed' or 'waiting', number, position, 0
end

local function newcomer(visitor, is_new)
  if mode == 'closed' or mode == 'draining' then return 'closed', 0, 0, 0 end
  if memory_spent then return 'out-of-memory', 0, 0, 0 end
  if not is_new then redis.call('ZREM', gone, visitor) end
  local passes = may_pass()
  if passes or not is_new then arrivals = arrivals + 1 end -- a stranger arrives when the cookie comes back
  if passes then return admitted_now(visitor, 'straight_in', is_new) end
  last = math.max(now_us, last + 1)
  total = total + 1
  counts.joined = counts.joined + 1
  redis.call('ZADD', queue, last, visitor) -- at once: the same visitor may come twice in one call
  return waiting(visitor, last, total, is_new) -- the latest number is the last place
end

local function enter(visitor, how)
  if how == 'new' then return newcomer(visitor, true) end
  -- Until the clock has taken a place away it is the visitor's, however late: it is still counted.
  if redis.call('ZSCORE', active, visitor) then
    redis.call('SREM', unclaimed, visitor)
    return inside(visitor, expires_ms)
  end
  local number = redis.call('ZSCORE', queue, visitor)
  if not number then
    if how == 'stay' then return 'none', 0, 0, 0 end
    return newcomer(visitor, false)
  end
  if mode == 'off' then
    redis.call('ZREM', queue, visitor)
    redis.call('ZREM', seen, visitor)
    redis.call('ZREM', present, visitor)
    redis.call('ZREM', strangers, visitor)
    total = total - 1
    return admitted_now(visitor, 'admitted')
  end
  number = tonumber(number)
  return waiting(visitor, number, redis.call('ZRANK', queue, visitor) + 1)
end

local answer = {}
for i = 3, #ARGV, 2 do
  local n = #answer
  answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] = enter(ARGV[i], ARGV[i + 1])
end
local n = #answer
answer[n + 1], answer[n + 2], answer[n + 3] = total, epoch, mode

if #drawn > 0 then redis.call('ZADD', strangers, unpack(drawn)) end
if #signs > 0 then
  arrivals = arrivals + redis.call('ZREM', strangers, unpack(here))
  redis.call('ZADD', seen, unpack(signs))
  redis.call('ZADD', present, unpack(numbers))
end
if counts.joined > 0 then redis.call('HSET', state, 'last_number', last) end
for name, count in pairs(counts) do
  if count > 0 then redis.call('HINCRBY', state, name, count) end
end
if arrivals > 0 then tally(pace, now_ms, 'a', arrivals) end
local admissions = counts.straight_in + counts.admitted
if admissions > 0 then tally(pace, now_ms, 'm', admissions) end
return answer
