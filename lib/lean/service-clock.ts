/** As the SDK has it: signatures that are off by less are taken by AWS, and a reply may have been on its way for long. */
const SKEW_MIN_MS = 300_000;

/** The time as DynamoDB has it, for signatures. That of a sandbox can be wrong, and is put right by what replies say. */
export class ServiceClock {
  #offsetMs = 0;

  now(): Date {
    return new Date(Date.now() + this.#offsetMs);
  }

  /**
   * @param date - the header `Date` of a reply
   * @returns whether it has put the clock right, so that what was refused for its time may be tried again
   */
  learn(date: string | undefined): boolean {
    const serverMs = Date.parse(date ?? '');
    // `NaN`, for what is no date, is not more than anything.
    if (!(Math.abs(serverMs - this.now().getTime()) >= SKEW_MIN_MS)) return false;
    this.#offsetMs = serverMs - Date.now();
    return true;
  }
}
