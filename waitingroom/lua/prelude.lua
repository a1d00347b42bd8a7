-- prelude: what every verb begins with; scripts.py puts it in front of each.
--
-- NAMES IN CAPITALS        shared with Python, which has them from SHARED in scripts.py; the reasons by their own names
-- clock(given)             the instant, Unix microseconds: Redis's own clock, or `given` (tests only)
-- integer(number)          its decimal digits; Lua would write 1.7e+15
-- settings(key)            the room's settings as a table of strings, or nil if Redis has none; DEFAULTS where one is missing
-- instances(key, now_ms, c)  instances in service, counted for admission; the minimum where nobody reported for a minute
-- multiplier(key, now_ms)  the part of its rate that admission has, as told with the instances; 1 where nobody told it for a minute
-- threshold(c, in_service)     the threshold in force
-- stage_of(c, now_us)      what the room is at the instant (opening.py names it): before the gathering "early", then "gathering"; at the
--                          opening "drawing", until those who were drawn are lined up, else "open"
-- opens_in_ms(c, now_us)   how long until the opening, ms; 0 from then on
-- tally(key, now_ms, what, by)  counts into 10 s bins: a = arrivals, m = admissions, d = departures, g = gave up (present in line, and gone or absent)
-- recent(key, now_ms, what)  the count in the last six bins
-- book(minutes, now_ms, what, by)  counts into the minute, for the report (keys.py says what)
-- record_admissions(record, now_ms, numbers)  keeps, for the report, that who waited by these numbers was let in
-- come_in(entered, now_ms, visitors), go_out(entered, stays, marks, now_ms, visitors)  remember since when who is inside, and how long who left was
-- stay_ends_ms(entered, visitor, c)  when the longest stay of who is inside is over, Unix ms; infinite where there is none
-- pace_of(keys, now_ms, c)  what estimates are made from: users_per_minute_per_instance, in_service, boots (JSON), active, threshold in
--                          force, threshold_per_instance, departures of the last minute, claim_ms, idle_ms, stays (flat), for how many
--                          ms some of those inside are there (the newest first), how many in line are present in each first part of it,
--                          instances that other rooms release (JSON), the multiplier, how many gave up in the last minute
-- lists(names, name)       whether the comma-joined names have this one
-- recovering(lost_at_ms, recovery_ms, now_ms)  how long the recovery period goes on, ms; 0 where there is none
-- settling(lost_at_ms, recovery_ms, now_ms, c, lined_up)  the same; nor is it over while the drawn, who were lined up once,
--                          have not got their numbers back (see remember.lua)
-- count_in(state, counts)  adds the counts, by name, to the room's
-- depart(key, state, now_ms, reason, visitors)  remembers who is gone and why (reasons.py has the codes)
-- left_at_ms(score)        when who has that score among the gone left
-- missed_turn(missed, visitor, number)  whether who waits by that number was admitted by it before, and did not come
-- allow_writes(key)       lets the script write where Redis is out of memory: for those who have a place already
-- out_of_memory(state, queue, epoch)  remembers the epoch; whether Redis is out of memory, in which the script may write all the same
-- horizon_of(state, now_ms, c)  present is who was seen after it, Unix ms; an outage makes nobody absent
-- sweep(queue, seen, present, state, pace, horizon, now_ms)  brings `present` up to date
-- forget_push(pushes, rings, rung, visitor)  nothing is pushed to the visitor any more
-- ticked(state, now_ms, idle_ms)  whether somebody ticked within `idle_ms`

local function clock(given)
  if given ~= '' then return tonumber(given) end
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
end

local function integer(number) return string.format('%.0f', number) end

local function settings(key)
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then return nil end
  local c = setmetatable({}, {__index = DEFAULTS}) -- another release may not have written what this one reads
  for i = 1, #flat, 2 do c[flat[i]] = flat[i + 1] end
  return c
end

local function instances(key, now_ms, c)
  local least = tonumber(c.minimum_instances)
  local fleet = redis.call('HMGET', key, 'in_service', 'at_ms')
  if not fleet[1] then return least end
  -- Old word says nothing, "none" least of all: who told it may be dead.
  if now_ms - tonumber(fleet[2]) > FLEET_STALE_MS then return least end
  return tonumber(fleet[1])
end

local function multiplier(key, now_ms)
  local fleet = redis.call('HMGET', key, 'multiplier', 'at_ms')
  if not fleet[1] or now_ms - tonumber(fleet[2]) > FLEET_STALE_MS then return 1 end
  return tonumber(fleet[1])
end

local function threshold(c, in_service)
  local per_instance = tonumber(c.threshold_per_instance)
  if per_instance > 0 then return math.floor(per_instance * in_service) end
  return tonumber(c.threshold)
end

local function stage_of(c, now_us)
  if now_us < tonumber(c.gathers_us) then return 'early' end
  if now_us < tonumber(c.opens_us) then return 'gathering' end
  return c.opening_order == 'draw' and c.lined_up == '' and 'drawing' or 'open'
end

local function opens_in_ms(c, now_us) return math.max(0, math.ceil((tonumber(c.opens_us) - now_us) / 1000)) end

local function tally(key, now_ms, what, by)
  redis.call('HINCRBY', key, what .. integer(math.floor(now_ms / 10000) * 10), by)
end

-- A new field comes once a minute: then the key's time to live begins anew.
local function book(minutes, now_ms, what, by)
  if by == 0 then return end
  local field = integer(math.floor(now_ms / 60000) * 60) .. ':' .. what
  if redis.call('HINCRBY', minutes, field, by) == by then redis.call('PEXPIRE', minutes, RECORD_LIFE_MS) end
end

local function record_admissions(record, now_ms, numbers)
  if #numbers == 0 then return end
  redis.call('XADD', record, 'MAXLEN', '~', MAX_RECORDED, '*', 'at', integer(now_ms), 'in', table.concat(numbers, ','))
  redis.call('PEXPIRE', record, RECORD_LIFE_MS)
end

local function recent(key, now_ms, what)
  local bin = math.floor(now_ms / 10000) * 10
  local bins = {}
  for i = 1, 6 do bins[i] = what .. integer(bin - 10 * (6 - i)) end
  local counted = 0
  for _, by in ipairs(redis.call('HMGET', key, unpack(bins))) do counted = counted + tonumber(by or 0) end
  return counted
end

local function come_in(entered, now_ms, visitors)
  local rows = {}
  for i, visitor in ipairs(visitors) do
    rows[2 * i - 1] = integer(now_ms)
    rows[2 * i] = visitor
  end
  redis.call('ZADD', entered, unpack(rows))
end

local function stay_ends_ms(entered, visitor, c)
  local longest_ms = tonumber(c.longest_stay_ms)
  local since_ms = longest_ms > 0 and redis.call('ZSCORE', entered, visitor)
  return since_ms and tonumber(since_ms) + longest_ms or math.huge
end

-- The same as StayTable.note (stays.py).
local function note_stays(stays, now_ms, stays_ms, inside)
  local flat, t, kept = redis.call('HGETALL', stays), {weight = 1, left_at_ms = 0}, 0
  for i = 1, #flat, 2 do
    t[flat[i]] = tonumber(flat[i + 1])
    if string.sub(flat[i], 1, 1) == 'n' then kept = kept + tonumber(flat[i + 1]) end
  end
  local function scale(by)
    for name, value in pairs(t) do
      if name ~= 'weight' and name ~= 'left_at_ms' then t[name] = value * by end
    end
    kept = kept * by
  end
  if now_ms - t.left_at_ms > NEXT_SALE_MS and kept > LAST_SALE_LEAVERS then
    scale(LAST_SALE_LEAVERS / kept)
    t.weight = 1
  end
  t.left_at_ms = now_ms
  for _, stay_ms in ipairs(stays_ms) do
    local kind = integer(math.min(STAY_CLASSES, math.floor(math.log(math.max(1, stay_ms / 1000)) / math.log(STAY_RATIO))))
    t['n' .. kind] = (t['n' .. kind] or 0) + 1
    t['s' .. kind] = (t['s' .. kind] or 0) + stay_ms
  end
  if kept + #stays_ms > math.max(STAYS_KEPT, TURNOVERS_KEPT * inside) then
    scale(0.5)
    t.weight = t.weight / 2
  end
  local fields = {}
  for name, value in pairs(t) do
    fields[#fields + 1] = name
    fields[#fields + 1] = string.format('%.6f', value)
  end
  redis.call('HSET', stays, unpack(fields))
end

local function go_out(entered, stays, marks, now_ms, visitors)
  redis.call('HDEL', marks, unpack(visitors))
  local stays_ms = {}
  for _, since_ms in ipairs(redis.call('ZMSCORE', entered, unpack(visitors))) do
    if since_ms then stays_ms[#stays_ms + 1] = math.max(0, now_ms - tonumber(since_ms)) end
  end
  redis.call('ZREM', entered, unpack(visitors))
  if #stays_ms > 0 then note_stays(stays, now_ms, stays_ms, redis.call('ZCARD', entered)) end
end

local function ages_of(entered, now_ms)
  local inside, ages = redis.call('ZCARD', entered), {}
  local count = math.min(AGES, inside)
  for i = 1, count do
    local rank = math.floor((i - 0.5) * inside / count)
    local row = redis.call('ZRANGE', entered, inside - 1 - rank, inside - 1 - rank, 'WITHSCORES')
    ages[i] = integer(math.max(0, now_ms - tonumber(row[2])))
  end
  return table.concat(ages, ',')
end

-- Empty where everybody is present. Nobody waits for strangers: they are not.
local function present_before(queue, present)
  local total, found = redis.call('ZCARD', queue), {}
  if redis.call('ZCARD', present) >= total then return '' end
  local parts = math.min(LINE_PARTS, total)
  for i = 1, parts do
    local last = math.floor(total * i / parts) - 1
    local number = redis.call('ZRANGE', queue, last, last, 'WITHSCORES')[2]
    found[i] = redis.call('ZCOUNT', present, '-inf', number)
  end
  return table.concat(found, ',')
end

local function pace_of(keys, now_ms, c)
  local in_service = instances(keys.fleet, now_ms, c)
  return {
    c.users_per_minute_per_instance, tostring(in_service), redis.call('HGET', keys.fleet, 'boots') or '[]',
    redis.call('ZCARD', keys.active), threshold(c, in_service), c.threshold_per_instance, recent(keys.pace, now_ms, 'd'),
    c.claim_ms, c.idle_ms, redis.call('HGETALL', keys.stays), ages_of(keys.entered, now_ms),
    present_before(keys.queue, keys.present), redis.call('HGET', keys.fleet, 'released') or '[]',
    tostring(multiplier(keys.fleet, now_ms)), recent(keys.pace, now_ms, 'g'),
  }
end

local function lists(names, name) return string.find(',' .. names .. ',', ',' .. name .. ',', 1, true) ~= nil end

-- A clock that jumps cannot make the period last longer than it is.
local function recovering(lost_at_ms, recovery_ms, now_ms)
  if not lost_at_ms then return 0 end
  return math.max(0, tonumber(recovery_ms) - math.abs(now_ms - tonumber(lost_at_ms)))
end

local function settling(lost_at_ms, recovery_ms, now_ms, c, lined_up)
  local left_ms = recovering(lost_at_ms, recovery_ms, now_ms)
  if c.opening_order ~= 'draw' or c.lined_up == '' or lined_up then return left_ms end
  return math.max(left_ms, LINING_UP_MS)
end

local function count_in(state, counts)
  for name, count in pairs(counts) do
    if count > 0 then redis.call('HINCRBY', state, name, count) end
  end
end

-- After the number that was given up, whatever the clock says: that number's slip is spent.
local function depart(key, state, now_ms, reason, visitors)
  if #visitors == 0 then return end
  local at_ms = math.max(now_ms, math.floor(tonumber(redis.call('HGET', state, 'last_number') or 0) / 1000))
  local score = integer(at_ms * REASONS + reason)
  local pairs_ = {}
  for i = 1, #visitors do
    pairs_[2 * i - 1] = score
    pairs_[2 * i] = visitors[i]
  end
  redis.call('ZADD', key, unpack(pairs_))
end

local function left_at_ms(score) return math.floor(tonumber(score) / REASONS) end

local function missed_turn(missed, visitor, number)
  if redis.call('ZCARD', missed) == 0 then return false end -- hardly ever anybody
  return tonumber(redis.call('ZSCORE', missed, visitor) or 0) == tonumber(number)
end

local function ticked(state, now_ms, idle_ms)
  local last = redis.call('HMGET', state, 'tick_at_ms', 'ticker')
  if not last[1] then return false end
  if string.sub(last[2] or '', 1, 3) == 'hub' then idle_ms = math.min(idle_ms, HUB_TICK_MS) end
  local since_ms = now_ms - tonumber(last[1])
  return since_ms >= 0 and since_ms < idle_ms
end

-- Redis refuses what may grow when it is out of memory, but not in a script that wrote already: half a change would be worse.
-- Removing nobody is a write that it never refuses.
local function allow_writes(key) redis.call('ZREM', key, '') end

local function forget_push(pushes, rings, rung, visitor)
  redis.call('ZREM', rings, visitor)
  redis.call('HDEL', pushes, visitor)
  redis.call('HDEL', rung, visitor)
end

local function out_of_memory(state, queue, epoch)
  local reply = redis.pcall('HSET', state, 'epoch', epoch)
  if type(reply) == 'number' then return false end
  if not string.find(reply.err, 'OOM', 1, true) then error(reply.err) end
  allow_writes(queue)
  return true
end

-- While nobody ticked, nobody could be seen. Until everybody had a presence's time to come back, whoever was present when it
-- began still is.
local function horizon_of(state, now_ms, c)
  local presence_ms = tonumber(c.presence_ms)
  local s = redis.call('HMGET', state, 'tick_at_ms', 'awake_at_ms', 'asleep_at_ms')
  local asleep_at_ms = now_ms
  if s[1] and now_ms - tonumber(s[1]) > SILENCE_MS then
    asleep_at_ms = tonumber(s[1]) -- it lasts
  elseif s[3] and math.abs(now_ms - tonumber(s[2])) < presence_ms then
    asleep_at_ms = tonumber(s[3])
  end
  return math.min(now_ms, asleep_at_ms) - presence_ms
end

-- Costs what changed, or what is left, whichever is less: of a whole line that went away nobody is looked at one by one.
local SWEPT_AT_ONCE = 1000
local function sweep(queue, seen, present, state, pace, horizon, now_ms)
  local swept_ms = tonumber(redis.call('HGET', state, 'swept_ms') or horizon)
  local here = redis.call('ZCOUNT', seen, '(' .. integer(horizon), '+inf')
  local left = redis.call('ZCARD', present) - here
  if left > 0 then tally(pace, now_ms, 'g', left) end
  if left > 0 and left <= here then
    for from = 0, left, SWEPT_AT_ONCE do
      local range = {integer(horizon), '(' .. integer(swept_ms), 'BYSCORE', 'REV', 'LIMIT', from, SWEPT_AT_ONCE}
      local absent = redis.call('ZRANGE', seen, unpack(range))
      if #absent == 0 then break end
      redis.call('ZREM', present, unpack(absent))
    end
  end
  if redis.call('ZCARD', present) ~= here then
    redis.call('UNLINK', present) -- its memory is freed aside: a million take a second
    redis.call('ZRANGESTORE', present, seen, '(' .. integer(horizon), '+inf', 'BYSCORE')
    redis.call('ZINTERSTORE', present, 2, present, queue, 'WEIGHTS', 0, 1)
  end
  redis.call('HSET', state, 'swept_ms', integer(horizon))
end
