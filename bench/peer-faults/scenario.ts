import type { Setup } from './contenders.ts';
import type { Lab } from './lab.ts';

export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** What happens, and what it stands for. */
  readonly story: string;
  /**
   * Runs of the handler that the promise allows. 1, but for scenarios in which an attempt ends without telling its
   * outcome and both libraries are set to run again.
   */
  readonly runsAllowed: number;
  readonly setup?: Setup;
  /** What a fair reader has to know: a documented limit, a remedy, where the peer is right. */
  readonly remark?: string;
  play(lab: Lab): Promise<void>;
}
