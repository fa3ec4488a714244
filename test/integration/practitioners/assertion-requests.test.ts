import { describe, expect, test } from 'vitest';
import { basic, form, register, send } from '../../support/fixtures.ts';
import { adjustments, clinicRequest, gpConnect, userContext } from '../../support/practitioner.ts';
import type { TestServer } from '../../support/server.ts';
import { secretOf } from '../token-endpoint/applicants.ts';
import type { Refusal } from '../token-endpoint/refusals.ts';
import {
  type Asserter,
  about,
  asked,
  createAssertions,
  describeRefusals,
  jwtBearer,
  readerId,
  registerAsserter,
} from './assertions.ts';

/** A good assertion about Dr Shah in a request that asks for what this system may not have, or in the wrong way. */

const others = {
  /** Has keys, but may use no grant with an assertion. */
  mute: 'fernhill-mute',
  /** May use no API but one whose tokens name nobody. */
  fhir: 'fernhill-fhir',
  /** The same for one without a profile. */
  admin: 'platform-desk',
  /** Was registered without a device. */
  bare: 'fernhill-bare',
  /** Of an organisation that has no ODS code. */
  maker: 'kete-desk',
  /** Of an organisation with an ODS code that was never accredited. */
  unaccredited: 'hillside-desk',
  /** May ask for itself as well. */
  unattended: 'fernhill-unattended',
} as const;

const flags = { 'reasonable-adjustments': 'user/Flag.read system/Flag.read' };
const records = { 'gp-connect': 'patient/*.read conf/N' };

const asserters = new Map<string, Asserter>();

async function prepare(server: TestServer): Promise<void> {
  await server.services.organizations.put(
    { key: 'hillside', name: 'Hillside Practice', odsCode: 'ZZ777', asid: undefined, kind: 'GP practice' },
    { demo: false },
  );
  const changes: Record<(typeof others)[keyof typeof others], Readonly<Record<string, unknown>>> = {
    [others.mute]: { grant_types: ['client_credentials'] },
    [others.fhir]: { apis: { 'demo-fhir': 'user/Patient.rs system/Patient.rs' } },
    [others.admin]: { organization: 'platform', apis: { 'admin-api': 'admin.read' } },
    [others.bare]: { device: undefined },
    [others.maker]: { organization: 'kete' },
    [others.unaccredited]: { organization: 'hillside', asid: undefined, apis: flags },
    [others.unattended]: { grant_types: [jwtBearer, 'client_credentials'], apis: { ...flags, ...records } },
  };
  for (const [clientId, change] of Object.entries(changes))
    asserters.set(clientId, await registerAsserter(server, clientId, change));
}

const assertions = createAssertions(prepare);
const { asking, reader, server } = assertions;

function asserter(clientId: string): Asserter {
  const found = asserters.get(clientId);
  if (found === undefined) throw new Error(`there is no ${clientId}`);
  return found;
}

/** The same by another system; its assertion is as GP Connect has it, and as Spine Core has it. */
const by = (clientId: string, change: Readonly<Record<string, string | undefined>>) => async () => {
  const user = { requesting_user: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203' };
  return asked(asserter(clientId), await about(server(), asserter(clientId), user), change);
};

const refused = (error: string, deniedTo: string = readerId) => ({ status: 400, error, deniedTo }) as const;

/** A parameter twice. */
const twice = (name: string, second: string) => async () => {
  const { headers = {}, body = '' } = await asking({ resource: gpConnect })();
  return { headers, body: `${body}&${new URLSearchParams({ [name]: second })}` };
};

const refusals: readonly Refusal[] = [
  ...[
    'https://nowhere.example.test/',
    `${gpConnect}/`,
    `${gpConnect}#a`,
    `${gpConnect}?a=b`,
    'gp-connect',
    adjustments,
  ].map(
    (resource): Refusal => ({
      story: `resource: ${resource}`,
      sent: asking({ resource }),
      ...refused('invalid_target'),
    }),
  ),
  { story: 'no assertion', sent: asking({ assertion: undefined }), ...refused('invalid_request') },
  { story: 'an empty assertion', sent: asking({ assertion: '' }), ...refused('invalid_request') },
  ...[
    ['assertion', 'x'],
    ['scope', 'organization/*.read'],
    ['resource', 'https://nowhere.example.test/'],
    ['resource', gpConnect],
    ['grant_type', 'client_credentials'],
  ].map(
    ([name = '', second = '']): Refusal => ({
      story: `AZ-03 ${name} twice (${second})`,
      sent: twice(name, second),
      // A parameter that stands there twice is refused before anybody looks who sent it; a resource may, in other grants.
      ...(name === 'resource' ? refused('invalid_request') : { status: 400, error: 'invalid_request' }),
    }),
  ),
  {
    story: 'a client assertion beside the secret',
    sent: asking({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'a.b.c',
    }),
    ...{ status: 400, error: 'invalid_request' },
  },
  {
    story: 'the grant type in other letters',
    sent: asking({ grant_type: jwtBearer.toUpperCase() }),
    ...refused('unsupported_grant_type'),
  },
  {
    story: 'TK-04 the SAML bearer grant type',
    sent: asking({ grant_type: 'urn:ietf:params:oauth:grant-type:saml2-bearer' }),
    ...refused('unsupported_grant_type'),
  },
  {
    story: 'TK-04 client credentials instead, by a client that may not use them',
    sent: asking({ grant_type: 'client_credentials' }),
    ...refused('unauthorized_client'),
  },
  {
    story: 'client credentials instead, by a client that may use them elsewhere',
    sent: by(others.unattended, { grant_type: 'client_credentials' }),
    ...refused('unauthorized_client', others.unattended),
  },
  {
    story: 'client credentials instead, with the resource named',
    sent: by(others.unattended, { grant_type: 'client_credentials', resource: gpConnect }),
    ...refused('unauthorized_client', others.unattended),
  },
  {
    story: 'TK-04 by a client that may not assert',
    sent: by(others.mute, {}),
    ...refused('unauthorized_client', others.mute),
  },
  {
    story: 'at a SMART API, with a person’s scope',
    sent: by(others.fhir, { scope: 'user/Patient.rs' }),
    ...refused('unauthorized_client', others.fhir),
  },
  {
    story: 'at a SMART API, with a system’s scope',
    sent: by(others.fhir, { scope: 'system/Patient.rs' }),
    ...refused('unauthorized_client', others.fhir),
  },
  {
    story: 'at an API without a profile',
    sent: by(others.admin, { scope: 'admin.read' }),
    ...refused('unauthorized_client', others.admin),
  },
  {
    story: 'at an API that it was not given, without a profile',
    sent: async () => asking({ scope: 'admin.read', resource: `${server().issuer}/api/admin/v1` })(),
    ...refused('unauthorized_client'),
  },

  {
    story: 'registered without a device, for GP Connect',
    sent: by(others.bare, {}),
    ...refused('unauthorized_client', others.bare),
  },
  {
    story: 'of an organisation without an ODS code, for GP Connect',
    sent: by(others.maker, {}),
    ...refused('unauthorized_client', others.maker),
  },
  {
    story: 'without an ASID, for Spine Core',
    sent: by(others.unaccredited, { scope: 'user/Flag.read' }),
    ...refused('unauthorized_client', others.unaccredited),
  },

  {
    story: 'without client authentication',
    sent: async () =>
      form({ grant_type: jwtBearer, assertion: await about(server(), reader()), scope: 'patient/*.read' }),
    ...{ status: 400, error: 'invalid_request' },
  },
  {
    story: 'with the client_id alone',
    sent: async () =>
      form({
        grant_type: jwtBearer,
        assertion: await about(server(), reader()),
        scope: 'patient/*.read',
        client_id: readerId,
      }),
    ...{ status: 401, error: 'invalid_client' },
  },
  {
    story: 'with a wrong secret',
    sent: async () => asked({ client: [readerId, 'wrong'] }, await about(server(), reader())),
    ...{ status: 401, error: 'invalid_client' },
  },
  {
    story: 'by a client that nobody knows',
    sent: async () => asked({ client: ['nobody', 'secret'] }, await about(server(), reader())),
    ...{ status: 401, error: 'invalid_client' },
  },
  {
    story: 'with its own assertion about the user as client assertion',
    sent: async () => {
      const jwt = await about(server(), reader());
      return form({
        grant_type: jwtBearer,
        assertion: jwt,
        scope: 'patient/*.read',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: jwt,
      });
    },
    ...{ status: 401, error: 'invalid_client' },
  },
];

describeRefusals(assertions, refusals);

describe('what passes', () => {
  test('the resource named, and a resource without a value', async () => {
    expect(await send(server(), await asking({ resource: gpConnect })())).toMatchObject({ status: 200 });
    expect(await send(server(), await asking({ resource: '' })())).toMatchObject({ status: 200 });
  });

  test('nothing lasts: there is no refresh token, and offline_access is none of this grant', async () => {
    const parameters = { grant_type: jwtBearer, assertion: await userContext(server()) };
    const usual = await clinicRequest(server(), { ...parameters, scope: 'patient/*.read' });
    expect(JSON.parse(usual.body)).not.toHaveProperty('refresh_token');
    const assertion = await userContext(server());
    const lasting = await clinicRequest(server(), {
      ...parameters,
      assertion,
      scope: 'patient/*.read offline_access',
    });
    expect(JSON.parse(lasting.body)).toMatchObject({ error: 'invalid_scope' });
  });

  test('a public client cannot be registered for it', async () => {
    const registration = {
      client_id: 'fernhill-page',
      token_endpoint_auth_method: 'none',
      grant_types: [jwtBearer],
      organization: 'fernhill',
      apis: records,
    };
    await expect(register(server(), registration)).rejects.toThrow();
    const answer = await send(
      server(),
      form({ grant_type: jwtBearer }, basic('fernhill-page', secretOf('fernhill-page'))),
    );
    expect(answer).toMatchObject({ status: 401 });
  });
});
