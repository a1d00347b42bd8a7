-- take_over: an account takes the place of the browser it signed in from; of two places the better one stays.
--
-- KEYS    queue, active, seen, present, strangers, entered, claims, missed, marks, gone, drawn, state, pace, pushes, rings, rung, minutes
-- ARGV    from, to, reason (the code for places given up), now_us (tests only; empty = Redis's clock)
-- RETURN  where `to` stands now: "active", "waiting" or "none"
--
-- Atomic because one person must never hold two places, nor none.

local queue, active, seen, present, strangers, entered, claims, missed, marks, gone, drawn, state, pace, pushes, rings, rung, minutes = unpack(KEYS)
local from, to, reason = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now_ms = math.floor(clock(ARGV[4]) / 1000)

local function out_of_line(visitor)
  redis.call('ZREM', queue, visitor)
  redis.call('ZREM', seen, visitor)
  redis.call('ZREM', present, visitor)
  redis.call('ZREM', strangers, visitor)
end

local from_expiry, to_expiry = redis.call('ZSCORE', active, from), redis.call('ZSCORE', active, to)
local from_number, to_number = redis.call('ZSCORE', queue, from), redis.call('ZSCORE', queue, to)
if from == to or not (from_expiry or from_number) then
  return to_expiry and 'active' or to_number and 'waiting' or 'none'
end
allow_writes(queue)
depart(gone, state, now_ms, reason, {from})

-- What a draw gave one of them is the place's, whoever holds it.
local numbers = {redis.call('ZSCORE', drawn, from), redis.call('ZSCORE', drawn, to)}
if numbers[1] then
  note_drawn(drawn, {integer(math.min(tonumber(numbers[1]), tonumber(numbers[2] or numbers[1]))), to})
  redis.call('ZREM', drawn, from)
end

-- The browser goes on, and is pushed to as before.
local subscription, ring_at_ms = redis.call('HGET', pushes, from), redis.call('ZSCORE', rings, from)
if subscription and ring_at_ms then
  redis.call('HSET', pushes, to, subscription)
  redis.call('ZADD', rings, ring_at_ms, to)
  local told = redis.call('HGET', rung, from)
  if told then redis.call('HSET', rung, to, told) end
end
forget_push(pushes, rings, rung, from)

-- A number whose turn was missed stays one, whoever waits by it.
local missed_by = {redis.call('ZSCORE', missed, from), redis.call('ZSCORE', missed, to)}
redis.call('ZREM', missed, from, to)
local function inherit_missed(number)
  if number and (missed_by[1] == number or missed_by[2] == number) then redis.call('ZADD', missed, number, to) end
end

if from_expiry or to_expiry then
  redis.call('HDEL', marks, from, to) -- it is the next browser's to come
  local later = math.max(tonumber(from_expiry or 0), tonumber(to_expiry or 0))
  if from_expiry then
    redis.call('ZREM', active, from)
    local since_ms = redis.call('ZSCORE', entered, from)
    redis.call('ZREM', entered, from)
    if since_ms then redis.call('ZADD', entered, 'LT', since_ms, to) end
    local turn = redis.call('ZSCORE', claims, from)
    redis.call('ZREM', claims, from)
    if turn and not to_expiry then redis.call('ZADD', claims, turn, to) end
  end
  if from_expiry and to_expiry then
    tally(pace, now_ms, 'd', 1)
    book(minutes, now_ms, 'i' .. reason, 1)
  end
  if from_number or to_number then
    out_of_line(from)
    out_of_line(to)
    redis.call('HINCRBY', state, 'gone', 1)
    book(minutes, now_ms, 'l' .. reason, 1)
  end
  redis.call('ZADD', active, integer(later), to)
  inherit_missed(redis.call('ZSCORE', claims, to))
  return 'active'
end

local number = tonumber(from_number)
if to_number then
  number = math.min(number, tonumber(to_number))
  redis.call('HINCRBY', state, 'gone', 1)
  book(minutes, now_ms, 'l' .. reason, 1)
end
out_of_line(from)
redis.call('ZADD', queue, integer(number), to)
inherit_missed(redis.call('ZSCORE', queue, to))
redis.call('ZADD', seen, integer(now_ms), to)
redis.call('ZADD', present, integer(number), to)
redis.call('ZREM', strangers, to)
return 'waiting'
