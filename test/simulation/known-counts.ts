import type { WhenUncertain, Work } from './world.ts';

/** What the exhaustive model has counted. The counts change only with the protocol, the port or the model itself. */
export interface KnownCounts {
  readonly attempts: number;
  readonly crashes: number;
  readonly faults: number;
  readonly work: Work;
  readonly onUncertain: WhenUncertain;
  readonly states: number;
  readonly histories: number;
  readonly joined: number;
}

// biome-ignore format: a table
export const KNOWN_COUNTS: readonly KnownCounts[] = [
  { attempts: 2, crashes: 1, faults: 1, work: 'effect', onUncertain: 'retry', states: 7_341, histories: 6_290, joined: 8_904 },
  { attempts: 2, crashes: 1, faults: 1, work: 'effect', onUncertain: 'block', states: 6_647, histories: 5_929, joined: 8_784 },
  { attempts: 2, crashes: 2, faults: 2, work: 'effect', onUncertain: 'retry', states: 44_006, histories: 38_877, joined: 63_289 },
  { attempts: 2, crashes: 2, faults: 2, work: 'effect', onUncertain: 'block', states: 37_887, histories: 34_024, joined: 61_140 },
  { attempts: 3, crashes: 1, faults: 1, work: 'effect', onUncertain: 'retry', states: 162_674, histories: 83_043, joined: 322_398 },
  { attempts: 3, crashes: 1, faults: 1, work: 'effect', onUncertain: 'block', states: 131_708, histories: 75_566, joined: 291_547 },
  { attempts: 2, crashes: 1, faults: 1, work: 'commit', onUncertain: 'retry', states: 6_739, histories: 5_846, joined: 8_872 },
  { attempts: 2, crashes: 1, faults: 1, work: 'commit', onUncertain: 'block', states: 6_265, histories: 5_603, joined: 8_782 },
  { attempts: 2, crashes: 1, faults: 1, work: 'steps', onUncertain: 'retry', states: 31_599, histories: 23_561, joined: 35_748 },
  { attempts: 2, crashes: 1, faults: 1, work: 'steps', onUncertain: 'block', states: 28_240, histories: 21_907, joined: 35_077 },
  { attempts: 2, crashes: 1, faults: 1, work: 'single write', onUncertain: 'retry', states: 1_700, histories: 1_242, joined: 2_459 },
  { attempts: 2, crashes: 1, faults: 0, work: 'home step', onUncertain: 'retry', states: 4_271, histories: 4_212, joined: 3_990 },
  { attempts: 2, crashes: 1, faults: 0, work: 'home step', onUncertain: 'block', states: 3_863, histories: 4_008, joined: 3_990 },
  { attempts: 2, crashes: 1, faults: 1, work: 'home step', onUncertain: 'retry', states: 79_145, histories: 62_480, joined: 92_166 },
  { attempts: 2, crashes: 1, faults: 1, work: 'home step', onUncertain: 'block', states: 69_337, histories: 57_448, joined: 90_326 },
];
