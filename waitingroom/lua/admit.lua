-- admit: move the present visitors at the head of the line into the room.
--
-- KEYS    queue, active, seen, returned, unclaimed, state, config, fleet, pace
-- ARGV    ticker (who ticks), idle_ms (do nothing unless the last tick is older), count (an operator's: besides the rate, and
--         no tick; or empty), now_us (tests only; empty = Redis's clock)
-- RETURN  visitors admitted, first in line first; or {"unknown"} as a status reply when Redis has no settings
--
-- Atomic because the room must never hold more than its threshold, even when two clocks tick in the same second.

local queue, active, seen, returned, unclaimed, state, config, fleet, pace = unpack(KEYS)
local ticker, idle_ms, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now_us = clock(ARGV[4])
local now_ms = math.floor(now_us / 1000)

-- Absent visitors passed over in one call: each is met once an absence, so the rest of a long row waits for the next tick.
local MAX_EXAMINED = 4000
local CHUNK = 200

local c = settings(config)
if not c then return redis.status_reply('unknown') end
if ticked(state, now_ms, idle_ms) then return {} end
allow_writes(queue)
local s = redis.call('HMGET', state, 'tokens', 'tokens_at_us', 'cursor')

local in_service = instances(fleet, now_ms, c)
local per_second = in_service * tonumber(c.users_per_minute_per_instance) / 60
local stands = c.mode == 'paused' or c.mode == 'closed'
local elapsed = math.max(0, now_us - tonumber(s[2] or now_us)) / 1000000
local tokens = math.min(tonumber(s[1] or 0) + elapsed * per_second, math.max(1, per_second * BURST_SECONDS))
if stands then tokens = 0 end

local want = math.min(math.floor(tokens), threshold(c, in_service) - redis.call('ZCARD', active))
if count then want = math.min(count, threshold(c, in_service) - redis.call('ZCARD', active)) end
if stands then want = 0 end
if c.mode == 'off' then want = MAX_EXAMINED end

local horizon = now_ms - tonumber(c.presence_ms)
local admitted = {}

local function present_ones(visitors)
  local here, away = {}, {}
  for i, last_seen in ipairs(redis.call('ZMSCORE', seen, unpack(visitors))) do
    local group = last_seen and tonumber(last_seen) > horizon and here or away
    group[#group + 1] = visitors[i]
  end
  return here, away
end

local function move_in(visitors)
  if #visitors == 0 then return end
  local expiries = {}
  local expires_ms = integer(now_ms + tonumber(c.claim_ms))
  for i, visitor in ipairs(visitors) do
    expiries[2 * i - 1] = expires_ms
    expiries[2 * i] = visitor
    admitted[#admitted + 1] = visitor
  end
  redis.call('ZREM', queue, unpack(visitors))
  redis.call('ZREM', seen, unpack(visitors))
  redis.call('ZADD', active, unpack(expiries))
  redis.call('SADD', unclaimed, unpack(visitors))
end

-- First those who came back: their numbers are all smaller than the cursor.
local examined = 0
while #admitted < want and examined < MAX_EXAMINED do
  local row = redis.call('ZRANGE', returned, 0, math.min(CHUNK, want - #admitted) - 1)
  if #row == 0 then break end
  examined = examined + #row
  redis.call('ZREM', returned, unpack(row))
  move_in((present_ones(row)))
end

local cursor = s[3] or '0'
while #admitted < want and examined < MAX_EXAMINED do
  local row = redis.call('ZRANGEBYSCORE', queue, '(' .. cursor, '+inf', 'WITHSCORES', 'LIMIT', 0, math.min(CHUNK, want - #admitted))
  if #row == 0 then break end
  local visitors = {}
  for i = 1, #row, 2 do visitors[#visitors + 1] = row[i] end
  examined = examined + #visitors
  cursor = integer(tonumber(row[#row]))
  move_in((present_ones(visitors)))
end

if #admitted > 0 then
  redis.call('HINCRBY', state, 'admitted', #admitted)
  tally(pace, now_ms, 'm', #admitted)
end
redis.call('HSET', state, 'cursor', cursor)
if not count then
  tokens = math.max(0, tokens - #admitted)
  redis.call('HSET', state, 'tokens', string.format('%.6f', tokens), 'tokens_at_us', integer(now_us),
    'tick_at_ms', integer(now_ms), 'ticker', ticker)
end
return admitted
