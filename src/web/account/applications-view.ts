import type { Api } from '../../catalogue/index.ts';
import { type Client, clientName, isIdentityScope } from '../../clients/index.ts';
import { type ConsentLine, type ListedConsent, type Reach, withoutLine } from '../../consents/index.ts';
import { reachAt } from '../../oidc/index.ts';
import type { AllowedLine, ApplicationModel } from './applications-models.ts';

/** What a decision is told with. */
export interface Telling {
  /** Id of the FHIR Patient that is the person herself. */
  readonly ownPatient: string | undefined;
  /** The application as it is registered now; undefined when it is not any more. */
  readonly client: Client | undefined;
  readonly api: Api | undefined;
  /** The words for a scope, in the language of the page. */
  readonly words: (scope: string) => string;
}

/** Whether a line is said by another one that is allowed, too: of two that mean the same, the first one says it. */
function isSaid(line: ConsentLine, at: number, lines: readonly ConsentLine[], reach: Reach): boolean {
  return lines.some(
    (other, place) =>
      place !== at &&
      other.allowed &&
      reach.covers(other.scope, line.scope) &&
      (place < at || !reach.covers(line.scope, other.scope)),
  );
}

/** What comes first on a page: what can be taken back alone, and of that the parts of the record. */
const weightOf = ({ scope, required }: ConsentLine) => (required ? 2 : isIdentityScope(scope) ? 1 : 0);

/** What is allowed, in the order of a page. */
function allowedLines({ lines }: ListedConsent, { api, words }: Telling): AllowedLine[] {
  const reach = reachAt(api);
  const told = lines
    .map((line, number) => ({ line, number }))
    .filter(({ line, number }) => line.allowed && !isSaid(line, number, lines, reach))
    .toSorted((one, other) => weightOf(one.line) - weightOf(other.line));
  return told.map(({ line, number }) => ({ number, words: words(line.scope), required: line.required }));
}

const reasons = ['withdrawn', 'expired', 'role ended', 'restored'] as const;

/** Why a decision does not hold any more, as far as pages tell. A later version took the place of what was narrowed. */
function endOf({ live, endReason }: ListedConsent): ApplicationModel['kind'] {
  if (live) return '';
  if (endReason === 'replaced' || endReason === 'narrowed') return 'replaced';
  return reasons.find((one) => one === endReason) ?? 'other';
}

/** Whose record it is, as the page said it or as it is now. */
function recordOf(
  { patient, shown }: ListedConsent,
  { ownPatient }: Telling,
): Pick<ApplicationModel, 'record' | 'patient'> {
  if (patient !== undefined && patient !== ownPatient)
    return { record: 'other', patient: String(shown.record ?? '') };
  if (patient !== undefined) return { record: 'own', patient: '' };
  if (shown.record === 'others') return { record: 'patients', patient: '' };
  return { record: shown.record === undefined || shown.record === 'none' ? 'none' : 'own', patient: '' };
}

/** A decision as pages tell it. Pure. */
export function asApplication(consent: ListedConsent, telling: Telling): ApplicationModel {
  const { client, words } = telling;
  const { shown } = consent;
  return {
    id: consent.id,
    name: client === undefined ? String(shown.client ?? consent.clientId) : clientName(client),
    organization: client?.organization?.name ?? '',
    ...recordOf(consent, telling),
    role: String(shown.role ?? ''),
    since: consent.since,
    lastUsed: consent.lastUsedAt ?? null,
    until: consent.expiresAt,
    allowed: allowedLines(consent, telling),
    refused: consent.lines.filter((line) => !line.allowed).map((line) => words(line.scope)),
    ended: consent.endedAt ?? null,
    kind: endOf(consent),
  };
}

/** What becomes of a decision when one line of it is taken back, for the page that asks. Pure. */
export function withoutIt(
  { lines }: ListedConsent,
  number: number,
  { api, words }: Telling,
): { words: string; goesToo: string[]; problem: 'none' | 'whole' } | undefined {
  const line = lines[number];
  const left = line && withoutLine(lines, line.scope, reachAt(api));
  if (line === undefined || left === undefined) return undefined;
  const goes = (other: ConsentLine, at: number) =>
    at !== number && other.allowed && left !== 'whole' && left[at]?.allowed === false;
  return {
    words: words(line.scope),
    goesToo: lines.filter(goes).map((other) => words(other.scope)),
    problem: left === 'whole' ? 'whole' : 'none',
  };
}
