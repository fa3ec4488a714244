import { type ChainKey, type ChainRow, type Head, link, type Place } from './chain.ts';
import { findExchanges, type Suspect } from './exchanges.ts';
import type { Fault } from './faults.ts';

/** A link as it is kept, with its row if that is still there. */
export interface Link extends Head {
  readonly id: string;
  readonly row: ChainRow | undefined;
}

/** Faults that are named; of more the number is enough. */
const MOST_NAMED = 1000;

/** Links taken out, with the numbers behind them closed up, that are still told from changed rows. */
const MOST_CLOSED = 8;

/** A hash that the link before may rightly have, and the suspects whose kept hash is wrong if it does. */
interface Before {
  readonly hash: string;
  readonly forged: readonly Suspect[];
}

/** Of several wrong links in a row: none, only the last, or all of them have a wrong hash. */
const MOST_BEFORE = 3;

/** A way along a chain, and what was found on it. */
export interface Walk {
  /** Takes the next link, in the order of their numbers. */
  take(link: Link): void;
  /** Notes a fault that is none of a link. */
  name(fault: Fault): void;
  /** Ends at the head that the database keeps: the faults that are named, and how many more there are. */
  end(head: Head): { readonly faults: readonly Fault[]; readonly further: number };
}

/**
 * Goes along a chain and notes what does not fit. It goes on from the hash that is kept, so what follows a wrong row is not
 * wrong for that. Whether a row was changed or its hash, the next link knows: it fits the hash that is right.
 */
export function createWalk(key: ChainKey): Walk {
  const found: (Fault | Suspect)[] = [];
  const forged = new Set<Suspect>();
  let further = 0;
  let last: Head = { seq: 0, hash: '' };
  let before: readonly Before[] = [{ hash: '', forged: [] }];
  /** How much higher links stand than they were sealed. */
  let shift = 0;

  function add(fault: Fault | Suspect): void {
    if (found.length < MOST_NAMED) found.push(fault);
    else further += 1;
  }

  const name = (fault: Fault) => add(fault);

  /** The numbers under which a link may have been sealed, the likeliest first. */
  function numbers(seq: number): readonly number[] {
    const likely = seq - shift;
    // Where everything is wrong, looking further would only take longer.
    if (further > 0) return [likely];
    if (seq > last.seq + 1) return [likely, last.seq - shift + 1];
    return [likely, seq, ...Array.from({ length: MOST_CLOSED }, (_, closed) => likely + closed + 1)];
  }

  /** The first place at which a link holds. */
  function holdsAt({ seq, hash }: Link, row: ChainRow): (Place & { readonly before: Before }) | undefined {
    for (const number of numbers(seq)) {
      for (const one of before) {
        const place = { seq: number, previous: one.hash };
        if (link(key, place, row) === hash) return { ...place, before: one };
      }
    }
    return undefined;
  }

  const missing = (until: number) => name({ kind: 'missing', seq: last.seq + 1, to: until - 1 });

  function suspect({ seq, id, hash }: Link, row: ChainRow): void {
    const number = seq - shift;
    const one: Suspect = { seq, id, hash, row, place: { seq: number, previous: last.hash } };
    add(one);
    const computed = before.map((other) => ({
      hash: link(key, { seq: number, previous: other.hash }, row),
      forged: [...other.forged, one],
    }));
    before = [{ hash, forged: [] }, ...computed].slice(0, MOST_BEFORE);
  }

  function check(next: Link, row: ChainRow): void {
    const { seq, id, hash } = next;
    const skips = seq > last.seq + 1;
    const place = holdsAt(next, row);
    if (place === undefined && !skips) {
      suspect(next, row);
      return;
    }
    // One that holds directly behind the last was only given a higher number.
    if (skips && place?.seq !== last.seq - shift + 1) missing(seq);
    if (place === undefined) name({ kind: 'unproven', seq, id });
    else {
      for (const one of place.before.forged) forged.add(one);
      if (place.seq !== seq - shift && place.seq !== seq)
        name({ kind: 'renumbered', seq, id, was: place.seq });
      shift = seq - place.seq;
    }
    before = [{ hash, forged: [] }];
  }

  function settled(): Fault[] {
    const suspects = found.filter((one) => 'row' in one);
    const exchanges = findExchanges(key, suspects);
    return found.flatMap((one): Fault[] => {
      if (!('row' in one)) return [one];
      const { seq, id } = one;
      const other = exchanges.get(one);
      if (other === seq) return [];
      if (other !== undefined) return [{ kind: 'exchanged', seq, id, other }];
      return [{ kind: forged.has(one) ? 'forged' : 'changed', seq, id }];
    });
  }

  return {
    take(next) {
      const { seq, id, hash, row } = next;
      if (row !== undefined) check(next, row);
      else {
        if (seq > last.seq + 1) missing(seq);
        name({ kind: 'removed', seq, id });
        before = [{ hash, forged: [] }];
      }
      last = { seq, hash };
    },
    name,
    end(head) {
      const right = head.seq === last.seq ? before.find(({ hash }) => hash === head.hash) : undefined;
      if (right === undefined) name({ kind: 'head', seq: head.seq, last: last.seq });
      for (const one of right?.forged ?? []) forged.add(one);
      return { faults: settled(), further };
    },
  };
}
