-- remember: tell Redis, which lost the line since, the numbers that a draw gave out; who is back by an older one has the drawn one.
--
-- KEYS    queue, present, drawn, state
-- ARGV    opened_us, size, first_rank (see draw.lua), until (the last number given out before they were lined up), then the
--         visitors in the order of the ranks (an empty name is nobody)
-- RETURN  how many of them stood by another number
--
-- Atomic because each of them stands by one number. Nobody is put into the line: who is done must not come back, and whoever
-- comes by a slip has the drawn number at once (see returning.lua). Called again it changes nothing.

local queue, present, drawn, state = unpack(KEYS)
local opened_us, size, first, given_until = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

allow_writes(queue)
local numbers, places, here = {}, {}, {}
for i = 5, #ARGV do
  local visitor, number = ARGV[i], opened_us - 1 - size + first + i - 5
  local n, held = #numbers, 0
  if visitor ~= '' then
    numbers[n + 1], numbers[n + 2] = integer(number), visitor
    held = tonumber(redis.call('ZSCORE', queue, visitor) or 0)
  end
  if held > 0 and held <= given_until and held ~= number then
    n = #places
    places[n + 1], places[n + 2] = integer(number), visitor
    if redis.call('ZSCORE', present, visitor) then
      n = #here
      here[n + 1], here[n + 2] = integer(number), visitor
    end
  end
end
note_drawn(drawn, numbers)
if #places > 0 then redis.call('ZADD', queue, unpack(places)) end
if #here > 0 then redis.call('ZADD', present, unpack(here)) end
redis.call('HSET', state, 'drawn_until', integer(given_until))
return #places / 2
