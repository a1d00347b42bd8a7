-- marks: which of several browsers with one visitor's cookie has the place inside; scripts.py puts it behind the prelude.
--
-- Every page inside hands out a slip with a new mark, beside the one in force when it was drawn. The first to come back with a
-- mark drawn from the one in force puts it in force; whatever else was drawn from the old one belongs to another browser, or
-- was never received. Before the first came back the mark in force is "", and so is that of who brings no slip. A mark begins with
-- its number in the row: who brings one drawn from a later one than that in force shows that Redis lost its last writes.
--
-- mark_of(marks, visitor, how, brought, now_us, claim_ms)  the mark in force after this request; nil where another browser has
--                          the place. Without a slip a browser takes it over, unless it changed hands a moment ago

local function number_in_row(mark) return tonumber(string.match(mark, '^(%d+)x') or 0) end

local function mark_of(marks, visitor, how, brought, now_us, claim_ms)
  local now_ms = math.floor(now_us / 1000)
  local own, before = string.match(brought, '^[wa],%w+,%d+,[01],%d+,(%w*),(%w*)$')
  own, before = own or '', before or ''
  local held, handed_over_ms = string.match(redis.call('HGET', marks, visitor) or '', '^(%w*),(%d+)$')
  local function keep(mark, at_ms)
    redis.call('HSET', marks, visitor, mark .. ',' .. integer(at_ms))
    return mark
  end

  local function take_over() return keep(number_in_row(held or '') + 1 .. 'x' .. integer(now_us), now_ms) end

  if how == 'take' then return take_over() end
  if not held then return how == 'watch' and own or keep(own, own == '' and now_ms or 0) end
  local since_ms = math.abs(now_ms - tonumber(handed_over_ms))
  if own == held and (own ~= '' or since_ms < claim_ms) then return held end
  if own ~= '' and (before == held or number_in_row(before) > number_in_row(held)) then
    -- A page asks by itself while another is loading: only its reader decides between the two marks.
    return how == 'watch' and held or keep(own, held == '' and 0 or handed_over_ms)
  end
  if own == '' and how ~= 'watch' and since_ms >= RETURN_MS then return take_over() end
  return nil
end
