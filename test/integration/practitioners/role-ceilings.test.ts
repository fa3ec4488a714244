import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chooseRole, clinicalRole, gpConnect, healthRole } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import type { Page } from '../../support/visitor.ts';
import { beginSignedIn, leftBehind, press, responseOf } from '../pages/steps.ts';
import { beginAtRole, beginWard, expectConsentPage, priya, rangi } from './role-page.ts';
import { putRangi, putShah, registerSurgery, surgeryChange } from './surgery.ts';

/** What somebody may ask for in her role, and what is above it. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await registerSurgery(server, {
    apis: {
      'reasonable-adjustments': 'user/Flag.read user/Flag.write user/Condition.read user/List.read',
      'gp-connect': 'patient/*.read patient/*.write organization/*.read conf/N',
    },
  });
});
beforeEach(async () => {
  await putShah(server);
  await putRangi(server);
});
afterAll(() => server.close());

const ask = (
  who: { identifier: string },
  scope: string,
  resource: string | undefined = surgeryChange.resource,
) => beginSignedIn(server, { ...who, change: { ...surgeryChange, prompt: 'consent', scope, resource } });

function expectAbove(page: Page, scope: string, state: string | undefined): void {
  expect(Object.fromEntries(responseOf(page))).toEqual({
    error: 'invalid_scope',
    error_description: `the role of the person may not have ${scope}`,
    scope,
    state,
    iss: server.issuer,
  });
}

describe('a receptionist', () => {
  test.for([
    ['user/Flag.write', 'user/Flag.write', undefined],
    ['user/Flag.read user/Flag.write', 'user/Flag.write', undefined],
    ['openid user/Condition.read user/Flag.write', 'user/Condition.read', undefined],
    ['patient/*.read', 'patient/*.read', gpConnect],
    ['patient/*.read conf/N', 'patient/*.read', gpConnect],
  ] as const)('asked for %s by the application: invalid_scope names %s', async ([scope, above, resource]) => {
    const before = await server.sql('SELECT count(*) FROM consents');
    const { page, request } = await ask(rangi, scope, resource);
    expectAbove(page, above, request.parameters.state);
    expect(await server.sql('SELECT count(*) FROM consents')).toEqual(before);
  });

  test.for([
    ['user/Flag.read', undefined],
    ['openid offline_access user/Flag.read user/List.read', undefined],
    ['patient/*.write conf/N', gpConnect],
    ['organization/*.read', gpConnect],
  ] as const)('is asked to consent to %s', async ([scope, resource]) => {
    expectConsentPage((await ask(rangi, scope, resource)).page);
  });

  test('who is signed in gets the same answer without a page', async () => {
    const { visitor } = await ask(rangi, 'user/Flag.read');
    const before = await leftBehind(server);
    const { page, request } = await beginWard(server, visitor, {
      ...surgeryChange,
      scope: 'user/Flag.write',
      prompt: 'none',
    });
    expectAbove(page, 'user/Flag.write', request.parameters.state);
    expect(await leftBehind(server)).toEqual(before);
  });
});

test('the doctor at the same application is asked to consent to what the receptionist may not have', async () => {
  expectConsentPage((await ask(priya, 'user/Flag.read user/Flag.write')).page);
  expectConsentPage((await ask(priya, 'patient/*.read conf/N', gpConnect)).page);
});

test.for(['R9999', 'R8015', 'UNK'])(
  'a job role that is not in the table (%s) has nothing',
  async (jobRole) => {
    await putRangi(server, { jobRole });
    const { page, request } = await ask(rangi, 'user/Flag.read');
    expectAbove(page, 'user/Flag.read', request.parameters.state);
  },
);

describe('of several roles', () => {
  test('the one that was chosen counts', async () => {
    await putShah(server, { clinical: { jobRole: 'R8009' } });
    const low = await beginAtRole(server);
    const refused = await chooseRole(low.visitor, low.page, clinicalRole);
    expectAbove(refused, 'user/Flag.write', low.request.parameters.state);
    const high = await beginAtRole(server);
    expectConsentPage(await chooseRole(high.visitor, high.page, healthRole));
  });

  test('a refused one does not stick: the next request asks for the role again', async () => {
    await putShah(server, { clinical: { jobRole: 'R8009' } });
    const { visitor, page } = await beginAtRole(server);
    await chooseRole(visitor, page, clinicalRole);
    const again = await beginWard(server, visitor, { prompt: 'consent' });
    expectConsentPage(await chooseRole(visitor, again.page, healthRole));
  });
});

test('a job role that is lowered while the consent page is open: no code', async () => {
  const { visitor, page } = await beginAtRole(server);
  const consent = await chooseRole(visitor, page, clinicalRole);
  await putShah(server, { clinical: { jobRole: 'R8009' } });
  const end = await visitor.follow(await press(visitor, consent, 'allow'));
  expect(end.status).toBeLessThan(500);
  expect(end.location ?? '').not.toContain('code=');
});
