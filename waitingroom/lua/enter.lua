-- enter: let visitors in, or tell their places in line; a newcomer draws a queue number if the room is full.
--
-- KEYS    queue, active, seen, present, strangers, entered, claims, missed, marks, gone, spent, drawn, state, config, fleet, pace, minutes, record
-- ARGV    now_us (tests only; empty = Redis's clock), then for each visitor the name, how they come: "new" (the name was drawn
--         this moment: nothing can be known of it, not even that its cookie will come back), "join" (a newcomer joins),
--         "new-in-line" and "join-in-line" (the same, but straight in only where the mode is off), "stay" (a newcomer changes
--         nothing), "take" (the same; the place is to be this browser's) or "watch" (nor is a place inside renewed), and what
--         they bring (empty = nothing): a slip (see returning.lua and marks.lua), or the work done for a number, as "p,id,expires_ms", which counts once
-- RETURN  for each visitor: phase, queue number (of who is inside only where they come in this moment, else 0), position (of
--         who is inside the mark in force, see marks.lua), expires_ms (of a newcomer in line who had a place before: the code of why it was given up; of who is back
--         at the old number because they did not come when it was their turn: REASONS); then total, epoch,
--         mode, ms until the recovery period ends (0: there is none), the stage (see stage_of), ms until the opening; or {"unknown"} when
--         Redis has no settings. The phase of a newcomer for whom Redis has no memory is "out-of-memory", of one whose work was handed
--         in before "spent"; who has a number in a room that closed is "closed" with that number, and counts as seen;
--         whose place is another browser's is "elsewhere"
--
-- Atomic because the vacancy seen must still be there when it is taken. Many in one call because what they share (clock,
-- settings, counts) costs Redis ten times what each needs.

local queue, active, seen, present, strangers, entered, claims, missed, marks, gone, spent, drawn, state, config, fleet, pace, minutes, record = unpack(KEYS)
local now_us = clock(ARGV[1])
local now_ms = math.floor(now_us / 1000)

local c = settings(config)
local s = redis.call('HMGET', state, 'epoch', 'last_number', 'lost_at_ms', 'recovery_ms', 'forgotten_ms', 'spent_ms', 'lined_up',
  'drawn_until')
if not c or not s[1] then return {'unknown'} end
local mode, stage, expires_ms = c.mode, stage_of(c, now_us), now_ms + c.idle_ms

local epoch, last_before = s[1], tonumber(s[2] or 0)
local last = last_before
-- Numbers of a gathering whose order is drawn come after those that will be drawn (see draw.lua), before those of the opening:
-- the whole of it lies within GATHERED_US, by when they were drawn, so that whoever comes after Redis lost them comes behind.
local first = now_us
if stage == 'gathering' and c.opening_order == 'draw' then
  local gathers_us, opens_us = tonumber(c.gathers_us), tonumber(c.opens_us)
  first = opens_us + math.floor(GATHERED_US * (now_us - gathers_us) / (opens_us - gathers_us))
end
local recovering_ms = settling(s[3], s[4], now_ms, c, s[7])
local memory_spent = out_of_memory(state, queue, epoch)

local total = redis.call('ZCARD', queue)
local counts = {joined = 0, straight_in = 0, admitted = 0}
local arrivals, admissions = 0, 0
local signs, numbers, here, strange = {}, {}, {}, {}
local drew, passed, let_in = 0, 0, {} -- of who is back by a slip all this was counted before

-- Each asked once, and only where it matters.
local memory, vacancy, nobody_waits
local function vacant()
  vacancy = vacancy or threshold(c, instances(fleet, now_ms, c)) - redis.call('ZCARD', active)
  return vacancy
end

local function may_pass()
  if stage ~= 'open' then return false end
  if mode ~= 'automatic' then return mode == 'off' end
  if recovering_ms > 0 or vacant() <= 0 then return false end -- those who return come first
  if nobody_waits == nil then
    nobody_waits = redis.call('ZCOUNT', seen, '(' .. integer(horizon_of(state, now_ms, c)), '+inf') == 0
      and redis.call('ZCOUNT', strangers, '(' .. integer(now_ms - RETURN_MS), '+inf') == 0
  end
  return nobody_waits
end

local function inside(visitor, number, until_ms, mark)
  redis.call('ZADD', active, integer(until_ms), visitor)
  return 'active', number, mark or '', until_ms
end

-- What the visitor was promised holds: seats may be held for longer than anybody idles (see keep.lua).
local function renewed(visitor, number, until_ms, mark)
  return inside(visitor, number, math.max(until_ms, math.min(expires_ms, stay_ends_ms(entered, visitor, c))), mark)
end

local function admitted_now(visitor, number, count, is_new)
  counts[count] = counts[count] + 1
  admissions = admissions + 1
  if count == 'admitted' then let_in[#let_in + 1] = integer(number) else passed = passed + 1 end
  if vacancy then vacancy = vacancy - 1 end
  come_in(entered, now_ms, {visitor})
  if not is_new then return inside(visitor, number, expires_ms) end
  redis.call('ZADD', claims, 0, visitor)
  return inside(visitor, number, now_ms + c.claim_ms)
end

local function waiting(visitor, number, position, is_new)
  if is_new then
    strange[#strange + 1] = now_ms
    strange[#strange + 1] = visitor
  else
    signs[#signs + 1] = now_ms
    signs[#signs + 1] = visitor
    numbers[#numbers + 1] = number
    numbers[#numbers + 1] = visitor
    here[#here + 1] = visitor
  end
  nobody_waits = false
  local turned = not is_new and missed_turn(missed, visitor, number)
  return mode == 'closed' and 'closed' or 'waiting', number, position, turned and REASONS or 0
end

-- Whatever is not remembered, or was handed out before Redis lost what was, counts as spent: then there is new work to do.
local spends = 0
local function spend(brought)
  local id, expires_ms = string.match(brought, '^p,(%x+),(%d+)$')
  if not id then return true end
  local forgotten_ms = math.max(tonumber(s[6] or 0), s[3] and tonumber(s[3]) + WORK_LIFE_MS or 0)
  if tonumber(expires_ms) <= forgotten_ms then return false end
  if redis.call('ZADD', spent, 'NX', expires_ms, id) == 0 then return false end
  spends = spends + 1
  return true
end

local function newcomer(visitor, is_new, stays_out, brought)
  if mode == 'closed' or mode == 'draining' then return 'closed', 0, 0, 0 end
  if stage == 'early' then return 'none', 0, 0, 0 end
  if memory_spent then return 'out-of-memory', 0, 0, 0 end
  if brought ~= '' and not spend(brought) then return 'spent', 0, 0, 0 end
  local passes = (mode == 'off' or not stays_out) and may_pass()
  if passes or not is_new then arrivals = arrivals + 1 end -- a stranger arrives when the cookie comes back
  last = math.max(first, last + 1)
  local left = not is_new and redis.call('ZSCORE', gone, visitor)
  if left then last = math.max(last, 1000 * (left_at_ms(left) + 1)) end -- what was given up before stays given up
  if passes then return admitted_now(visitor, last, 'straight_in', is_new) end
  total = total + 1
  counts.joined = counts.joined + 1
  drew = drew + 1
  redis.call('ZADD', queue, last, visitor) -- at once: the same visitor may come twice in one call
  local phase, number, position = waiting(visitor, last, total, is_new) -- the latest number is the last place
  return phase, number, position, left and tonumber(left) % REASONS or 0
end

-- The place that the slip proves, if Redis forgot it: as `enter` answers, or the number to wait by.
local function returned(visitor, text)
  memory = memory or memory_of(epoch, s[3], s[4], s[5], recovering_ms, drawn, s[8], now_ms, c)
  local slip = honoured(text, visitor, gone, memory, now_ms)
  if not slip then return nil end
  last = math.max(last, slip.number)
  if return_to_place(slip, visitor, queue, active, counts, memory, vacant(), expires_ms) == 'active' then
    vacancy = vacancy - 1
    come_in(entered, since_ms_of(slip, now_ms), {visitor})
    return 'active', slip.number, slip.expires_ms
  end
  total = total + 1
  return 'waiting', slip.number
end

local function mark_in_force(visitor, how, brought)
  return mark_of(marks, visitor, how, brought, now_us, tonumber(c.claim_ms))
end

local function enter(visitor, how, brought)
  if how == 'new' or how == 'new-in-line' then return newcomer(visitor, true, how ~= 'new', brought) end
  -- Until the clock has taken a place away it is the visitor's, however late: it is still counted.
  local until_ms = redis.call('ZSCORE', active, visitor)
  if until_ms then
    local mark = mark_in_force(visitor, how, brought)
    if not mark then return 'elsewhere', 0, 0, 0 end
    if how == 'watch' then return 'active', 0, mark, tonumber(until_ms) end
    if redis.call('ZREM', claims, visitor) == 1 then redis.call('ZREM', missed, visitor) end
    return renewed(visitor, 0, tonumber(until_ms), mark)
  end
  local number = redis.call('ZSCORE', queue, visitor)
  if not number and brought ~= '' then
    local phase, until_ms
    phase, number, until_ms = returned(visitor, brought)
    if phase == 'active' then return renewed(visitor, number, until_ms, mark_in_force(visitor, how, brought)) end
  end
  if not number then
    if how == 'stay' or how == 'take' or how == 'watch' then return 'none', 0, 0, 0 end
    return newcomer(visitor, false, how == 'join-in-line', brought)
  end
  number = tonumber(number)
  if mode == 'off' and stage == 'open' then
    redis.call('ZREM', queue, visitor)
    redis.call('ZREM', seen, visitor)
    redis.call('ZREM', present, visitor)
    redis.call('ZREM', strangers, visitor)
    redis.call('ZREM', missed, visitor)
    total = total - 1
    return admitted_now(visitor, number, 'admitted')
  end
  return waiting(visitor, number, redis.call('ZRANK', queue, visitor) + 1)
end

local answer = {}
for i = 2, #ARGV, 3 do
  local n = #answer
  answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] = enter(ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
local n = #answer
answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] = total, epoch, mode, recovering_ms
answer[n + 5], answer[n + 6] = stage, opens_in_ms(c, now_us)

if spends > 0 then -- a few more go than come, so that they are never many
  local old = redis.call('ZCOUNT', spent, '-inf', '(' .. integer(now_ms - SPENT_MS))
  local over = math.max(math.min(old, 2 * spends), redis.call('ZCARD', spent) - MAX_SPENT)
  if over > 0 then
    redis.call('HSET', state, 'spent_ms', redis.call('ZRANGE', spent, over - 1, over - 1, 'WITHSCORES')[2])
    redis.call('ZREMRANGEBYRANK', spent, 0, over - 1)
  end
  redis.call('PEXPIRE', spent, SPENT_MS)
end
if #strange > 0 then redis.call('ZADD', strangers, unpack(strange)) end
if #signs > 0 then
  arrivals = arrivals + redis.call('ZREM', strangers, unpack(here))
  redis.call('ZADD', seen, unpack(signs))
  redis.call('ZADD', present, unpack(numbers))
end
if last > last_before then redis.call('HSET', state, 'last_number', integer(last)) end
count_in(state, counts)
if arrivals > 0 then tally(pace, now_ms, 'a', arrivals) end
if admissions > 0 then tally(pace, now_ms, 'm', admissions) end
book(minutes, now_ms, 'j', drew)
book(minutes, now_ms, 's', passed)
book(minutes, now_ms, 'm', #let_in)
record_admissions(record, now_ms, let_in)
return answer
