/** As much of fengari, which brings no types, as lua.ts asks for: the C interface of Lua 5.3. */
declare module 'fengari' {
  type State = object;
  type Text = Uint8Array;

  export const lua: {
    readonly LUA_OK: number;
    readonly LUA_REGISTRYINDEX: number;
    readonly LUA_TBOOLEAN: number;
    readonly LUA_TNUMBER: number;
    readonly LUA_TSTRING: number;
    readonly LUA_TTABLE: number;
    lua_createtable(state: State, places: number, names: number): void;
    lua_gettop(state: State): number;
    lua_pcall(state: State, args: number, results: number, handler: number): number;
    lua_pop(state: State, count: number): void;
    lua_pushboolean(state: State, value: boolean): void;
    lua_pushinteger(state: State, value: number): void;
    lua_pushjsfunction(state: State, work: (state: State) => number): void;
    lua_pushlstring(state: State, text: Text, length: number): void;
    lua_rawgeti(state: State, index: number, place: number): number;
    lua_rawseti(state: State, index: number, place: number): void;
    lua_setfield(state: State, index: number, name: Text): void;
    lua_setglobal(state: State, name: Text): void;
    lua_toboolean(state: State, index: number): boolean;
    lua_tonumber(state: State, index: number): number;
    lua_tostring(state: State, index: number): Text;
    lua_type(state: State, index: number): number;
  };
  export const lauxlib: {
    luaL_dostring(state: State, text: Text): number;
    luaL_loadstring(state: State, text: Text): number;
    luaL_newstate(): State;
    luaL_ref(state: State, table: number): number;
  };
  export const lualib: { luaL_openlibs(state: State): void };
  export function to_luastring(text: string): Text;
}
