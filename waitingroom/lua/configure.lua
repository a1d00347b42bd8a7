-- configure: write the room's settings, unless they stand already; begin an epoch where Redis has none.
--
-- KEYS    config, state, queue, active, seen, present, strangers, entered, stays, claims, missed, marks, gone, drawn, fleet, pace, minutes, record
-- ARGV    version (a digest of the settings), the database's epoch, "begun" if that one was in force before (or "new"),
--         recovery_ms, now_us (tests only; empty = Redis's clock), then field and value pairs
-- RETURN  the epoch in force, or "" where Redis lost the database's; unless it is the database's nothing was written
--
-- While a newer release is about, an older one leaves its settings alone: two clocks would else overwrite each other's every
-- second, and what the newer one's scripts read be missing in turn. After a rollback the older one's count again in RELEASE_GONE_MS.
--
-- Atomic so that no verb reads half of the settings, nor lets a newcomer in before the recovery period began. An older version
-- may win a race of two savers: the clock brings the database's version every second.

local config, state, queue, active, seen, present, strangers, entered, stays, claims, missed, marks, gone, drawn, fleet, pace, minutes, record = unpack(KEYS)
local version, epoch, begun, recovery_ms = ARGV[1], ARGV[2], ARGV[3] == 'begun', ARGV[4]
local now_ms = math.floor(clock(ARGV[5]) / 1000)
local c = {}
for i = 6, #ARGV, 2 do c[ARGV[i]] = ARGV[i + 1] end

local in_force = redis.call('HGET', state, 'epoch') or ''
if in_force ~= epoch or epoch == '' then
  -- An old copy of Redis's memory, put back in place of a newer one, is a loss as well.
  local lost = in_force == '' or lists(c.lost_epochs, in_force)
  if epoch == '' or (begun and not lost) then return in_force end
  if begun then return '' end
  if not lost then -- left by another room of this name
    redis.call('UNLINK', config, state, queue, active, seen, present, strangers, entered, stays, claims, missed, marks, gone, drawn, fleet, pace, minutes, record)
  end
  redis.call('HSET', state, 'epoch', epoch)
  if c.lost_epochs ~= '' then redis.call('HSET', state, 'lost_at_ms', integer(now_ms), 'recovery_ms', recovery_ms) end
end
local stands = redis.call('HMGET', config, 'version', 'release', 'confirmed_at_ms')
local confirmed_ms = math.abs(now_ms - tonumber(stands[3] or 0))
if stands[1] ~= version then
  if tonumber(stands[2] or 0) > tonumber(c.release or 0) and confirmed_ms < RELEASE_GONE_MS then return epoch end
  redis.call('DEL', config)
  redis.call('HSET', config, 'version', version, 'confirmed_at_ms', integer(now_ms), unpack(ARGV, 6))
elseif confirmed_ms > RELEASE_GONE_MS / 4 then
  allow_writes(queue)
  redis.call('HSET', config, 'confirmed_at_ms', integer(now_ms))
end
return epoch
