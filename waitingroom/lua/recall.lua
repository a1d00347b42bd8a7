-- recall: what the room's record has that is not in the database yet.
--
-- KEYS    queue, active, state, minutes, record
-- ARGV    epoch and after (the record's entry up to which that epoch's are known; of another epoch all count), most
-- RETURN  the epoch in force ("" where Redis has none), how many wait, how many are inside, minutes as a flat field list, the
--         entries (their names and fields, as XRANGE has them), at most so many, oldest first
--
-- Atomic so that counts, line and entries are those of one instant, in one epoch.

local queue, active, state, minutes, record = unpack(KEYS)

local epoch = redis.call('HGET', state, 'epoch') or ''
local after = epoch == ARGV[1] and '(' .. ARGV[2] or '-'
return {
  epoch, redis.call('ZCARD', queue), redis.call('ZCARD', active), redis.call('HGETALL', minutes),
  redis.call('XRANGE', record, after, '+', 'COUNT', ARGV[3]),
}
