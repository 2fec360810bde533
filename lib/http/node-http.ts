/**
 * Node's `http`, without its name in an import.
 *
 * From Node 22 on, an ES module that imports it makes Node read all its exports, `WebSocket` among them, and load undici for
 * them: 10 ms of a cold start, for whoever wants none of it (docs/performance.md). `node:https` has no such export.
 */
export function nodeHttp(): typeof import('node:http') {
  return process.getBuiltinModule('node:http');
}
