-- admit: move the present visitors at the head of the line into the room.
--
-- KEYS    queue, active, seen, present, entered, claims, state, config, fleet, pace, rings, minutes, record, hands
-- ARGV    ticker (who ticks), idle_ms (do nothing unless the last tick is older), count (an operator's: besides the rate, and
--         no tick; or empty), now_us (tests only; empty = Redis's clock), request (an operator's: sent again within an hour it
--         admits nobody anew; empty or left out: it does)
-- RETURN  visitors admitted, first in line first; or {"unknown"} as a status reply when Redis has no settings; or, where that request
--         was carried out before, how many it admitted then
--
-- Before the opening nobody is admitted. Who gathered then comes in as who finds the room empty does (see enter.lua): as many
-- as there is room for, whatever the rate; once, and from then on by the rate.
--
-- Atomic because the room must never hold more than its threshold, even when two clocks tick in the same second.

local queue, active, seen, present, entered, claims, state, config, fleet, pace, rings, minutes, record, hands = unpack(KEYS)
local ticker, idle_ms, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now_us, request = clock(ARGV[4]), ARGV[5] or ''
local now_ms = math.floor(now_us / 1000)

local CHUNK = 1000

local c = settings(config)
local epoch, lost_at_ms, recovery_ms, lined_up = unpack(redis.call('HMGET', state, 'epoch', 'lost_at_ms', 'recovery_ms', 'lined_up'))
if not c or not epoch then return redis.status_reply('unknown') end
if ticked(state, now_ms, idle_ms) then return {} end
local before = request ~= '' and redis.call('ZSCORE', hands, request)
if before then return tonumber(before) % BY_HAND_COUNTS end
allow_writes(queue)
local s = redis.call('HMGET', state, 'tokens', 'tokens_at_us', 'gathered')

local in_service = instances(fleet, now_ms, c)
local per_second = in_service * tonumber(c.users_per_minute_per_instance) / 60 * multiplier(fleet, now_ms)
local stage = stage_of(c, now_us)
local stands = stage ~= 'open' or c.mode == 'paused' or c.mode == 'closed' or settling(lost_at_ms, recovery_ms, now_ms, c, lined_up) > 0
local lets_in = not stands and not count
local opens = s[3] and lets_in and c.mode == 'automatic'
local elapsed = math.max(0, now_us - tonumber(s[2] or now_us)) / 1000000
local tokens = math.min(tonumber(s[1] or 0) + elapsed * per_second, math.max(1, per_second * BURST_SECONDS))
if stands then tokens = 0 end

local vacancy = threshold(c, in_service) - redis.call('ZCARD', active)
local want = math.min(count or opens and MAX_ADMITTED or math.floor(tokens), vacancy)
if stands then want = 0 end
if c.mode == 'off' and stage == 'open' then want = MAX_ADMITTED end

sweep(queue, seen, present, state, pace, horizon_of(state, now_ms, c), now_ms)
local admitted, numbers = {}, {}
local expires_ms = integer(now_ms + tonumber(c.claim_ms))
while #admitted < want do
  local found = redis.call('ZRANGE', present, 0, math.min(CHUNK, want - #admitted) - 1, 'WITHSCORES')
  if #found == 0 then break end
  local row, expiries, turns, due = {}, {}, {}, {}
  for i = 1, #found, 2 do
    local visitor = found[i]
    row[#row + 1] = visitor
    expiries[i], expiries[i + 1] = expires_ms, visitor
    turns[i], turns[i + 1] = integer(found[i + 1]), visitor
    due[i], due[i + 1] = integer(now_ms), visitor
    admitted[#admitted + 1] = visitor
    numbers[#numbers + 1] = turns[i]
  end
  redis.call('ZREM', queue, unpack(row))
  redis.call('ZREM', seen, unpack(row))
  redis.call('ZREM', present, unpack(row))
  redis.call('ZADD', active, unpack(expiries))
  redis.call('ZADD', claims, unpack(turns)) -- to which number they go back if they do not come
  redis.call('ZADD', rings, 'XX', unpack(due)) -- a push, to who asked for one
  come_in(entered, now_ms, row)
end

if #admitted > 0 then
  redis.call('HINCRBY', state, 'admitted', #admitted)
  tally(pace, now_ms, 'm', #admitted)
  book(minutes, now_ms, 'm', #admitted)
  record_admissions(record, now_ms, numbers)
end
-- Without a vacancy it has not taken place yet: the room's share of the fleet may come a moment after its opening.
if s[3] and lets_in and #admitted < MAX_ADMITTED and (vacancy > 0 or c.mode ~= 'automatic') then
  redis.call('HDEL', state, 'gathered')
end
if request ~= '' and #admitted > 0 then
  redis.call('ZREMRANGEBYSCORE', hands, '-inf', integer((now_ms - BY_HAND_MS) * BY_HAND_COUNTS))
  redis.call('ZREMRANGEBYRANK', hands, 0, -MAX_BY_HAND)
  redis.call('ZADD', hands, integer(now_ms * BY_HAND_COUNTS + #admitted), request)
  redis.call('PEXPIRE', hands, BY_HAND_MS)
end
if not count then
  if stage == 'gathering' or stage == 'drawing' then redis.call('HSET', state, 'gathered', 1) end
  tokens = math.max(0, tokens - #admitted)
  redis.call('HSET', state, 'tokens', string.format('%.6f', tokens), 'tokens_at_us', integer(now_us),
    'tick_at_ms', integer(now_ms), 'ticker', ticker)
end
return admitted
