import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { adjustments, clinicalRole } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Asserter,
  about,
  asked,
  type Claims,
  registerAsserter,
  type Verified,
  verified,
} from './assertions.ts';

/** What a Spine Core token says when a system signed its user in itself, claim by claim (spine-jwt.md sections 4 and 5.1). */

let server: TestServer;
let ward: Asserter;

beforeAll(async () => {
  server = await startServer();
  ward = await registerAsserter(server, 'fernhill-ward', {
    apis: { 'reasonable-adjustments': 'user/Flag.read user/Flag.write user/Consent.read' },
  });
});

afterAll(() => server.close());

const sdsRoleProfile = 'https://fhir.nhs.uk/Id/sds-role-profile-id';

describe('a Spine Core token', () => {
  const national = `${sdsRoleProfile}|${clinicalRole}`;
  const local = 'https://fernhill.example.test/Id/user|pr-priya';

  async function wardToken(claims: Claims, change: Readonly<Record<string, string>> = {}): Promise<Verified> {
    const said = { requesting_practitioner: undefined, ...claims };
    const jwt = await about(server, ward, said);
    return verified(
      server,
      await send(server, asked(ward, jwt, { scope: 'user/Flag.read', ...change })),
      adjustments,
    );
  }

  const claimsOf = (user: string, scope: string) => ({
    iss: server.issuer,
    sub: user,
    aud: adjustments,
    iat: expect.any(Number),
    exp: expect.any(Number),
    jti: expect.any(String),
    reason_for_request: 'directcare',
    scope,
    requested_scope: scope,
    requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
    requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
    requesting_user: user,
    client_id: 'fernhill-ward',
  });

  test('names the role profile of its user', async () => {
    const { payload } = await wardToken({ requesting_user: national });
    expect(payload).toEqual(claimsOf(national, 'user/Flag.read'));
    expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
  });

  test('names the local id of its user, where no national role is in use', async () => {
    const { payload } = await wardToken({ requesting_user: local });
    expect(payload).toEqual(claimsOf(local, 'user/Flag.read'));
  });

  test('names a role profile that our directory does not know', async () => {
    const user = `${sdsRoleProfile}|100000000998`;
    const { payload } = await wardToken({ sub: 'somebody-4711', requesting_user: user });
    expect(payload).toEqual(claimsOf(user, 'user/Flag.read'));
  });

  test('has all the scopes that were asked for, in their order', async () => {
    const scope = 'user/Flag.write user/Consent.read user/Flag.read';
    const { payload } = await wardToken({ requesting_user: national }, { scope });
    expect(payload).toEqual(claimsOf(national, scope));
  });

  test('may be asked for with organisation and reason', async () => {
    const { payload } = await wardToken({
      requesting_user: national,
      requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
      reason_for_request: 'directcare',
    });
    expect(payload).toEqual(claimsOf(national, 'user/Flag.read'));
  });
});
