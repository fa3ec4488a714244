import type { ListedConsent } from './list.ts';

/** A decision as a person wants to read it again, whatever it is written to. */
export interface Receipt {
  readonly id: string;
  readonly version: number;
  /** Language of the words that were read, as BCP 47 names it. */
  readonly language: string;
  /** Who decided. */
  readonly person: string;
  /** Whose record; `others` or `none` where it is no one person's. */
  readonly record: string;
  readonly client: string;
  readonly organization: string | undefined;
  readonly role: string | undefined;
  /** Each line that was read, in the words of then. */
  readonly lines: readonly {
    readonly words: string;
    readonly allowed: boolean;
    readonly kinds: readonly string[];
  }[];
  readonly decidedAt: Date;
  readonly until: Date;
  /** When it ended before its time. */
  readonly endedAt: Date | undefined;
  /** `holds` still, was `replaced` by a later decision, was `ended`, or is `over` since its last day. */
  readonly state: 'holds' | 'replaced' | 'ended' | 'over';
  /** SHA-256 of everything that was shown. */
  readonly textDigest: string | undefined;
}

function stateOf({ live, endReason }: ListedConsent): Receipt['state'] {
  if (live) return 'holds';
  if (endReason === 'expired') return 'over';
  return endReason === 'replaced' || endReason === 'narrowed' ? 'replaced' : 'ended';
}

/** Makes the receipt of a decision. The words are those that were read, also where the page has others by now. */
export function receiptOf(consent: ListedConsent): Receipt {
  const { shown, lines } = consent;
  const kinds = new Map(shown.lines?.map((line) => [line.scope, line.kinds]));
  return {
    id: consent.id,
    version: consent.version,
    language: shown.language ?? 'en',
    person: shown.account ?? consent.accountId,
    record: shown.record ?? 'none',
    client: shown.client ?? consent.clientId,
    organization: shown.organization ?? undefined,
    role: shown.role ?? undefined,
    // What came with a line was never read: it says nothing that the line does not say.
    lines: lines
      .filter(({ covered }) => covered !== true)
      .map(({ scope, words, allowed }) => ({ words, allowed, kinds: kinds.get(scope) ?? [] })),
    decidedAt: consent.decidedAt,
    until: consent.expiresAt,
    endedAt: consent.endedAt,
    state: stateOf(consent),
    textDigest: consent.textDigest,
  };
}

/** How a receipt is put into words. */
export interface ReceiptSpeaker {
  /** BCP 47 language of the receipt's own words. */
  readonly locale: string;
  /** A sentence of `locales/`, with its values. */
  readonly say: (key: string, values?: Readonly<Record<string, unknown>>) => string;
  /** A moment, day and time of day, as people write it. */
  readonly moment: (at: Date) => string;
  /** Where decisions can be seen and taken back. */
  readonly accountAddress: string;
}

/** A receipt in words, for a page or as text. */
export interface SaidReceipt {
  readonly title: string;
  readonly facts: readonly { readonly term: string; readonly text: string }[];
  readonly linesHeading: string;
  readonly lines: readonly {
    readonly words: string;
    /** Yes or no, in words. */
    readonly answer: string;
    readonly allowed: boolean;
    readonly kinds: readonly string[];
  }[];
  readonly closing: readonly string[];
}

/** Puts a receipt into words. */
export function sayReceipt(receipt: Receipt, speaker: ReceiptSpeaker): SaidReceipt {
  const { say, moment, locale, accountAddress } = speaker;
  const { person, record, client, organization, role, until, endedAt, version, textDigest } = receipt;
  const records = { others: say('receipt.record.others'), none: say('receipt.record.none') };
  const whose = record === 'others' || record === 'none' ? records[record] : record;
  const states = {
    holds: say('receipt.state.holds', { until: moment(until) }),
    replaced: say('receipt.state.replaced', { ended: moment(endedAt ?? until) }),
    ended: say('receipt.state.ended', { ended: moment(endedAt ?? until) }),
    over: say('receipt.state.over', { until: moment(until) }),
  };
  const language = new Intl.DisplayNames([locale], { type: 'language' }).of(receipt.language);
  const facts: readonly (readonly [string, string | undefined])[] = [
    [say('receipt.fact.person'), person],
    [say('receipt.fact.record'), whose],
    [say('receipt.fact.client'), client],
    [say('receipt.fact.organization'), organization],
    [say('receipt.fact.role'), role],
    [say('receipt.fact.decided'), moment(receipt.decidedAt)],
    [say('receipt.fact.state'), states[receipt.state]],
    [say('receipt.fact.language'), language],
    [say('receipt.fact.version'), String(version)],
    [say('receipt.fact.id'), receipt.id],
    [say('receipt.fact.digest'), textDigest],
  ];
  return {
    title: say('receipt.title', { client }),
    facts: facts.flatMap(([term, text]) => (text === undefined ? [] : [{ term, text }])),
    linesHeading: say('receipt.lines', { client }),
    lines: receipt.lines.map((line) => ({
      ...line,
      answer: say(line.allowed ? 'receipt.yes' : 'receipt.no'),
    })),
    closing: [say('receipt.takeBack', { address: accountAddress }), say('receipt.proof')],
  };
}

/** A receipt as plain text, for a file. */
export function receiptText({ title, facts, linesHeading, lines, closing }: SaidReceipt): string {
  const told = facts.map(({ term, text }) => `${term}: ${text}`);
  const asked = lines.flatMap(({ words, answer, kinds }) => [
    `${answer}: ${words}`,
    ...kinds.map((kind) => `    - ${kind}`),
  ]);
  return `${[[title], told, [linesHeading, ...asked], closing].map((part) => part.join('\n')).join('\n\n')}\n`;
}
