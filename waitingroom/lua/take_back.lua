-- take_back: give visitors whom Redis forgot the places that their slips prove.
--
-- KEYS    queue, active, seen, present, entered, gone, drawn, state, config, fleet
-- ARGV    now_us (tests only; empty = Redis's clock), then for each visitor the name and the slip (see returning.lua)
-- RETURN  for each visitor "active", "waiting" or "none" (the slip proves nothing); or {"unknown"} when Redis has no settings
--
-- Atomic because a visitor must be in one place only, and the books must balance.

local queue, active, seen, present, entered, gone, drawn, state, config, fleet = unpack(KEYS)
local now_us = clock(ARGV[1])
local now_ms = math.floor(now_us / 1000)

local c = settings(config)
local s = redis.call('HMGET', state, 'epoch', 'last_number', 'lost_at_ms', 'recovery_ms', 'forgotten_ms', 'lined_up', 'drawn_until')
if not c or not s[1] then return {'unknown'} end
local last = tonumber(s[2] or 0)
local vacancy = threshold(c, instances(fleet, now_ms, c)) - redis.call('ZCARD', active)
local recovering_ms = settling(s[3], s[4], now_ms, c, s[6])
local memory = memory_of(s[1], s[3], s[4], s[5], recovering_ms, drawn, s[7], now_ms, c)
local counts = {joined = 0, straight_in = 0, admitted = 0}
allow_writes(queue)

local answer = {}
for i = 2, #ARGV, 2 do
  local visitor = ARGV[i]
  if redis.call('ZSCORE', active, visitor) then
    answer[#answer + 1] = 'active'
  elseif redis.call('ZSCORE', queue, visitor) then
    answer[#answer + 1] = 'waiting'
  else
    local slip = honoured(ARGV[i + 1], visitor, gone, memory, now_ms)
    local phase = 'none'
    if slip then
      last = math.max(last, slip.number)
      phase = return_to_place(slip, visitor, queue, active, counts, memory, vacancy, slip.expires_ms)
      if phase == 'active' then
        vacancy = vacancy - 1
        come_in(entered, since_ms_of(slip, now_ms), {visitor})
      else
        redis.call('ZADD', seen, integer(now_ms), visitor)
        redis.call('ZADD', present, integer(slip.number), visitor)
      end
    end
    answer[#answer + 1] = phase
  end
end

if last > tonumber(s[2] or 0) then redis.call('HSET', state, 'last_number', integer(last)) end
count_in(state, counts)
return answer
