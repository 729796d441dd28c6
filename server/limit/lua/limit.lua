#!lua name=hunyue_limit

-- Budgets. Every function touches the one key that it is given, so that a
-- cluster may have each of them anywhere, and may be repeated.
--
-- A budget is a sorted set of the things that it was spent on, by when (ms):
-- the same thing is one unit however often it is asked for, and can be taken
-- out again. It never holds more than the budget is, whoever asks how often.

local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- spend: KEYS budget; ARGV most, window (ms), thing.
-- {'new', 0} | {'known', 0} it was spent on before | {'over', ms} until a unit is free
local function spend(keys, args)
  local key, now = keys[1], clock()
  local most, window, thing = tonumber(args[1]), tonumber(args[2]), args[3]
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  if redis.call('ZSCORE', key, thing) then return {'known', 0} end
  if redis.call('ZCARD', key) >= most then
    local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    return {'over', math.max(1, (oldest or now) + window - now)}
  end
  redis.call('ZADD', key, now, thing)
  redis.call('PEXPIRE', key, window)
  return {'new', 0}
end

-- back: KEYS budget; ARGV thing, within (ms).
-- 1 if the unit that was spent on it is free again, 0 if there is none or it was
-- spent longer ago than within; 0 ms is no limit.
local function back(keys, args)
  local since, within = redis.call('ZSCORE', keys[1], args[1]), tonumber(args[2])
  if not since or (within > 0 and clock() - since > within) then return 0 end
  return redis.call('ZREM', keys[1], args[1])
end

-- rate: KEYS counter; ARGV window (ms). Counts one, and returns how many there
-- were in the last window: those of this one, and of the one before in
-- proportion to how much of it still counts.
local function rate(keys, args)
  local key, now, window = keys[1], clock(), tonumber(args[1])
  local current = math.floor(now / window)
  local n = redis.call('HINCRBY', key, current, 1)
  local before = tonumber(redis.call('HGET', key, current - 1) or 0)
  redis.call('HDEL', key, current - 2)
  redis.call('PEXPIRE', key, 2 * window)
  return n + math.floor(before * (1 - (now % window) / window))
end

redis.register_function('hunyue_limit_spend', spend)
redis.register_function('hunyue_limit_back', back)
redis.register_function('hunyue_limit_rate', rate)
