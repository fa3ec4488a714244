import type { Shown } from '../../consents/index.ts';
import type { Question } from './question.ts';

/** All that a consent page said, as it is kept with the decision. */
export function shownOf(
  question: Question & { kind: 'consent' },
  { language, client }: { language: string; client: string },
): Shown {
  const { account, record, role, reason, site, offline, until, lines, held } = question;
  return {
    language,
    client,
    organization: question.client.organization?.name ?? null,
    site,
    account: account.name,
    record: record === 'own' ? account.name : record,
    role: role?.name ?? null,
    reason: reason ?? null,
    offline,
    until: until.toISOString(),
    lines: lines.map(({ scope, words, required, kinds }) => ({ scope, words, required, kinds })),
    held: held?.allowed ?? [],
  };
}
