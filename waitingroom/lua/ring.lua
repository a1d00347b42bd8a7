-- ring: whom a push is due, because the turn has come or is near; and forget who waits no more.
--
-- KEYS    queue, active, claims, entered, state, config, pushes, rings, rung
-- ARGV    most (so many are looked at), kept_ms (how long after the last word of them subscriptions are forgotten), now_us (tests only;
--         empty = Redis's clock)
-- RETURN  of each to whom one is due: visitor, "turn" or "near", ms for which it is worth telling, subscription (JSON); or {"unknown"}
--         when Redis has no settings
--
-- A turn is due again after as long as it has been tried already, until its claim period ends or rung.lua says that it was told: so a
-- worker that dies meanwhile costs nobody the word. That the turn is near is tried once. Atomic so that two workers tell nobody twice.

local queue, active, claims, entered, state, config, pushes, rings, rung = unpack(KEYS)
local most, kept_ms = tonumber(ARGV[1]), ARGV[2]
local now_us = clock(ARGV[3])
local now_ms = math.floor(now_us / 1000)

if redis.call('HLEN', pushes) == 0 then return {} end
local c = settings(config)
if not c then return {'unknown'} end
allow_writes(queue)
local lost_at_ms, recovery_ms, lined_up = unpack(redis.call('HMGET', state, 'lost_at_ms', 'recovery_ms', 'lined_up'))
local moves = stage_of(c, now_us) == 'open' and c.mode ~= 'closed' and settling(lost_at_ms, recovery_ms, now_ms, c, lined_up) == 0
local claim_ms = tonumber(c.claim_ms)

local near = {}
if moves then
  for _, visitor in ipairs(redis.call('ZRANGE', queue, 0, NEAR - 1)) do
    near[visitor] = true
    if not redis.call('HGET', rung, visitor) then redis.call('ZADD', rings, 'XX', integer(now_ms), visitor) end
  end
end

local function again(visitor, in_ms) redis.call('ZADD', rings, integer(now_ms + in_ms), visitor) end

local due = {}
local function tell(visitor, what, worth_ms)
  local n = #due
  local subscription = redis.call('HGET', pushes, visitor)
  if subscription then due[n + 1], due[n + 2], due[n + 3], due[n + 4] = visitor, what, integer(worth_ms), subscription end
end

for _, visitor in ipairs(redis.call('ZRANGEBYSCORE', rings, '-inf', integer(now_ms), 'LIMIT', 0, most)) do
  local turn = redis.call('ZSCORE', claims, visitor) and redis.call('ZSCORE', entered, visitor)
  if turn then
    local ends_ms = tonumber(redis.call('ZSCORE', active, visitor))
    if redis.call('HGET', rung, visitor) == turn or ends_ms <= now_ms then
      again(visitor, math.max(RING_AGAIN_MS, ends_ms - now_ms + RING_AGAIN_MS)) -- to see whether they came
    else
      tell(visitor, 'turn', ends_ms - now_ms)
      again(visitor, math.max(RING_AGAIN_MS, now_ms - tonumber(turn)))
    end
  elseif not redis.call('ZSCORE', queue, visitor) then
    forget_push(pushes, rings, rung, visitor)
  else
    again(visitor, claim_ms) -- to see whether they wait still
    if near[visitor] and not redis.call('HGET', rung, visitor) then
      redis.call('HSET', rung, visitor, 'near')
      tell(visitor, 'near', claim_ms)
    end
  end
end
for _, key in ipairs({pushes, rings, rung}) do redis.call('PEXPIRE', key, kept_ms) end
return due
