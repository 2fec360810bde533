/**
 * The conditional writes, in Lua: a script runs at one go on the server, so that nobody is between its condition and its
 * write. Each touches one key, the only one that it names, and so runs in a cluster as well.
 *
 * Replies: `{0, record}` refused, `{1}` or `{1, record}` applied, `{2}` too large; a record is its flat hash, and an empty
 * one where there is none. Times go in as lengths and are put on the server's clock here (`TIME`).
 */
import { createHash } from 'node:crypto';
import { FIELDS, STEP_PREFIX } from './record-hash.ts';

export interface Script {
  readonly lua: string;
  /** By which the server knows a script that it has run before. */
  readonly sha1: string;
}

const HEAD = `
local key = KEYS[1]
local function refused()
  return {0, redis.call('HGETALL', key)}
end
local function is_owned_by(owner)
  local held = redis.call('HMGET', key, '${FIELDS.status}', '${FIELDS.owner}')
  return held[1] == 'INPROGRESS' and held[2] == owner
end
local function has_lease(owner, lease_end)
  return is_owned_by(owner) and redis.call('HGET', key, '${FIELDS.leaseEnd}') == lease_end
end
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function in_ms(length)
  return string.format('%.0f', now_ms() + length)
end
`;

/** ARGV: time to live, length of the lease (ms), then the fields and values of the record. */
export const ACQUIRE = script(`
if redis.call('EXISTS', key) == 1 then return refused() end
redis.call('HSET', key, '${FIELDS.serverLeaseEnd}', in_ms(ARGV[2]), unpack(ARGV, 3))
redis.call('PEXPIRE', key, ARGV[1])
return {1}
`);

/**
 * ARGV: owner and end of the lapsed lease, time to live, length of the lease (ms), then fields and values. The last word
 * on whether the lease is over is the server's clock: a caller whose clock is ahead is refused.
 */
export const TAKE_OVER = script(`
if not has_lease(ARGV[1], ARGV[2]) then return refused() end
if now_ms() < tonumber(redis.call('HGET', key, '${FIELDS.serverLeaseEnd}') or 0) then return refused() end
redis.call('HSET', key, '${FIELDS.serverLeaseEnd}', in_ms(ARGV[4]), unpack(ARGV, 5))
local record = redis.call('HGETALL', key)
redis.call('PEXPIRE', key, ARGV[3])
return {1, record}
`);

/** ARGV: owner and end of the lease, its next end, its next length (ms, below 0 for a lease that is given back). */
export const RENEW = script(`
if not has_lease(ARGV[1], ARGV[2]) then return refused() end
redis.call('HSET', key, '${FIELDS.leaseEnd}', ARGV[3], '${FIELDS.serverLeaseEnd}', in_ms(ARGV[4]))
return {1}
`);

/** ARGV: owner, field of the step, its JSON, bytes that all steps together may have. */
export const RECORD_STEP = script(`
if not is_owned_by(ARGV[1]) then return refused() end
local bytes = #ARGV[2] + #ARGV[3]
for _, field in ipairs(redis.call('HKEYS', key)) do
  if string.sub(field, 1, ${STEP_PREFIX.length}) == '${STEP_PREFIX}' and field ~= ARGV[2] then
    bytes = bytes + #field + redis.call('HSTRLEN', key, field)
  end
end
if bytes > tonumber(ARGV[4]) then return {2} end
redis.call('HSET', key, ARGV[2], ARGV[3])
return {1}
`);

/** ARGV: owner, time to live (ms), then fields and values. */
export const COMPLETE = script(`
if not is_owned_by(ARGV[1]) then return refused() end
for _, field in ipairs(redis.call('HKEYS', key)) do
  if string.sub(field, 1, ${STEP_PREFIX.length}) == '${STEP_PREFIX}' then redis.call('HDEL', key, field) end
end
redis.call('HSET', key, unpack(ARGV, 3))
redis.call('PEXPIRE', key, ARGV[2])
return {1}
`);

/** ARGV: owner. */
export const RELEASE = script(`
if not is_owned_by(ARGV[1]) then return refused() end
redis.call('DEL', key)
return {1}
`);

/**
 * No arguments. A script although it decides nothing: clients send it where they send writes, never to a replica that lags
 * behind, and it replies in one form, whatever version of the protocol a client speaks.
 */
export const READ = script(`
return {1, redis.call('HGETALL', key)}
`);

function script(body: string): Script {
  const lua = HEAD + body;
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}
