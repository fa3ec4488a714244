import { expect, test } from 'vitest';
import { cookieNames, namedIn } from '../../../src/oidc/browser-cookies.ts';

const issuer = 'https://assent.example.test';
const { session, interaction, resume } = cookieNames(issuer);

test('the cookies of a browser name its session, and its interaction once', () => {
  const header = `other=1; ${session}=s1; ${session}.sig=x; ${interaction}=i1; ${resume}=i1; assent_proof=p`;
  expect(namedIn(header, issuer)).toEqual([
    { model: 'Session', id: 's1' },
    { model: 'Interaction', id: 'i1' },
  ]);
});

test.each([
  ['no header', undefined],
  ['nothing in it', ''],
  ['names alone', `${session}; ${interaction}=; =x`],
  ['names of another issuer', 'assent_session=s1'],
])('%s names nothing', (_what, header) => {
  expect(namedIn(header, issuer)).toEqual([]);
});

test('however many a browser sends, no more are looked up than there are cookies of ours', () => {
  const header = Array.from({ length: 500 }, (_, n) => `${interaction}=i${n}`).join('; ');
  expect(namedIn(header, issuer)).toHaveLength(3);
});
