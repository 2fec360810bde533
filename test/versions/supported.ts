/**
 * The versions that the library is held to. `engines` and `peerDependencies` of package.json, and the README, say the
 * same: test/docs/supported-versions.test.ts compares them.
 */

export const NODES = ['20', '22', '24'] as const;
/** The first that has `process.getBuiltinModule`; `crypto.hash`, which takes a quarter of the time of `createHash`, came before. */
export const LOWEST_NODE_VERSION = '20.16';
export type NodeMajor = (typeof NODES)[number];

/** Each is installed under the name `middy` and its number. `@middy/core` is the first of them. */
export const MIDDYS = ['6', '7'] as const;
export type MiddyMajor = (typeof MIDDYS)[number];

/** From the packages' own `engines`. */
export const LOWEST_NODE: Readonly<Record<MiddyMajor, NodeMajor>> = { 6: '20', 7: '22' };

export interface Pair {
  readonly node: NodeMajor;
  readonly middy: MiddyMajor;
}

/** Every Node with every Middy that runs on it. */
export const SUPPORTED_PAIRS: readonly Pair[] = NODES.flatMap((node) =>
  MIDDYS.filter((middy) => Number(node) >= Number(LOWEST_NODE[middy])).map((middy) => ({ node, middy })),
);

/**
 * The pairs that `npm run test:versions` runs by itself: each Node once, and each Middy on the lowest Node that it runs
 * on. The suites of the middleware run with both Middys in every one of them (test/support/middy-versions.ts).
 */
export const TESTED_PAIRS: readonly Pair[] = [
  { node: '20', middy: '6' },
  { node: '22', middy: '7' },
  { node: '24', middy: '7' },
];
