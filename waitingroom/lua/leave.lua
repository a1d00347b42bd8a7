-- leave: give up the place in the line or inside; or in the line alone, where whoever is inside by now stays there.
--
-- KEYS    queue, active, seen, present, strangers, entered, stays, claims, missed, marks, gone, state, pace, pushes, rings, rung, minutes
-- ARGV    visitor, reason (a code of reasons.py), now_us (tests only; empty = Redis's clock), "line" (else nothing)
-- RETURN  what was given up: "waiting", "active" or "none"; with "line" "active" is kept
--
-- Atomic because a visitor must be in exactly one of line, room and gone.

local queue, active, seen, present, strangers, entered, stays, claims, missed, marks, gone, state, pace, pushes, rings, rung, minutes = unpack(KEYS)
local visitor, reason = ARGV[1], tonumber(ARGV[2])
local now_ms = math.floor(clock(ARGV[3]) / 1000)

if redis.call('ZREM', queue, visitor) == 1 then
  forget_push(pushes, rings, rung, visitor)
  redis.call('ZREM', seen, visitor)
  if redis.call('ZREM', present, visitor) == 1 then tally(pace, now_ms, 'g', 1) end
  redis.call('ZREM', strangers, visitor)
  redis.call('ZREM', missed, visitor)
  redis.call('HINCRBY', state, 'gone', 1)
  depart(gone, state, now_ms, reason, {visitor})
  book(minutes, now_ms, 'l' .. reason, 1)
  return 'waiting'
end
if ARGV[4] == 'line' then
  return redis.call('ZSCORE', active, visitor) and 'active' or 'none'
end
if redis.call('ZREM', active, visitor) == 1 then
  forget_push(pushes, rings, rung, visitor)
  redis.call('ZREM', claims, visitor)
  redis.call('ZREM', missed, visitor)
  tally(pace, now_ms, 'd', 1)
  go_out(entered, stays, marks, now_ms, {visitor})
  depart(gone, state, now_ms, reason, {visitor})
  book(minutes, now_ms, 'i' .. reason, 1)
  return 'active'
end
return 'none'
