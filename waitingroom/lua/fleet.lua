-- fleet: the room's share of the instances in service, of those booting, and what other rooms release, as told by whoever runs them.
--
-- KEYS    fleet
-- ARGV    in_service (fractions: rooms share, new instances ramp up), boots, released (JSON), multiplier (the part of its rate that
--         admission has), now_us (tests only; empty = Redis's clock)
-- RETURN  1
--
-- A script for its clock: what is older than a minute on Redis's clock is not believed (see the prelude).

redis.call('HDEL', KEYS[1], '') -- as allow_writes: the servers count even where Redis is out of memory
redis.call('HSET', KEYS[1], 'in_service', ARGV[1], 'boots', ARGV[2], 'released', ARGV[3],
  'multiplier', ARGV[4], 'at_ms', integer(math.floor(clock(ARGV[5]) / 1000)))
return 1
