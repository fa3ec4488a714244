import type { AccountPageModel } from '../../../src/web/account/models.ts';
import type { SourcesModel } from '../../../src/web/account/sources-models.ts';
import type { SourceGoModel, SourceProblemModel } from '../../../src/web/sign-in/models.ts';

const problems: readonly SourceProblemModel['kind'][] = [
  ...(['refused', 'unavailable', 'untrusted', 'closed'] as const),
  ...(['incomplete', 'known', 'differs', 'blocked', 'stale'] as const),
];

const shared: AccountPageModel = { csrf: 'csrf-of-the-page', person: { name: 'Aroha Ngata' }, notice: '' };
const linked = [
  {
    issuer: 'https://auth.login.example.test',
    name: 'NHS login',
    linkedAt: new Date('2026-05-03T09:12:00Z'),
    lastUsedAt: new Date('2026-11-21T18:40:00Z'),
  },
];
const others = [{ id: 'mha', name: 'My Health Account' }];

/** Pages on the way to an identity source and back. */
export const sourceSamples = {
  'account/sources.njk': {
    none: { ...shared, linked: [], others, problem: 'none' },
    linked: { ...shared, notice: 'source-added', linked, others, problem: 'none' },
    all: { ...shared, notice: 'source-removed', linked, others: [], problem: 'none' },
    'last-way': { ...shared, linked, others: [], problem: 'last-way' },
  } satisfies Record<string, AccountPageModel & SourcesModel>,
  'sign-in/source-go.njk': {
    one: { name: 'NHS login', uri: 'https://auth.login.example.test/authorize?state=abc' },
  } satisfies Record<string, SourceGoModel>,
  'sign-in/source-problem.njk': Object.fromEntries(
    problems.map((kind) => [kind, { kind, name: 'NHS login', back: '/interaction/abc' }]),
  ) satisfies Record<string, SourceProblemModel>,
};
