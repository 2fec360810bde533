/** `lock`: acquire and complete. `commit`: the same, and the completion goes out with the handler's writes. */
export const STRATEGIES = ['lock', 'commit'] as const;
export type Strategy = (typeof STRATEGIES)[number];
