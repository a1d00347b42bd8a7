-- survey: everything staff and metrics want to know of a room, read in one instant.
--
-- KEYS    queue, active, seen, present, strangers, entered, stays, state, config, fleet, pace
-- ARGV    now_us (tests only; empty = Redis's clock)
-- RETURN  now_ms, mode, waiting, present, number of the first present at the last tick (0: nobody), pace (see pace_of), admissions of the last
--         minute, then state and pace as flat field lists, the room's weight and floor in the fleet, strangers in line,
--         ms until the recovery period ends (0: there is none), the stage (see stage_of), ms until the opening; no settings in Redis read as
--         an empty mode and zeros
--
-- Atomic so that the counts add up.

local queue, active, seen, present, strangers, entered, stays, state, config, fleet, pace = unpack(KEYS)
local now_us = clock(ARGV[1])
local now_ms = math.floor(now_us / 1000)
local NONE = {
  mode = '', threshold = '0', threshold_per_instance = '0', users_per_minute_per_instance = '0', minimum_instances = '0',
  presence_ms = '0', claim_ms = '0', idle_ms = '0', gathers_us = '0', opens_us = '0', opening_order = 'arrival',
}

local c = settings(config) or NONE
local first = redis.call('ZRANGE', present, 0, 0, 'WITHSCORES')
local lost_at_ms, recovery_ms, lined_up = unpack(redis.call('HMGET', state, 'lost_at_ms', 'recovery_ms', 'lined_up'))
local admissions = recent(pace, now_ms, 'm')
return {
  integer(now_ms), c.mode, redis.call('ZCARD', queue),
  redis.call('ZCOUNT', seen, '(' .. integer(horizon_of(state, now_ms, c)), '+inf'), first[2] or '0',
  pace_of({queue = queue, active = active, present = present, entered = entered, stays = stays, fleet = fleet, pace = pace}, now_ms, c),
  admissions, redis.call('HGETALL', state), redis.call('HGETALL', pace),
  c.fleet_weight or '1', c.fleet_floor or '0', redis.call('ZCARD', strangers), settling(lost_at_ms, recovery_ms, now_ms, c, lined_up),
  stage_of(c, now_us), opens_in_ms(c, now_us),
}
