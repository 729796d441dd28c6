#!lua name=hunyue

-- The doorman: everything that Redis decides. It may only say no early; the
-- last word is Postgres's (take_place in migration 0002).
--
-- All keys of an office-day share a hash tag, so that one function may touch
-- them in a cluster:
--   m          hash: rid, born, quar, and for every quota its line without the
--              id: "version cap booked cooling epoch open opens_at closes_at"
--   h:<quota>  sorted set: hold id -> instant (ms) at which the hold ends here,
--              which is a grace later than the holder is told
--   n:<hold>   note on a hold: how it has ended (C, R or X), or since when (ms)
--              it has been held, once it was extended
-- A family is a quota of one slot and channel, followed by the caps above it
-- (half-day, day, hall), of which any may be missing.
--
-- Every function may be repeated: the client library does so when an answer is
-- lost. Instants are milliseconds; shift is 0 outside demo mode and tests.

-- The one function that tells the time.
local function clock(shift)
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(shift)
end

-- Which life of Redis this is. A replica that takes over and a server that
-- starts again have another one: their data may lack acknowledged holds.
local function run_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end

local function parse(line)
  local version, cap, booked, cooling, epoch, open, opens, closes =
    string.match(line, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d) (%d+) (%d+)$')
  return {
    version = tonumber(version), cap = tonumber(cap), used = booked + cooling,
    epoch = tonumber(epoch), open = open == '1', opens = tonumber(opens), closes = tonumber(closes),
  }
end

-- Writes the lines that are newer than what is there, in any order and any
-- number of times. A line: "id version cap ...". A limit has served once what
-- it announced has come; a booking that comes meanwhile leaves it alone.
local function write_lines(m, lines, first)
  for i = first, #lines do
    local id, line = string.match(lines[i], '^(%S+) (.+)$')
    local old, new = redis.call('HGET', m, id), parse(line)
    old = old and parse(old)
    if not old or new.version > old.version then
      redis.call('HSET', m, id, line)
      if old and (new.cap ~= old.cap or new.epoch ~= old.epoch) then redis.call('HDEL', m, 'limit:' .. id) end
    end
  end
end

-- How many holds of a quota are alive.
local function live(h, now)
  redis.call('ZREMRANGEBYSCORE', h, '-inf', now)
  return redis.call('ZCARD', h)
end

-- A cut or closure that Redis has heard of before Postgres: "places until".
local function limited(cap, limit, now)
  if not limit then return cap end
  local places, til = string.match(limit, '^(%d+) (%d+)$')
  if tonumber(til) > now then return math.min(cap, tonumber(places)) end
  return cap
end

-- Whether a quota has no place left for one more hold.
local function full(h, quota, now)
  return quota.used >= quota.cap or quota.used + live(h, now) >= quota.cap
end

-- Which quota the holds of a key are of.
local function quota_of(h) return string.match(h, ':h:([^:]+)$') end

-- The lines of the caps above a place; false where there is none.
local function caps(keys)
  local ids = {}
  for i = 3, #keys do ids[i - 2] = quota_of(keys[i]) end
  if #ids == 0 then return {} end
  return redis.call('HMGET', keys[1], unpack(ids))
end

-- Writes when a hold ends. The set lives as long as the longest of its holds.
local function remember(keys, hold, ends, now)
  for i = 2, #keys do
    redis.call('ZADD', keys[i], ends, hold)
    redis.call('PEXPIRE', keys[i], math.max(ends - now + 60000, redis.call('PTTL', keys[i])))
  end
end

-- hold: KEYS m, h of the family, n of the hold; ARGV shift, hold, ttl, grace, '1'
-- if the hold's id was made for this request.
-- {'granted', ends_at, epoch, generation} | {'full'} | {'sold_out'} full of
-- bookings | {'closed'} | {'not_open', opens_at} | {'wait', ms} while a loss is waited out |
-- {'rebuild'} | {'unknown'} no such quota | {'ended', how} it cannot begin again.
local function hold(keys, args)
  local note = table.remove(keys)
  local quota = quota_of(keys[2])
  local line = redis.call('HGET', keys[1], quota)
  if not line then return {redis.call('HEXISTS', keys[1], 'rid') == 1 and 'unknown' or 'rebuild'} end
  local place = parse(line)
  if not place.open then return {'closed'} end
  if place.used >= place.cap and args[5] == '1' then return {'sold_out'} end -- most of a crowd ends here

  local now, id, ttl, grace = clock(args[1]), args[2], tonumber(args[3]), tonumber(args[4])
  if place.closes <= now then return {'closed'} end
  if place.opens > now then return {'not_open', place.opens} end
  local m = redis.call('HMGET', keys[1], 'rid', 'born', 'quar', 'limit:' .. quota)
  local rid, born, quar = m[1], m[2], tonumber(m[3] or 0)
  if not rid then return {'rebuild'} end
  local ends = tonumber(redis.call('ZSCORE', keys[2], id) or 0)
  if ends > now then return {'granted', ends - grace, place.epoch, rid .. ':' .. born} end
  local ended = string.match(redis.call('GET', note) or '', '^%u$')
  if ended then return {'ended', ended} end
  if quar > now then return {'wait', quar - now} end
  if quar > 0 then return {'rebuild'} end -- what was booked on lost holds may not have been settled

  if place.used >= place.cap then return {'sold_out'} end
  place.cap = limited(place.cap, m[4], now)
  if full(keys[2], place, now) then return {'full'} end
  for i, above in ipairs(caps(keys)) do
    if above and full(keys[2 + i], parse(above), now) then return {'full'} end
  end
  if run_id() ~= rid then return {'rebuild'} end -- only here: a "no" may be stale, a "yes" may not
  ends = math.min(now + ttl, place.closes)
  remember(keys, id, ends + grace, now)
  return {'granted', ends, place.epoch, rid .. ':' .. born}
end

-- extend gives a hold ttl from now on, up to three times ttl in all.
-- KEYS and ARGV as for hold.
-- {'granted', ...} | {'gone'} it has ended | {'lost'} Redis may have forgotten
-- it | {'enough'} it has been held for long enough.
local function extend(keys, args)
  local note = table.remove(keys)
  local now, id, ttl, grace = clock(args[1]), args[2], tonumber(args[3]), tonumber(args[4])
  local m = redis.call('HMGET', keys[1], 'rid', 'born', quota_of(keys[2]))
  if not (m[1] and m[3]) or run_id() ~= m[1] then return {'lost'} end
  local ends = tonumber(redis.call('ZSCORE', keys[2], id) or 0)
  if ends - grace <= now then return {'gone'} end
  local since = tonumber(redis.call('GET', note) or ends - grace - ttl)
  local place = parse(m[3])
  ends = math.min(now + ttl, place.closes)
  if ends > since + 3 * ttl then return {'enough'} end
  redis.call('SET', note, string.format('%.0f', since), 'PX', 4 * ttl + grace)
  remember(keys, id, ends + grace, now)
  return {'granted', ends, place.epoch, m[1] .. ':' .. m[2]}
end

-- pin keeps a hold alive while Postgres decides, but only one that has not ended
-- for its holder: whoever asks again and again cannot keep a place for ever.
-- KEYS m, h of the family; ARGV shift, hold, keep, generation and end of the token.
-- 'present' | 'gone' it has ended here | 'lost' Redis may have forgotten it.
local function pin(keys, args)
  local now, id, keep = clock(args[1]), args[2], tonumber(args[3])
  local ends = tonumber(redis.call('ZSCORE', keys[2], id) or 0)
  if ends > now then
    if ends < now + keep and now < tonumber(args[5]) then
      remember(keys, id, now + keep, now)
    end
    return 'present'
  end
  local m = redis.call('HMGET', keys[1], 'rid', 'born')
  if m[1] and m[1] .. ':' .. m[2] == args[4] and run_id() == m[1] then return 'gone' end
  return 'lost'
end

-- settle: KEYS m; ARGV lines. Where Redis has forgotten the office-day nothing
-- is written: a rebuild must come first.
local function settle(keys, args)
  if redis.call('HEXISTS', keys[1], 'rid') == 1 then write_lines(keys[1], args, 1) end
  return 'ok'
end

-- release ends a hold and settles, in one step, so that no place is free in
-- between. The note keeps it from beginning again, which Postgres would never
-- confirm. KEYS m, h of the family, n of the hold; ARGV hold, how, ms to keep the
-- note, lines.
local function release(keys, args)
  redis.call('SET', table.remove(keys), args[2], 'PX', args[3])
  if redis.call('HEXISTS', keys[1], 'rid') == 1 then write_lines(keys[1], args, 4) end
  for i = 2, #keys do redis.call('ZREM', keys[i], args[1]) end
  return 'ok'
end

-- rebuild fills an office-day that Redis does not know or has from another
-- life. Holds that survived are kept; no new one is granted for quarantine ms,
-- until every hold that may have been lost has ended. Then it takes another
-- rebuild to open the day: a hold that was lost may have become a booking whose
-- figures have not come here yet.
-- KEYS m; ARGV shift, quarantine, life, lines. 'rebuilt' | 'kept'.
local function rebuild(keys, args)
  local now, rid = clock(args[1]), run_id()
  local answer = 'kept'
  if redis.call('HGET', keys[1], 'rid') ~= rid then
    local quarantine = tonumber(args[2])
    redis.call('HSET', keys[1], 'rid', rid, 'born', now, 'quar', quarantine > 0 and now + quarantine or 0)
    answer = 'rebuilt'
  elseif tonumber(redis.call('HGET', keys[1], 'quar')) <= now then
    redis.call('HSET', keys[1], 'quar', 0) -- waited out, and here are the figures
  end
  write_lines(keys[1], args, 4)
  redis.call('PEXPIRE', keys[1], args[3])
  return answer
end

-- limit cuts a quota here before Postgres does, for ms: long enough to do it
-- there, and gone by itself if nobody does. Live holds keep their place unless
-- hard is '1'. KEYS m, h; ARGV shift, quota, places, ms, hard.
-- The number of places that can be sold at the least, or -1 if unknown.
local function limit(keys, args)
  local now, places = clock(args[1]), tonumber(args[3])
  local line = redis.call('HGET', keys[1], args[2])
  if not line then return -1 end
  if args[5] ~= '1' then places = math.max(places, parse(line).used + live(keys[2], now)) end
  redis.call('HSET', keys[1], 'limit:' .. args[2], places .. ' ' .. string.format('%.0f', now + args[4]))
  return places
end

-- lift takes a limit back that came to nothing. KEYS m; ARGV quota.
local function lift(keys, args)
  redis.call('HDEL', keys[1], 'limit:' .. args[1])
  return 'ok'
end

-- count: KEYS h of any quotas of one office-day; ARGV shift. Live holds of each.
local function count(keys, args)
  local now, counts = clock(args[1]), {}
  for i = 1, #keys do counts[i] = redis.call('ZCOUNT', keys[i], '(' .. string.format('%.0f', now), '+inf') end
  return counts
end

-- lock keeps a person to one hold. KEYS p; ARGV hold, ms. 'ok' | 'busy'.
local function lock(keys, args)
  local owner = redis.call('GET', keys[1])
  if owner and owner ~= args[1] then return 'busy' end
  redis.call('SET', keys[1], args[1], 'PX', args[2])
  return 'ok'
end

-- unlock frees a person, if it is this hold that locked them.
local function unlock(keys, args)
  if redis.call('GET', keys[1]) == args[1] then redis.call('DEL', keys[1]) end
  return 'ok'
end

redis.register_function('hunyue_hold', hold)
redis.register_function('hunyue_extend', extend)
redis.register_function('hunyue_pin', pin)
redis.register_function('hunyue_settle', settle)
redis.register_function('hunyue_release', release)
redis.register_function('hunyue_rebuild', rebuild)
redis.register_function('hunyue_limit', limit)
redis.register_function('hunyue_lift', lift)
redis.register_function{function_name = 'hunyue_count', callback = count, flags = {'no-writes'}}
redis.register_function('hunyue_lock', lock)
redis.register_function('hunyue_unlock', unlock)
