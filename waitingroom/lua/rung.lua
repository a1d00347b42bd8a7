-- rung: what became of a push: the turn was told, or the subscription is no more.
--
-- KEYS    entered, claims, pushes, rings, rung
-- ARGV    visitor, subscription (as it was tried; another that came meanwhile stays), outcome ("told" or "gone")
-- RETURN  1 where it was noted, else 0
--
-- Atomic because a visitor may bring another subscription in this very moment.

local entered, claims, pushes, rings, rung = unpack(KEYS)
local visitor, subscription, outcome = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HGET', pushes, visitor) ~= subscription then return 0 end
allow_writes(rings)
if outcome == 'gone' then
  forget_push(pushes, rings, rung, visitor)
  return 1
end
local turn = redis.call('ZSCORE', claims, visitor) and redis.call('ZSCORE', entered, visitor)
if turn then redis.call('HSET', rung, visitor, turn) end
return turn and 1 or 0
