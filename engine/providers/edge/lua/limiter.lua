-- Outbound limit of one provider and key (GCRA). KEYS[1] holds the moment at which the bucket would be full again.
-- ARGV: microseconds a call, burst (calls), calls wanted, microseconds to hold everybody back (0: none).
-- Answers {calls granted, microseconds until the next one may be}. The clock is Redis's: workers' clocks don't matter.
local each, burst, want, hold = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local room = burst * each
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
if hold > 0 then
    full_at = math.max(full_at, now + hold + room - each)
end
local granted = math.max(0, math.min(want, math.floor((now + room - full_at) / each)))
full_at = full_at + granted * each
if granted > 0 or hold > 0 then
    redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1000)
end
return {granted, math.max(0, full_at + each - room - now)}
