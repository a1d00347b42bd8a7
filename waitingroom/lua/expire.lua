-- expire: the places of those who did not come, or have not been seen for too long.
--
-- KEYS    queue, active, seen, present, strangers, entered, stays, claims, missed, marks, gone, state, config, pace, minutes
-- ARGV    most (visitors of each kind; a quarter of those due where that is more, up to ten times so many), keep_ms (how long the gone are remembered), idle_ms (do nothing unless the last tick is
--         older), now_us (tests only; empty = Redis's clock)
-- RETURN  number expired inside (who did not come when it was their turn goes back to the head of the line, once), number that left the line (absent, or strangers to the last), number still waiting and inside
--
-- Atomic because a place given back must be recorded in the same instant.

local queue, active, seen, present, strangers, entered, stays, claims, missed, marks, gone, state, config, pace, minutes = unpack(KEYS)
local most, keep_ms, idle_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now_us = clock(ARGV[4])
local now_ms = math.floor(now_us / 1000)

local c = settings(config)
local function left() return redis.call('ZCARD', queue) + redis.call('ZCARD', active) end
if not c or ticked(state, now_ms, idle_ms) then return {0, 0, left()} end
allow_writes(queue)

-- After a silence everybody gets the time to show up again: it is the site that was absent.
local s = redis.call('HMGET', state, 'tick_at_ms', 'awake_at_ms')
local awake_at_ms = tonumber(s[2] or 0)
if s[1] and math.abs(now_ms - tonumber(s[1])) > SILENCE_MS then
  awake_at_ms = now_ms
  redis.call('HSET', state, 'awake_at_ms', integer(now_ms), 'asleep_at_ms', s[1])
end
local awake_ms = math.abs(now_ms - awake_at_ms)

-- Gives those due to `take`, a thousand at a time; a backlog shrinks by a quarter a tick, however fast it grows.
local function each_due(key, until_ms, take)
  local due = redis.call('ZCOUNT', key, '-inf', integer(until_ms))
  local left = math.min(due, 10 * most, math.max(most, math.ceil(due / 4)))
  local taken = 0
  while taken < left do
    local visitors = redis.call('ZRANGEBYSCORE', key, '-inf', integer(until_ms), 'LIMIT', 0, math.min(1000, left - taken))
    take(visitors)
    taken = taken + #visitors
  end
  return taken
end

-- Who did not come when it was their turn waits by the old number again, once: ahead of all who came later, and admitted when
-- they show a sign of life. Until then they are passed over, and their grace runs. `back` is a list of number and visitor.
local function return_to_line(back)
  if #back == 0 then return end
  local signs, horizon = {}, integer(horizon_of(state, now_ms, c))
  for i = 2, #back, 2 do signs[i - 1], signs[i] = horizon, back[i] end
  redis.call('ZADD', queue, unpack(back))
  redis.call('ZADD', missed, unpack(back))
  redis.call('ZADD', seen, unpack(signs))
  count_in(state, {joined = #back / 2})
  book(minutes, now_ms, 'b', #back / 2)
end

local expired, left_line = 0, 0
if awake_ms >= tonumber(c.claim_ms) then expired = each_due(active, now_ms, function(late)
  local idle, never_came, stayed, back = {}, {}, {}, {}
  local numbers, used = redis.call('ZMSCORE', claims, unpack(late)), redis.call('ZMSCORE', missed, unpack(late))
  for i, visitor in ipairs(late) do
    local group = stay_ends_ms(entered, visitor, c) <= now_ms and stayed or idle
    if numbers[i] then group = never_came end
    if numbers[i] and tonumber(numbers[i]) > 0 and numbers[i] ~= used[i] then
      back[#back + 1] = integer(numbers[i])
      group = back
    end
    group[#group + 1] = visitor
  end
  redis.call('ZREM', active, unpack(late))
  redis.call('ZREM', claims, unpack(late))
  redis.call('ZREM', missed, unpack(late))
  return_to_line(back)
  for reason, group in pairs({[IDLE] = idle, [UNCLAIMED] = never_came, [STAYED] = stayed}) do
    depart(gone, state, now_ms, reason, group)
    book(minutes, now_ms, 'i' .. reason, #group)
  end
  tally(pace, now_ms, 'd', #late)
  go_out(entered, stays, marks, now_ms, late)
end) end

-- A closed room sends people away: nobody's grace runs meanwhile. It starts anew when the room reopens; a room that stays
-- closed forgets them when their slips die. So it is before the opening: until then nobody can miss their turn.
local kept_ms = tonumber(c.presence_ms) + tonumber(c.grace_ms)
local shut = c.mode == 'closed'
local before = stage_of(c, now_us) ~= 'open'
if shut or before then kept_ms = math.max(kept_ms, keep_ms) end
if shut then
  redis.call('HSET', state, 'shut_at_ms', integer(now_ms))
end
local shut_ms = shut and kept_ms or math.abs(now_ms - tonumber(redis.call('HGET', state, 'shut_at_ms') or 0))
local open_ms = before and kept_ms or now_ms - tonumber(c.opens_us) / 1000
if math.min(awake_ms, shut_ms, open_ms) >= kept_ms then left_line = each_due(seen, now_ms - kept_ms, function(absent)
  redis.call('ZREM', queue, unpack(absent))
  redis.call('ZREM', seen, unpack(absent))
  redis.call('ZREM', present, unpack(absent))
  redis.call('ZREM', missed, unpack(absent))
  redis.call('HINCRBY', state, 'gone', #absent)
  local reason = shut and CLOSED or ABSENT
  depart(gone, state, now_ms, reason, absent)
  book(minutes, now_ms, 'l' .. reason, #absent)
end) end

-- Whose cookie did not come back in the claim period is nobody. Presence is not shorter than the page's own way back.
local proof_ms = math.max(tonumber(c.claim_ms), tonumber(c.presence_ms))
if awake_ms >= proof_ms then left_line = left_line + each_due(strangers, now_ms - proof_ms, function(nobody)
  redis.call('ZREM', queue, unpack(nobody))
  redis.call('ZREM', strangers, unpack(nobody))
  redis.call('HINCRBY', state, 'gone', #nobody)
  depart(gone, state, now_ms, ABSENT, nobody)
  book(minutes, now_ms, 'n', #nobody)
end) end

each_due(gone, (now_ms - keep_ms) * REASONS, function(forgotten) redis.call('ZREM', gone, unpack(forgotten)) end)
-- Too many to be remembered so long: no slip from before the last of those forgotten proves anything from now on.
local excess = redis.call('ZCARD', gone) - MAX_GONE
if excess > 0 then
  local last = redis.call('ZRANGE', gone, excess - 1, excess - 1, 'WITHSCORES')
  redis.call('HSET', state, 'forgotten_ms', integer(left_at_ms(last[2])))
  redis.call('ZREMRANGEBYRANK', gone, 0, excess - 1)
end

-- The last ten minutes of bins stay for charts and rates.
if redis.call('HLEN', pace) > 200 then
  local oldest = math.floor(now_ms / 1000) - 600
  for _, bin in ipairs(redis.call('HKEYS', pace)) do
    if tonumber(string.sub(bin, 2)) < oldest then redis.call('HDEL', pace, bin) end
  end
end
return {expired, left_line, left()}
