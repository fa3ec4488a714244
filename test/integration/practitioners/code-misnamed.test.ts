import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { outcome, tokenRequest } from '../../support/exchange.ts';
import { clinicChange, clinicRequest, practise, wardApp, wardChange } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor, exchangeForm } from '../../support/visitor.ts';
import { tally } from '../token-endpoint/refusals.ts';
import { putShah } from './surgery.ts';

/** A directory that says of a person what no token may say: there is no token, and no fault of ours. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
beforeEach(() => putShah(server));
afterAll(() => server.close());

type Names = Parameters<typeof putShah>[2];

test.for<[string, Parameters<typeof putShah>[1], Names]>([
  ['a person called like the device', {}, { family: 'App', given: ['Fernhill', 'Ward'], prefix: [] }],
  ['a person called like the organisation', {}, { family: 'Hospital', given: ['Fernhill'], prefix: [] }],
  ['a person called like the application', {}, { family: 'gp-clinic', given: [], prefix: [] }],
  ['a person called System', {}, { family: 'System', given: [], prefix: [] }],
  ['a person without a name', {}, { family: '', given: [], prefix: [] }],
  ['a name with a line break', {}, { family: 'Shah\nAdmin' }],
  ['a name with a turned direction', {}, { family: 'Shah\u202e' }],
  ['an SDS user id that is none', {}, { sdsUser: 'abc' }],
  [
    'an SDS role profile id that is none',
    { clinical: { id: 'priya-abc', roleProfile: 'abc' }, professional: undefined },
    {},
  ],
  [
    'a role profile that is the ASID',
    { clinical: { id: 'priya-asid', roleProfile: '200000990800' }, professional: undefined },
    {},
  ],
])('%s', async ([, roles, names]) => {
  await putShah(server, roles, names);
  const visitor = createVisitor(server.issuer);
  const ward = await practise(server, { visitor, change: { ...wardChange, prompt: 'consent' } });
  const clinic = await practise(server, { visitor, change: { ...clinicChange, prompt: 'consent' } });
  const before = await tally(server);
  const { authorised: wardCode, page: wardPage } = ward;
  const { authorised: clinicCode, page: clinicPage } = clinic;
  if (wardCode === undefined || clinicCode === undefined)
    throw new Error(`no code: ${wardPage.location} ${clinicPage.location}`);
  const answers = [
    await tokenRequest(server, exchangeForm(wardCode), wardApp),
    await clinicRequest(server, exchangeForm(clinicCode)),
  ];
  // A Spine Core token names nobody: only her ids can be wrong there.
  const atWard = (roles?.clinical?.roleProfile ?? '') === '' ? '200' : '400 invalid_grant';
  expect(answers.map(outcome)).toEqual([atWard, '400 invalid_grant']);
  const issued = answers.filter(({ status }) => status === 200).length;
  expect(Number((await tally(server)).issued) - Number(before.issued)).toBe(issued);
  expect(server.logLines.filter((line) => (JSON.parse(line) as { level: number }).level >= 50)).toEqual([]);
});
