import { type ChainKey, type ChainRow, link, type Place } from './chain.ts';

/** A link that does not fit its place, with the row that it is about. */
export interface Suspect {
  readonly seq: number;
  readonly id: string;
  readonly hash: string;
  readonly row: ChainRow;
  readonly place: Place;
}

/** Links that are compared with one another: each with each, so a thousand would take a minute. */
const MOST_COMPARED = 200;

/** The rows that may belong at the place of one: its own; that of another; the content of another, under its own id. */
function* rowsFor(suspect: Suspect, others: readonly Suspect[]): Generator<readonly [Suspect, ChainRow]> {
  yield [suspect, suspect.row];
  for (const other of others) {
    if (other === suspect) continue;
    yield [other, other.row];
    yield [other, { ...other.row, id: suspect.row.id }];
  }
}

/**
 * Finds out which links, or rows, of a chain stand at one another's places.
 *
 * @param suspects in the order of their numbers
 * @returns for each that was exchanged the number of the other; for one that only stands behind such a link, and fits the one
 *   that belongs there, its own number
 */
export function findExchanges(key: ChainKey, suspects: readonly Suspect[]): ReadonlyMap<Suspect, number> {
  const found = new Map<Suspect, number>();
  if (suspects.length > MOST_COMPARED) return found;
  const byHash = new Map(suspects.map((suspect) => [suspect.hash, suspect]));
  /** The hash that belongs at a place, where another stands there. */
  const right = new Map<number, string>();
  for (const suspect of suspects) {
    const { seq, previous } = suspect.place;
    const place = { seq, previous: right.get(seq - 1) ?? previous };
    for (const [owner, row] of rowsFor(suspect, suspects)) {
      const hash = link(key, place, row);
      const holder = byHash.get(hash);
      if (holder === undefined) continue;
      right.set(seq, hash);
      found.set(suspect, owner === suspect ? holder.seq : owner.seq);
      break;
    }
  }
  return found;
}
