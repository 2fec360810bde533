/**
 * Makes of `look` a function that resolves when what was seen is at least as new as the call. One look at a time: calls while
 * one is under way share the next.
 */
export function createRefresher(look: () => Promise<void>): () => Promise<void> {
  let looking: Promise<void> | undefined;
  let isStale = false;

  async function lookUntilFresh(): Promise<void> {
    while (isStale) {
      isStale = false;
      await look();
    }
  }

  return () => {
    isStale = true;
    looking ??= lookUntilFresh().finally(() => {
      looking = undefined;
    });
    return looking;
  };
}
