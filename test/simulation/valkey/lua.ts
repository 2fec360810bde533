/**
 * The library's scripts as a server runs them: in Lua, by an interpreter in JavaScript, with `redis.call` at hand. Servers
 * have Lua 5.1; what the scripts use of it is the same in 5.3 but for the name of `unpack`.
 */
import fengari from 'fengari';

const { lauxlib, lua, lualib, to_luastring: text } = fengari;

/** `null` for nil, as it is in the protocol. */
export type Reply = number | Buffer | null | readonly Reply[];

export type Command = (name: string, args: readonly Buffer[]) => Reply;

const state = lauxlib.luaL_newstate();
lualib.luaL_openlibs(state);
lauxlib.luaL_dostring(state, text('unpack = table.unpack'));
lua.lua_createtable(state, 0, 1);
lua.lua_pushjsfunction(state, callFromScript);
lua.lua_setfield(state, -2, text('call'));
lua.lua_setglobal(state, text('redis'));

/** Where the interpreter keeps each script that it has seen. */
const compiled = new Map<string, number>();

/** Of the server whose script is running. Scripts run one at a time, from start to end. */
let command: Command = () => {
  throw new Error('No script is running.');
};
/** What it refused the running script; the interpreter would make another error of it. */
let refusal: unknown;

/** @throws Error as a server replies it, if the script fails */
export function runScript(
  script: string,
  keys: readonly Buffer[],
  args: readonly Buffer[],
  onCommand: Command,
): Reply {
  command = onCommand;
  refusal = undefined;
  const top = lua.lua_gettop(state);
  try {
    push(keys);
    lua.lua_setglobal(state, text('KEYS'));
    push(args);
    lua.lua_setglobal(state, text('ARGV'));
    lua.lua_rawgeti(state, lua.LUA_REGISTRYINDEX, compile(script));
    if (lua.lua_pcall(state, 0, 1, 0) !== lua.LUA_OK) throw refusal ?? new Error(`ERR ${messageAtTop()}`);
    return pulled(-1);
  } finally {
    lua.lua_pop(state, lua.lua_gettop(state) - top);
  }
}

function compile(script: string): number {
  const known = compiled.get(script);
  if (known !== undefined) return known;
  if (lauxlib.luaL_loadstring(state, text(script)) !== lua.LUA_OK) throw new Error(`ERR ${messageAtTop()}`);
  const place = lauxlib.luaL_ref(state, lua.LUA_REGISTRYINDEX);
  compiled.set(script, place);
  return place;
}

function callFromScript(): number {
  const [name, ...args] = Array.from({ length: lua.lua_gettop(state) }, (_, index) => bytesAt(index + 1));
  try {
    push(command(String(name), args));
  } catch (error) {
    refusal = error;
    throw error;
  }
  return 1;
}

function push(value: Reply): void {
  if (value === null) lua.lua_pushboolean(state, false);
  else if (typeof value === 'number') lua.lua_pushinteger(state, value);
  else if (Buffer.isBuffer(value)) lua.lua_pushlstring(state, value, value.length);
  else pushTable(value as readonly Reply[]);
}

function pushTable(values: readonly Reply[]): void {
  lua.lua_createtable(state, values.length, 0);
  for (const [index, value] of values.entries()) {
    push(value);
    lua.lua_rawseti(state, -2, index + 1);
  }
}

/** As a server turns values into replies: whole numbers, and a table up to its first nil. */
function pulled(index: number): Reply {
  switch (lua.lua_type(state, index)) {
    case lua.LUA_TNUMBER:
      return Math.trunc(lua.lua_tonumber(state, index));
    case lua.LUA_TSTRING:
      return bytesAt(index);
    case lua.LUA_TTABLE:
      return pulledTable();
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(state, index) ? 1 : null;
    default:
      return null;
  }
}

function pulledTable(): readonly Reply[] {
  const values: Reply[] = [];
  for (let place = 1; ; place += 1) {
    lua.lua_rawgeti(state, -1, place);
    const value = pulled(-1);
    lua.lua_pop(state, 1);
    if (value === null) return values;
    values.push(value);
  }
}

function bytesAt(index: number): Buffer {
  return Buffer.from(lua.lua_tostring(state, index));
}

function messageAtTop(): string {
  return bytesAt(-1).toString('utf8');
}
