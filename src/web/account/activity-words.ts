import type { ActivityEntry } from '../../audit/index.ts';
import type { Renderer } from '../render.ts';
import type { ActivityLine } from './activity-models.ts';

/** What activity is told with. */
export interface ActivityTelling {
  readonly renderer: Pick<Renderer, 'translate' | 'words' | 'dates'>;
  /** What an application is called. */
  readonly nameOf: (clientId: string) => string;
  /** Id of the FHIR Patient that is the person herself. */
  readonly ownPatient: string | undefined;
}

/** What somebody did about herself. */
const own: Partial<Record<ActivityEntry['type'], string>> = {
  'person.signed-in': 'account.did.signedIn',
  'person.signed-out': 'account.did.signedOut',
  'account.password-changed': 'account.did.passwordChanged',
  'account.password-reset': 'account.did.passwordReset',
  'account.data-downloaded': 'account.did.downloaded',
  'account.passkey-added': 'account.did.passkeyAdded',
  'account.passkey-removed': 'account.did.passkeyRemoved',
  'account.authenticator-added': 'account.did.authenticatorAdded',
  'account.authenticator-changed': 'account.did.authenticatorChanged',
  'account.authenticator-removed': 'account.did.authenticatorRemoved',
  'account.recovery-codes-made': 'account.did.codesMade',
  'account.recovery-code-used': 'account.did.codeUsed',
  'account.factors-reset': 'account.did.factorsReset',
  'account.linked': 'account.did.linked',
  'account.unlinked': 'account.did.unlinked',
};

/** What she decided about an application, and what it did then. */
const about: Partial<Record<ActivityEntry['type'], string>> = {
  'consent.given': 'account.did.allowed',
  'consent.refused': 'account.did.refused',
  'consent.withdrawn': 'account.did.tookBack',
  'token.issued': 'account.did.used',
};

/**
 * What an API said that it was asked for, by FHIR R4 interaction: in her own record, and in another. It says so before it
 * answers, and may refuse.
 */
const reported: Readonly<Record<string, readonly [hers: string, other: string]>> = {
  read: ['account.did.see', 'account.did.seeOther'],
  vread: ['account.did.see', 'account.did.seeOther'],
  'search-type': ['account.did.see', 'account.did.seeOther'],
  create: ['account.did.add', 'account.did.addOther'],
  update: ['account.did.change', 'account.did.changeOther'],
  patch: ['account.did.change', 'account.did.changeOther'],
  delete: ['account.did.remove', 'account.did.removeOther'],
};

/** An entry as a sentence; undefined for what a person is told nothing of. */
export function sentenceOf(entry: ActivityEntry, telling: ActivityTelling): string | undefined {
  const { renderer, nameOf, ownPatient } = telling;
  const mine = own[entry.type];
  if (mine !== undefined) return renderer.translate(mine);
  if (entry.clientId === undefined) return undefined;
  const client = nameOf(entry.clientId);
  const { interaction, resource, patient } = entry.detail;
  const key = about[entry.type];
  if (key !== undefined) return renderer.translate(key, { client });
  if (entry.type !== 'access.reported') return undefined;
  const [hers, other] = reported[String(interaction)] ?? [];
  if (hers === undefined || other === undefined || typeof resource !== 'string')
    return renderer.translate('account.did.open', { client });
  const isHers = patient !== null && patient === ownPatient;
  return renderer.words({
    key: isHers ? hers : other,
    values: { client, resource, resourceKey: `resource.${resource}` },
  });
}

/** Entries in words, by day; what says the same several times over is said once. Pure. */
export function daysOf(
  entries: readonly ActivityEntry[],
  telling: ActivityTelling,
): { day: Date; lines: ActivityLine[] }[] {
  const days: { day: Date; lines: ActivityLine[] }[] = [];
  const { dates } = telling.renderer;
  for (const entry of entries) {
    const text = sentenceOf(entry, telling);
    if (text === undefined) continue;
    const present = days.at(-1);
    if (present === undefined || dates.day(present.day) !== dates.day(entry.at)) {
      days.push({ day: entry.at, lines: [{ at: entry.at, text, count: 1 }] });
      continue;
    }
    const last = present.lines.at(-1);
    if (last?.text === text) present.lines.splice(-1, 1, { ...last, count: last.count + 1 });
    else present.lines.push({ at: entry.at, text, count: 1 });
  }
  return days;
}
