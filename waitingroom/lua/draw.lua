-- draw: give a draw's entrants their numbers in line, ahead of everybody who comes at the opening or later.
--
-- KEYS    queue, active, seen, present, gone, drawn, state, config, pace, minutes
-- ARGV    opened_us (when the room opened), size (entrants in all), first_rank (of the first visitor here), now_us (tests only;
--         empty = Redis's clock), then for each visitor, in the order of the ranks, the name and when they were last seen,
--         Unix milliseconds (0: never; who is absent keeps the number for the grace period); an empty name is nobody: the number is not
--         given out
-- RETURN  for each visitor "waiting", "active" (inside already) or "gone" (left since, or nobody; or is not in a line that
--         takes nobody new); or {"unknown"} when Redis has no settings,
--         {"early"} before the opening, {"closed"} when the room is closed, {"out-of-memory"}: nothing was changed
--
-- Atomic because whoever comes meanwhile must come after all of these. Called again it changes nothing: the numbers follow from
-- the ranks. Who has a number of the gathering, or drew one at the opening before this call, has the drawn one from now on.

local queue, active, seen, present, gone, drawn, state, config, pace, minutes = unpack(KEYS)
local opened_us, size, first = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now_us = clock(ARGV[4])
local now_ms = math.floor(now_us / 1000)

local c = settings(config)
local s = redis.call('HMGET', state, 'epoch', 'last_number')
if not c or not s[1] then return {'unknown'} end
if now_us < opened_us then return {'early'} end
if c.mode == 'closed' then return {'closed'} end
if out_of_memory(state, queue, s[1]) then return {'out-of-memory'} end

local horizon = math.floor(horizon_of(state, now_ms, c))
local answer, places, signs, here, numbers, joined = {}, {}, {}, {}, {}, 0

local function place(visitor, number, seen_ms)
  if redis.call('ZSCORE', active, visitor) then return 'active' end
  local held = redis.call('ZSCORE', queue, visitor)
  if held and redis.call('ZSCORE', drawn, visitor) then return 'waiting' end -- drawn before
  if not held and c.mode == 'draining' then return 'gone' end
  local left = not held and redis.call('ZSCORE', gone, visitor)
  if left and left_at_ms(left) >= math.floor(number / 1000) then return 'gone' end
  if not held then joined = joined + 1 end
  local at_ms = math.max(horizon, math.min(seen_ms, now_ms))
  local n = #places
  places[n + 1], places[n + 2] = integer(number), visitor
  signs[n + 1], signs[n + 2] = integer(at_ms), visitor
  if at_ms > horizon or redis.call('ZSCORE', present, visitor) then
    here[#here + 1] = integer(number)
    here[#here + 1] = visitor
  end
  return 'waiting'
end

for i = 5, #ARGV, 2 do
  local number = opened_us - 1 - size + first + (i - 5) / 2
  answer[#answer + 1] = ARGV[i] == '' and 'gone' or place(ARGV[i], number, tonumber(ARGV[i + 1]))
  if ARGV[i] ~= '' then
    local n = #numbers
    numbers[n + 1], numbers[n + 2] = integer(number), ARGV[i]
  end
end
note_drawn(drawn, numbers)
if #places == 0 then return answer end

redis.call('ZADD', queue, unpack(places))
redis.call('ZADD', seen, 'GT', unpack(signs))
if #here > 0 then redis.call('ZADD', present, unpack(here)) end
redis.call('HSET', state, 'last_number', integer(math.max(tonumber(s[2] or 0), opened_us - 1)))
count_in(state, {joined = joined})
if joined > 0 then tally(pace, now_ms, 'a', joined) end
book(minutes, now_ms, 'j', joined)
return answer
