-- look: where visitors stand, many in one call; whoever waits counts as seen now, whatever the mode.
--
-- KEYS    queue, active, seen, present, strangers, entered, stays, claims, missed, gone, state, config, fleet, pace
-- ARGV    now_us (tests only; empty = Redis's clock), visitors...
-- RETURN  mode, total, places (comma-joined, one a visitor: > 0 position in line, 0 active, -1 unknown here,
--         below -1 gone for reason -(n + 1)), now_ms, pace (see pace_of; empty where visitors were asked for), why the room is closed (JSON, or empty),
--         ms until the recovery period ends (0: there is none), the stage (see stage_of), ms until the opening; of each who is active:
--         index among the visitors (from 0), when the place expires (Unix ms), and where they did not come yet, how many ms ago
--         they were admitted (CALLING_MS where that is not known, or to come by a clock that jumped back), else -1; the indices of
--         those who wait by a number whose turn they missed; what staff say to all (JSON, or empty); how many came in within
--         CALLING_MS (0 where nobody asked for is to come yet); or {"unknown"} when Redis has no settings
--
-- Atomic so that all places told in one turn are places in the same line.

local queue, active, seen, present, strangers, entered, stays, claims, missed, gone, state, config, fleet, pace = unpack(KEYS)
local now_us = clock(ARGV[1])
local now_ms = math.floor(now_us / 1000)

local c = settings(config)
local epoch, lost_at_ms, recovery_ms, lined_up = unpack(redis.call('HMGET', state, 'epoch', 'lost_at_ms', 'recovery_ms', 'lined_up'))
if not c or not epoch then return {'unknown'} end

local now_text = integer(now_ms)
local places, waiting, signs, inside, waiting_at, called = {}, {}, {}, {}, {}, false
for i = 2, #ARGV do
  local visitor = ARGV[i]
  local place = redis.call('ZRANK', queue, visitor)
  if place then
    place = place + 1
    waiting[#waiting + 1] = visitor
    waiting_at[#waiting] = i - 2
    signs[#signs + 1] = now_text
    signs[#signs + 1] = visitor
  else
    local until_ms = redis.call('ZSCORE', active, visitor)
    if until_ms then
      place = 0
      local n = #inside
      until_ms = tonumber(until_ms)
      inside[n + 1], inside[n + 2], inside[n + 3] = i - 2, until_ms, -1
      if redis.call('ZSCORE', claims, visitor) then
        -- From the admission itself: the claim period may be another by now.
        local ago_ms = now_ms - tonumber(redis.call('ZSCORE', entered, visitor) or math.huge)
        inside[n + 3] = ago_ms >= 0 and ago_ms or CALLING_MS
        called = true
      end
    else
      local left = redis.call('ZSCORE', gone, visitor)
      place = left and -(tonumber(left) % REASONS + 1) or -1
    end
  end
  places[i - 1] = place
end
if #waiting > 0 then
  allow_writes(queue)
  redis.call('ZADD', seen, unpack(signs))
  local back = {} -- from an absence, or for the first time
  for i, number in ipairs(redis.call('ZMSCORE', present, unpack(waiting))) do
    if not number then back[#back + 1] = waiting[i] end
  end
  if #back > 0 then
    local arrivals = redis.call('ZREM', strangers, unpack(back))
    if arrivals > 0 then tally(pace, now_ms, 'a', arrivals) end
    local numbers = redis.call('ZMSCORE', queue, unpack(back))
    for i = 1, #back do
      redis.call('ZADD', present, numbers[i], back[i])
    end
  end
end

local turned = {}
if #waiting > 0 and redis.call('ZCARD', missed) > 0 then -- hardly ever anybody
  local numbers, used = redis.call('ZMSCORE', queue, unpack(waiting)), redis.call('ZMSCORE', missed, unpack(waiting))
  for i, at in ipairs(waiting_at) do
    if used[i] and used[i] == numbers[i] then turned[#turned + 1] = at end
  end
end

-- It takes Redis as long as thirty places do: who tells visitors theirs has it from a look at nobody, a moment ago.
local tells_pace = #ARGV == 1

return {
  c.mode, redis.call('ZCARD', queue), table.concat(places, ','), now_text,
  tells_pace and pace_of({queue = queue, active = active, present = present, entered = entered, stays = stays, fleet = fleet, pace = pace}, now_ms, c) or {},
  c.mode == 'closed' and c.closed_reason or '', settling(lost_at_ms, recovery_ms, now_ms, c, lined_up),
  stage_of(c, now_us), opens_in_ms(c, now_us), inside, turned, c.announcement,
  called and redis.call('ZCOUNT', entered, '(' .. integer(now_ms - CALLING_MS), integer(now_ms)) or 0,
}
