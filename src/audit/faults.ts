/** Something that the audit and its chain do not say alike. `seq` is a number in the chain, `id` that of an audit row. */
export type Fault =
  /** The row is not what was sealed under this number. */
  | { readonly kind: 'changed'; readonly seq: number; readonly id: string }
  /** The link stands, the row is gone. */
  | { readonly kind: 'removed'; readonly seq: number; readonly id: string }
  /** The row is what was sealed, but the hash of its link is not. */
  | { readonly kind: 'forged'; readonly seq: number; readonly id: string }
  /** What stands here belongs under another number, or what belongs here stands there; that one is named as well. */
  | { readonly kind: 'exchanged'; readonly seq: number; readonly id: string; readonly other: number }
  /** Links are gone, from one number to another. */
  | { readonly kind: 'missing'; readonly seq: number; readonly to: number }
  /** The first link after missing ones: without the hash before it nobody can say whether its row was changed. */
  | { readonly kind: 'unproven'; readonly seq: number; readonly id: string }
  /** From here on the links stand under other numbers than they were sealed with: this one was number `was`. */
  | { readonly kind: 'renumbered'; readonly seq: number; readonly id: string; readonly was: number }
  /** The row has no link, though everything of its time was sealed. */
  | { readonly kind: 'outside'; readonly id: string }
  /** The head that the database keeps is not the last link of the chain. */
  | { readonly kind: 'head'; readonly seq: number; readonly last: number }
  /** The head that was noted elsewhere is not in the chain any more, or has another hash. */
  | { readonly kind: 'noted'; readonly seq: number; readonly last: number };

/** A fault in one sentence, for an operator. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'changed':
      return `number ${fault.seq}: row ${fault.id} is not what was sealed here`;
    case 'removed':
      return `number ${fault.seq}: row ${fault.id} was removed`;
    case 'forged':
      return `number ${fault.seq}: the hash of row ${fault.id} was changed, the row was not`;
    case 'exchanged':
      return `number ${fault.seq}: row ${fault.id} or its link was exchanged with number ${fault.other}`;
    case 'missing':
      return fault.seq === fault.to
        ? `number ${fault.seq} was removed from the chain`
        : `numbers ${fault.seq} to ${fault.to} were removed from the chain`;
    case 'unproven':
      return `number ${fault.seq}: row ${fault.id} cannot be checked without the link before it`;
    case 'renumbered':
      return `number ${fault.seq}: row ${fault.id} was number ${fault.was}, and those after it were moved likewise`;
    case 'outside':
      return `row ${fault.id} has no number, though everything of its time was sealed`;
    case 'head':
      return fault.seq === fault.last
        ? `the head of the chain has another hash than its last link, number ${fault.last}`
        : `the head of the chain is number ${fault.seq}, but the last link is number ${fault.last}`;
    case 'noted':
      return fault.seq > fault.last
        ? `the chain was cut off: number ${fault.seq} was its head once, and number ${fault.last} is the last now`
        : `number ${fault.seq}, which was the head of the chain once, is gone or has another hash`;
  }
}
