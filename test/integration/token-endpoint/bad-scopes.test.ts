import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { applicants, registerApplicants, secretOf } from './applicants.ts';
import { behindProxy, expectRefused, observe, type Refusal, titleOf } from './refusals.ts';

/**
 * Authenticated clients that ask for more than they may have (TK-06 and AZ-07 of the threat model, RFC 8707).
 * Each refusal leaves exactly one row in the audit.
 */

let server: TestServer;
let observations: Awaited<ReturnType<typeof observe>>;

const spine = 'https://spine.example.test/raflags/STU3';
const gpConnect = 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured';

type Pairs = readonly (readonly [string, string])[];

/** A request of the clinic, which may have system/Flag.read at the Spine API. */
const clinic = (parameters: Record<string, string> | Pairs): Sent => {
  const rest = Array.isArray(parameters) ? (parameters as Pairs) : Object.entries(parameters);
  return form(
    [['grant_type', 'client_credentials'], ...rest],
    basic('clinic-backend', 'demo-secret-clinic-backend'),
  );
};

const byApplicant = (clientId: string, parameters: Record<string, string>): Sent =>
  form({ grant_type: 'client_credentials', ...parameters }, basic(clientId, secretOf(clientId)));

const badScopes: readonly (readonly [story: string, scope: string])[] = [
  ['a scope that the API does not have', 'system/Observation.read'],
  ['a scope of the API that the client was not given', 'user/Flag.read'],
  ['one scope too many', 'system/Flag.read user/Flag.read'],
  ['any type where one was given', 'system/*.read'],
  ['write where read was given', 'system/Flag.write'],
  ['an access outside the grammar', 'system/Flag.delete'],
  ['a context outside the grammar', 'practitioner/Flag.read'],
  ['the right scope in other letters', 'system/flag.read'],
  ['no grammar at all', 'everything'],
  ['a scope of the GP Connect family', 'conf/N'],
  ['a scope of the plain family', 'admin.read'],
  ['a scope of SMART version 2', 'system/Flag.rs'],
  ['openid', 'openid'],
  ['openid beside a good scope', 'openid system/Flag.read'],
  ['offline_access beside a good scope', 'system/Flag.read offline_access'],
  ['an empty scope', ''],
  ['only a space', ' '],
  ['two spaces between scopes', 'system/Flag.read  system/Flag.read'],
  ['a space in front', ' system/Flag.read'],
  ['a space behind', 'system/Flag.read '],
  ['a tab between scopes', 'system/Flag.read\tsystem/Flag.read'],
  ['a line break behind', 'system/Flag.read\n'],
  ['a carriage return and a header', 'system/Flag.read\r\nX-Injected: 1'],
  ['the control character U+0001', 'system/Flag.read\u0001'],
  ['the control character U+007F', 'system/Flag.read\u007f'],
  ['a quotation mark', 'system/"Flag".read'],
  ['a backslash', 'system\\Flag.read'],
  ['letters beyond ASCII', 'system/Fläg.read'],
  ['a space that is none (U+00A0)', 'system/Flag.read\u00a0system/Flag.read'],
  ['4001 characters', 'system/Flag.read'.padEnd(4001, 'x')],
  ['a comma instead of a space', 'system/Flag.read,system/Flag.read'],
  // The audit keeps the first thousand characters, and must not keep half a character.
  ['a character of two halves at the place where the audit cuts', `${'x'.repeat(999)}\u{1f600}`],
];

const scopeRefusals: readonly Refusal[] = badScopes.map(([story, scope]) => ({
  story: `scope: ${story}`,
  sent: clinic({ scope }),
  status: 400,
  error: 'invalid_scope',
  deniedTo: 'clinic-backend',
}));

const invalidScope = { status: 400, error: 'invalid_scope' } as const;
const invalidTarget = { status: 400, error: 'invalid_target', deniedTo: 'clinic-backend' } as const;
const unauthorized = { status: 400, error: 'unauthorized_client' } as const;
const invalidRequest = { status: 400, error: 'invalid_request', deniedTo: 'clinic-backend' } as const;
const scope = 'system/Flag.read';

const refusals: readonly Refusal[] = [
  ...scopeRefusals,
  { story: 'scope: none', sent: clinic({}), ...invalidScope, deniedTo: 'clinic-backend' },
  {
    story: 'scope: none, with the resource named',
    sent: clinic({ resource: spine }),
    ...invalidScope,
    deniedTo: 'clinic-backend',
  },
  {
    story: 'scope: one that another client has at the same API',
    sent: byApplicant(applicants.reader, { scope: 'admin.write' }),
    ...invalidScope,
    deniedTo: applicants.reader,
  },
  {
    story: "scope: a practitioner's, by a system that was given it",
    sent: byApplicant(applicants.ward, { scope: 'user/Flag.read' }),
    ...invalidScope,
    deniedTo: applicants.ward,
  },
  {
    story: "scope: a practitioner's beside a system's, by a system that was given both",
    sent: byApplicant(applicants.ward, { scope: 'system/Flag.read user/Flag.read' }),
    ...invalidScope,
    deniedTo: applicants.ward,
  },
  {
    story: 'scope: one of each of the client’s two APIs',
    sent: byApplicant(applicants.both, { scope: 'system/Flag.read admin.read' }),
    ...invalidScope,
    deniedTo: applicants.both,
  },
  {
    story: 'scope: of the client’s other API than the resource named',
    sent: byApplicant(applicants.both, { scope: 'admin.read', resource: spine }),
    ...invalidScope,
    deniedTo: applicants.both,
  },

  {
    story: 'resource: unknown',
    sent: clinic({ scope, resource: 'https://nowhere.example.test/' }),
    ...invalidTarget,
  },
  { story: 'resource: not the client’s', sent: clinic({ scope, resource: gpConnect }), ...invalidTarget },
  {
    story: 'resource: with a slash behind',
    sent: clinic({ scope, resource: `${spine}/` }),
    ...invalidTarget,
  },
  {
    story: 'resource: with the host in other letters',
    sent: clinic({ scope, resource: spine.replace('spine', 'SPINE') }),
    ...invalidTarget,
  },
  { story: 'resource: with a fragment', sent: clinic({ scope, resource: `${spine}#a` }), ...invalidTarget },
  { story: 'resource: with a query', sent: clinic({ scope, resource: `${spine}?a=b` }), ...invalidTarget },
  { story: 'resource: no URI', sent: clinic({ scope, resource: 'raflags' }), ...invalidTarget },
  {
    story: 'resource: the id of the API',
    sent: clinic({ scope, resource: 'urn:raflags' }),
    ...invalidTarget,
  },
  { story: 'resource: a script', sent: clinic({ scope, resource: 'javascript:alert(1)' }), ...invalidTarget },
  {
    story: 'resource: two, one of them unknown',
    sent: clinic([
      ['scope', scope],
      ['resource', spine],
      ['resource', 'https://nowhere.example.test/'],
    ]),
    ...invalidTarget,
  },
  {
    story: 'resource: two, one of them not the client’s',
    sent: clinic([
      ['scope', scope],
      ['resource', spine],
      ['resource', gpConnect],
    ]),
    ...invalidTarget,
  },

  {
    story: 'provenance: neither the client nor its organisation has an ASID',
    sent: byApplicant(applicants.unaccredited, { scope }),
    ...unauthorized,
    deniedTo: applicants.unaccredited,
  },
  {
    story: 'provenance: the organisation has no ODS code',
    sent: byApplicant(applicants.maker, { scope }),
    ...unauthorized,
    deniedTo: applicants.maker,
  },
  {
    story: 'provenance: the client has no organisation',
    sent: byApplicant(applicants.stray, { scope }),
    ...unauthorized,
    deniedTo: applicants.stray,
  },
  {
    story: 'a resource whose tokens name a person',
    sent: byApplicant(applicants.records, { scope: 'patient/*.read conf/N' }),
    ...unauthorized,
    deniedTo: applicants.records,
  },
  {
    story: 'a resource whose tokens name a person, named in the request',
    sent: byApplicant(applicants.records, { scope: 'patient/*.read conf/N', resource: gpConnect }),
    ...unauthorized,
    deniedTo: applicants.records,
  },

  ...['secondaryuses', 'patientaccess', 'migration', 'DirectCare', 'x'.repeat(2000), '\u{1f600}'].map(
    (reason): Refusal => ({
      story: `reason_for_request: ${reason.slice(0, 20)}`,
      sent: clinic({ scope, reason_for_request: reason }),
      ...invalidRequest,
    }),
  ),
];

beforeAll(async () => {
  server = await startServer(behindProxy);
  await registerApplicants(server);
  observations = await observe(server, refusals);
});

afterAll(() => server.close());

describe('TK-06 AZ-07 authenticated clients that ask for what they may not have', () => {
  for (const refusal of refusals) {
    test(titleOf(refusal), () => expectRefused(refusal, observations));
  }
});

describe('what passes', () => {
  async function granted(sent: Sent): Promise<unknown> {
    const answer = await send(server, sent);
    expect(answer).toMatchObject({ status: 200 });
    return (JSON.parse(answer.body) as { scope: unknown }).scope;
  }

  test('the scope that the client was given', async () => {
    expect(await granted(clinic({ scope }))).toBe(scope);
  });

  test('the same scope twice, which is granted once', async () => {
    expect(await granted(clinic({ scope: `${scope} ${scope}` }))).toBe(scope);
  });

  test('the resource named', async () => {
    expect(await granted(clinic({ scope, resource: spine }))).toBe(scope);
  });

  test('the only reason that the API allows', async () => {
    expect(await granted(clinic({ scope, reason_for_request: 'directcare' }))).toBe(scope);
  });

  test('a reason without a value, which counts as left out (RFC 6749 section 3.2)', async () => {
    expect(await granted(clinic({ scope, reason_for_request: '' }))).toBe(scope);
  });

  test("a system's scope, by a client that was also given a practitioner's", async () => {
    expect(await granted(byApplicant(applicants.ward, { scope }))).toBe(scope);
  });

  test.for(['system/Flag.read', 'admin.read'])(
    '%s of a client with two APIs, which finds its API',
    async (one) => {
      expect(await granted(byApplicant(applicants.both, { scope: one }))).toBe(one);
    },
  );
});
