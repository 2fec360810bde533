/** What a run must have met to count: promises that nothing has tried are kept by anybody. */
import type { Figures } from './figures.ts';

/** Each of these happens several times in any run with so many strikes; in a shorter one it may not. */
const KILLS_ENOUGH = 50;
const LONG_STOPS_ENOUGH = 20;

/** A sentence for each thing that a run of this size should have met and has not. */
export function missedEncounters(figures: Figures): string[] {
  const { kills, killsInFlight, killedAt, longStops, zombies, takeovers, superseded, mismatchesRefused } =
    figures;
  const missed: string[] = [];
  if (kills >= KILLS_ENOUGH) {
    if (killsInFlight < kills / 2) missed.push(`Only ${killsInFlight} of ${kills} kills hit a request.`);
    if (killedAt['row put'] === 0) missed.push('No kill hit between the effect and the record.');
    if (killedAt['effect logged'] === 0) missed.push('No kill hit between two effects.');
    if (takeovers === 0) missed.push('No lapsed lease was taken over.');
    if (mismatchesRefused === 0) missed.push('No other payload was refused.');
  }
  if (longStops >= LONG_STOPS_ENOUGH) {
    if (zombies === 0) missed.push('Nothing went on after its lease.');
    if (superseded === 0) missed.push('No zombie met its successor.');
  }
  return missed;
}
