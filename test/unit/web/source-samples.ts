import type { SourceGoModel, SourceProblemModel } from '../../../src/web/sign-in/models.ts';

const problems: readonly SourceProblemModel['kind'][] = [
  ...(['refused', 'unavailable', 'untrusted', 'closed'] as const),
  ...(['incomplete', 'known', 'differs', 'blocked'] as const),
];

/** Pages on the way to an identity source and back. */
export const sourceSamples = {
  'sign-in/source-go.njk': {
    one: { name: 'NHS login', uri: 'https://auth.login.example.test/authorize?state=abc' },
  } satisfies Record<string, SourceGoModel>,
  'sign-in/source-problem.njk': Object.fromEntries(
    problems.map((kind) => [kind, { kind, name: 'NHS login', back: '/interaction/abc' }]),
  ) satisfies Record<string, SourceProblemModel>,
};
