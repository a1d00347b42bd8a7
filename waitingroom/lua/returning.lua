-- returning: visitors with a slip for a place that Redis forgot; scripts.py puts it behind the prelude.
--
-- A slip comes as "kind,epoch,number,drawn,expires_ms,mark,before" (for the last two see marks.lua): kind w (waiting) or a (admitted), drawn 1 where the number was drawn
-- in the line (0: straight in), expires_ms of an admission. That it is genuine, and this visitor's, was seen before.
--
-- memory_of(epoch, lost_at_ms, recovery_ms, forgotten_ms, recovering_ms, drawn, drawn_until, now_ms, c)  the epoch in force, those
--                          lost, how long the recovery period goes on (see settling), since when the gone are remembered, and
--                          which numbers a draw gave out in place of those up to `drawn_until`
-- honoured(text, visitor, gone, memory, now_ms)  the slip as a table, by the drawn number where there is one; or nil where it
--                          proves nothing (any more)
-- return_to_place(slip, visitor, queue, active, counts, memory, vacancy, expires_ms)  back inside, or into the line by the old
--                          number; returns "active" or "waiting". `counts` is what count_in books
-- since_ms_of(slip, now_ms)  when the stay of who is back inside began; now, where the slip does not tell
-- note_drawn(drawn, numbers)  remembers the numbers that a draw gave out, listed as number and visitor, as long as slips count

local function memory_of(epoch, lost_at_ms, recovery_ms, forgotten_ms, recovering_ms, drawn, drawn_until, now_ms, c)
  local since_ms = lost_at_ms and math.abs(now_ms - tonumber(lost_at_ms)) or 0
  return {
    epoch = epoch,
    forgotten_ms = tonumber(forgotten_ms or 0),
    lost = c.lost_epochs,
    recovering_ms = recovering_ms,
    drawn = drawn,
    drawn_until = tonumber(drawn_until or 0),
    -- Who comes back later than this is as absent as anybody else.
    awaits = lost_at_ms and since_ms < tonumber(recovery_ms) + tonumber(c.grace_ms),
  }
end

-- The slip of who did not load a page since says the gathering's number.
local function in_force(number, visitor, memory)
  if number > memory.drawn_until then return number end
  return tonumber(redis.call('ZSCORE', memory.drawn, visitor) or number)
end

local function honoured(text, visitor, gone, memory, now_ms)
  local kind, epoch, number, drawn, expires_ms = string.match(text, '^([wa]),(%w+),(%d+),([01]),(%d+)[,%w]*$')
  if not kind then return nil end
  number, expires_ms = tonumber(number), tonumber(expires_ms)
  if epoch ~= memory.epoch then
    if not lists(memory.lost, epoch) then return nil end
    if kind == 'w' and not memory.awaits then return nil end
  end
  if epoch == memory.epoch and math.floor(number / 1000) <= memory.forgotten_ms then return nil end
  if kind == 'a' and expires_ms <= now_ms then return nil end
  -- Spent: its owner left after it was drawn. Who came again has a later number, and may prove that one.
  local left = redis.call('ZSCORE', gone, visitor)
  if left and left_at_ms(left) >= math.floor(number / 1000) then return nil end
  number = in_force(number, visitor, memory)
  return {kind = kind, number = number, drawn = drawn == '1', expires_ms = expires_ms}
end

local function since_ms_of(slip, now_ms)
  return slip.drawn and now_ms or math.min(now_ms, math.floor(slip.number / 1000))
end

-- Who was inside when Redis lost everything stays inside, whatever the threshold has become: as when staff lower it. Later,
-- others may have the place: then the old number, ahead of all who wait, is worth the next one.
local function return_to_place(slip, visitor, queue, active, counts, memory, vacancy, expires_ms)
  if slip.kind == 'a' and (memory.recovering_ms > 0 or vacancy > 0) then
    redis.call('ZADD', active, integer(expires_ms), visitor)
    if slip.drawn then
      counts.joined = counts.joined + 1
      counts.admitted = counts.admitted + 1
    else
      counts.straight_in = counts.straight_in + 1
    end
    return 'active'
  end
  redis.call('ZADD', queue, integer(slip.number), visitor)
  counts.joined = counts.joined + 1
  return 'waiting'
end

local function note_drawn(drawn, numbers)
  if #numbers == 0 then return end
  redis.call('ZADD', drawn, unpack(numbers))
  redis.call('PEXPIRE', drawn, KEPT_MS)
end
