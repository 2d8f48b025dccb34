-- billing/windows.py for several processes, on the clock of Redis. Every rule is explained there.
--
-- KEYS, for each request: the list of each of its windows, then the hash of its day, if it has one.
-- ARGV, for each request: how many windows; the limit and the length (microseconds) of each;
--   then the limit of the day (0: it has none), the count in the database, and the day of that.
-- Answers, for each request: which window refuses (0-based, -1: none), the wait in microseconds,
--   and today's number.

local DAY = 86400000000
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local today = math.floor(now / DAY)

local function whole(number)
  return string.format('%.0f', number)
end

-- How long until the window takes another one, and when it would have taken it now.
local function wait(key, limit, length)
  local newest = tonumber(redis.call('LINDEX', key, -1) or '')
  local at = now
  if newest and newest > now then
    if newest - now > length then
      redis.call('DEL', key)
      return 0, now
    end
    at = newest
  end
  local nth = newest and tonumber(redis.call('LINDEX', key, -limit) or '')
  return nth and math.max(0, nth + length - at) or 0, at
end

local function note(window)
  local held = redis.call('RPUSH', window.key, whole(window.at))
  if held > window.limit then
    redis.call('LTRIM', window.key, -window.limit, -1)
  end
  redis.call('PEXPIRE', window.key, whole(window.length / 1000 + 60000))
end

local key, argument = 0, 0
local function next_key()
  key = key + 1
  return KEYS[key]
end
local function next_number()
  argument = argument + 1
  return tonumber(ARGV[argument])
end

local function take()
  local refused_by, longest = -1, 0
  local windows = {}
  for place = 1, next_number() do
    local window = {key = next_key(), limit = next_number(), length = next_number()}
    windows[place] = window
    local waits
    waits, window.at = wait(window.key, window.limit, window.length)
    if waits > longest then
      refused_by, longest = place - 1, waits
    end
  end
  local day_limit, counted, counted_on = next_number(), next_number(), next_number()
  local day_key, used = nil, 0
  if day_limit > 0 then
    day_key = next_key()
    local kept = redis.call('HMGET', day_key, 'day', 'used')
    if tonumber(kept[1] or '') == today then
      used = tonumber(kept[2])
    end
    if counted_on == today and counted > used then
      used = counted
    end
    local waits = (today + 1) * DAY - now
    if used >= day_limit and waits > longest then
      refused_by, longest = #windows, waits
    end
  end
  if refused_by < 0 then
    for _, window in ipairs(windows) do
      note(window)
    end
    if day_key then
      redis.call('HSET', day_key, 'day', whole(today), 'used', whole(used + 1))
      redis.call('PEXPIRE', day_key, whole(DAY / 1000))
    end
  end
  return refused_by, longest
end

local answers = {}
while argument < #ARGV do
  local refused_by, longest = take()
  answers[#answers + 1] = refused_by
  answers[#answers + 1] = longest
  answers[#answers + 1] = today
end
return answers
