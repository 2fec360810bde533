/** The part of the DOM's `LockManager` that is needed; Node.js has no type of it yet. */
export interface WebLockManager {
  request<T>(name: string, work: () => Promise<T>): Promise<T>;
  request<T>(name: string, options: { readonly signal?: AbortSignal }, work: () => Promise<T>): Promise<T>;
}

/** `navigator.locks` of a browser: one for all tabs of an origin, and given back when a tab dies. */
export function webLockManager(): WebLockManager | undefined {
  const { navigator, document } = globalThis as {
    navigator?: { locks?: WebLockManager };
    document?: unknown;
    WorkerGlobalScope?: unknown;
  };
  const isBrowser = document !== undefined || 'WorkerGlobalScope' in globalThis;
  // Node.js 24 has `navigator.locks`, too, but for the threads of one process: it would not see a second process.
  return isBrowser ? navigator?.locks : undefined;
}
