import { expect } from 'vitest';

/** How often each outcome came, as `{ won: 1, '400 invalid_grant': 49 }`. */
export type Counts = Readonly<Record<string, number>>;

/** Counts outcomes. */
export const counted = (outcomes: readonly string[]): Counts =>
  Object.fromEntries([...Map.groupBy(outcomes, (one) => one)].map(([one, all]) => [one, all.length]));

/** Adds up the counts of several rounds. */
function total(rounds: readonly Counts[]): Counts {
  const sum = new Map<string, number>();
  for (const [outcome, count] of rounds.flatMap((round) => Object.entries(round)))
    sum.set(outcome, (sum.get(outcome) ?? 0) + count);
  return Object.fromEntries(sum);
}

/** A machine that is too busy may send somebody away; that is no answer about what was to be used. */
const BUSY = /^503/;

/**
 * Of all who used one thing, one has won and the others were refused as they should be.
 *
 * @param refusals what the others may be told
 * @param rule `exactly` one; `at most` one where the winner may be sent away after it has used the thing up, for this
 *   can be told apart from nobody having won only when nobody was sent away
 * @returns the counts
 */
export function expectOneWinner(
  outcomes: readonly string[],
  refusals: readonly string[],
  rule: 'exactly' | 'at most' = 'exactly',
): Counts {
  const counts = counted(outcomes);
  const { won = 0, ...others } = counts;
  const strange = Object.keys(others).filter((one) => !refusals.includes(one) && !BUSY.test(one));
  const busy = outcomes.some((one) => BUSY.test(one));
  const expected = rule === 'at most' && busy && won === 0 ? 0 : 1;
  expect({ won, strange, counts }).toEqual({ won: expected, strange: [], counts });
  return counts;
}

/** Plays rounds, and says what came of them. @throws with the number of the round that failed */
export async function play(what: string, times: number, round: () => Promise<Counts>): Promise<void> {
  const seen: Counts[] = [];
  for (let number = 1; number <= times; number += 1)
    seen.push(
      await round().catch((cause) => {
        throw new Error(`${what}, round ${number} of ${times}: ${cause}`, { cause });
      }),
    );
  console.log(`${what}: ${times} rounds on two nodes:`, total(seen));
}
