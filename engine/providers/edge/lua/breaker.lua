-- Breaker of one provider and operation: state, failure window and the one probe's lease. circuit.py is the same in Python.
-- ARGV: event, lease, oks, now, window, failures, open, open_max, lease_span (spans and moments in ms; now 0: Redis's clock).
-- Events: ask (may I call?), look (the same, taking no lease), failed, probe_ok, probe_failed.
-- Answers {verdict, ms to wait}; verdict 0 closed, 1 open, 2 the probe is yours (look: is free).
local event, lease, oks, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local window, failures, open = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local open_max, lease_span = tonumber(ARGV[8]), tonumber(ARGV[9])
if now == 0 then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local held = redis.call('HMGET', KEYS[1], 'until', 'opened', 'lease', 'lease_until', 'began', 'ok', 'bad')
local until_, opened, holder = tonumber(held[1] or 0), tonumber(held[2] or 0), held[3] or ''
local lease_until, began = tonumber(held[4] or 0), tonumber(held[5] or 0)
local ok, bad = tonumber(held[6] or 0), tonumber(held[7] or 0)

local function keep(...)
    redis.call('HSET', KEYS[1], ...)
    redis.call('PEXPIRE', KEYS[1], 10 * (window + open_max + lease_span))
end

local function trip()
    local wait = math.min(open * 2 ^ math.min(opened, 20), open_max)
    keep('until', now + wait, 'opened', opened + 1, 'lease', '', 'lease_until', 0, 'ok', 0, 'bad', 0)
    return {1, wait}
end

if opened == 0 then
    if oks == 0 and event ~= 'failed' then
        return {0, 0}
    end
    if now - began >= window then
        began, ok, bad = now, 0, 0
    end
    ok = ok + oks
    if event == 'failed' then
        bad = bad + 1
        if bad >= failures and bad >= ok then
            return trip()
        end
    end
    keep('began', began, 'ok', ok, 'bad', bad)
    return {0, 0}
end
if holder ~= '' and holder == lease then
    if event == 'probe_ok' then
        redis.call('DEL', KEYS[1])
        return {0, 0}
    elseif event == 'probe_failed' then
        return trip()
    end
end
if now < until_ then
    return {1, until_ - now}
end
if holder ~= '' and now < lease_until then
    return {1, lease_until - now}
end
if event == 'ask' then
    keep('lease', lease, 'lease_until', now + lease_span)
end
if event == 'ask' or event == 'look' then
    return {2, 0}
end
return {1, 0}
