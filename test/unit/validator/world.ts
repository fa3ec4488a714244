import { CompactSign, createLocalJWKSet, exportJWK, generateKeyPair } from 'jose';
import { expect } from 'vitest';
import {
  type Answer,
  type Claims,
  createValidator,
  type Profile,
  type ResourceRequest,
  type ValidatorOptions,
} from '../../../src/validator/index.ts';

/** Dr Priya Shah of Fernhill Hospital asks Millbrook Surgery; a hundred seconds ago her token was made. */
export const issuedAt = 1767225600;
export const now = issuedAt + 100;
export const issuer = 'https://auth.example.test';
export const millbrook = 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured';
export const spine = 'https://spine.example.test/raflags/STU3';
export const fernhillAsid = '200000990800';
export const millbrookAsid = '200000990901';

const times = { iat: issuedAt, exp: issuedAt + 300 };

export const device = {
  resourceType: 'Device',
  identifier: [{ system: 'https://fernhill.example/Id/device', value: 'ward-app-07' }],
  model: 'Fernhill Ward App',
  version: '3.4.1',
};
export const organization = {
  resourceType: 'Organization',
  identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
  name: 'Fernhill Hospital',
};
export const identifierA = { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: '100000000101' };
export const identifierB = { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: '100000000203' };
export const identifierC = { system: 'https://fernhill.example/Id/user', value: 'pshah' };
export const practitioner = {
  resourceType: 'Practitioner',
  id: 'pr-priya',
  identifier: [identifierA, identifierB, identifierC],
  name: [{ family: 'Shah', given: ['Priya'], prefix: ['Dr'] }],
};

/** GP Connect 1.x. */
export const structured: Claims = {
  iss: issuer,
  sub: 'pr-priya',
  aud: millbrook,
  ...times,
  reason_for_request: 'directcare',
  requested_scope: 'patient/*.read conf/N',
  requesting_device: device,
  requesting_organization: organization,
  requesting_practitioner: practitioner,
};

/** GP Connect 0.x. */
export const careRecord: Claims = {
  ...structured,
  aud: 'https://authorize.fhir.nhs.net/token',
  requested_scope: 'patient/*.read',
  requesting_device: { ...device, id: 'device-1' },
  requesting_organization: {
    ...organization,
    id: 'organization-1',
    identifier: [{ system: 'http://fhir.nhs.net/Id/ods-organization-code', value: 'ZZ800' }],
  },
  requesting_practitioner: {
    resourceType: 'Practitioner',
    id: 'pr-priya',
    identifier: [
      { system: 'http://fhir.nhs.net/sds-user-id', value: '100000000101' },
      { system: 'https://fernhill.example/Id/user', value: 'pshah' },
    ],
    name: { family: ['Shah'], given: ['Priya'], prefix: ['Dr'] },
    practitionerRole: [
      {
        role: {
          coding: [{ system: 'http://fhir.nhs.net/ValueSet/sds-job-role-name-1', code: 'R8000' }],
        },
      },
    ],
  },
  requested_record: {
    resourceType: 'Patient',
    identifier: [{ system: 'http://fhir.nhs.net/Id/nhs-number', value: '9990001014' }],
  },
};

export const system = `https://fhir.nhs.uk/Id/accredited-system|${fernhillAsid}`;
export const fernhill = 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800';
export const priya = 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203';
export const aroha = 'http://fhir.nhs.net/Id/nhs-number|9990001014';

/** Spine Core and Reasonable Adjustments: a professional. */
export const professional: Claims = {
  iss: issuer,
  sub: priya,
  aud: spine,
  ...times,
  reason_for_request: 'directcare',
  scope: 'user/Flag.read',
  requesting_system: system,
  requesting_organization: fernhill,
  requesting_user: priya,
};

/** A set of claims without some of them. */
export const without = (claims: Claims, ...names: string[]): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));

/** Spine Core: Aroha Ngata asks for herself. */
export const citizen: Claims = {
  ...without(professional, 'requesting_user', 'requesting_organization'),
  sub: aroha,
  reason_for_request: 'patientaccess',
  scope: 'patient/Flag.read',
  requesting_patient: aroha,
};

/** Spine Core: a system asks at night, with nobody before it. */
export const unattended: Claims = {
  ...without(professional, 'requesting_user'),
  sub: system,
  scope: 'system/Flag.read',
};

/** Spine knows Fernhill and Millbrook, each with its ASID. */
export const directory = new Map([
  [fernhillAsid, ['ZZ800']],
  [millbrookAsid, ['ZZ901']],
]);

const algorithms = ['ES256', 'RS256', 'PS256'];
const pairs = await Promise.all(algorithms.map((alg) => generateKeyPair(alg, { extractable: true })));
const stranger = await generateKeyPair('ES256');

/** The keys that the issuer publishes: one for each algorithm, named after it. */
export const keys = createLocalJWKSet({
  keys: await Promise.all(
    pairs.map(async ({ publicKey }, at) => ({
      ...(await exportJWK(publicKey)),
      kid: algorithms[at] ?? '',
      alg: algorithms[at] ?? '',
    })),
  ),
});

export const base64url = (text: string) => Buffer.from(text).toString('base64url');

/** A token as consumers made it themselves: it proves nothing. */
export function unsigned(claims: unknown, header: unknown = { alg: 'none', typ: 'JWT' }): string {
  return `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}.`;
}

/** What a header may be changed to; undefined leaves a member out. */
export type Header = {
  alg?: string;
  kid?: string | undefined;
  typ?: string | undefined;
  crit?: string[];
  exp?: number;
  b64?: boolean;
};

/** A token as Assent makes it. */
export const signed = (claims: unknown, header: Header = {}, by: 'issuer' | 'stranger' = 'issuer') =>
  signedText(JSON.stringify(claims), header, by);

/** A token as Assent would make it of a payload that need not be JSON. */
export function signedText(
  payload: string | Uint8Array,
  header: Header = {},
  by: 'issuer' | 'stranger' = 'issuer',
): Promise<string> {
  const protectedHeader = { alg: 'ES256', kid: 'ES256', typ: 'at+jwt', ...header };
  const pair = pairs[algorithms.indexOf(protectedHeader.alg)];
  if (pair === undefined) throw new Error('no key for this algorithm');
  const key = by === 'issuer' ? pair.privateKey : stranger.privateKey;
  return new CompactSign(Buffer.from(payload))
    .setProtectedHeader(protectedHeader)
    .sign(key, { crit: { exp: true } });
}

/** Both kinds of tokens: every claim is checked the same in them. */
export const shapes = ['signed', 'unsigned'] as const;
export type Shape = (typeof shapes)[number];

export const make = (shape: Shape, claims: unknown): Promise<string> =>
  shape === 'signed' ? signed(claims) : Promise.resolve(unsigned(claims));

/** The headers of a call to Millbrook through the proxy. */
export const proxied = (interaction: string) => ({
  'Ssp-TraceID': '09a01679-2564-0fb4-5129-aecc81ea2706',
  'Ssp-From': fernhillAsid,
  'Ssp-To': millbrookAsid,
  'Ssp-InteractionID': `urn:nhs:names:services:gpconnect:${interaction}`,
});

/** A resource server that is reached through its proxy alone. */
export const atProxy = { via: 'proxy' } as const;

/** Dr Shah's claims with another scope. */
export const scoped = (requested_scope: string, members: Claims = {}): Claims => ({
  ...structured,
  requested_scope,
  ...members,
});

/** The call that her claims are for. */
export const getStructured = {
  method: 'POST',
  path: '/Patient/$gpc.getstructuredrecord',
  headers: proxied('fhir:operation:gpc.getstructuredrecord-1'),
};

/** Millbrook, or whatever resource server is asked; it reads legacy tokens as well. */
export function serverOf(profile: Profile, options: Partial<ValidatorOptions> = {}) {
  return createValidator({
    profile,
    issuer,
    keys,
    clock: { seconds: () => now },
    audiences: [profile.startsWith('gp-connect') ? millbrook : spine],
    asids: [millbrookAsid],
    via: 'none',
    legacy: 'read',
    ...options,
  });
}

/** Sends a token with a request, and gives the answer. */
export function send(
  profile: Profile,
  token: string,
  { headers, ...request }: Partial<ResourceRequest> = {},
  options: Partial<ValidatorOptions> = {},
): Promise<Answer> {
  return serverOf(profile, options).check({
    ...request,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
}

/** What a refusal says: status, issue type, code, and text if the pages fix it. */
export type Refusal = readonly [status: number, issue: string, code: string, diagnostics?: string | RegExp];

/** Where the errors of a profile are published (8.1, 8.3; for 0.x the error page of 0.5). */
function published(profile: Profile) {
  if (profile === 'gp-connect-0')
    return {
      structure: 'http://fhir.nhs.net/StructureDefinition/gpconnect-operationoutcome-1',
      system: 'http://fhir.nhs.net/ValueSet/gpconnect-error-or-warning-code-1',
    };
  return {
    structure: `https://fhir.nhs.uk/STU3/StructureDefinition/${profile === 'gp-connect' ? 'GPConnect' : 'Spine'}-OperationOutcome-1`,
    system: 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1',
  };
}

/** The displays that the pages quote. */
const displays: Readonly<Record<string, string>> = {
  BAD_REQUEST: 'Bad request',
  MISSING_OR_INVALID_HEADER: 'There is a required header missing or invalid',
};

/**
 * The outcome of a row: a refusal, or nothing for a success.
 *
 * @param profile whose errors they are; unless told, the one of its family that most rows are about
 */
export function expectAnswer(
  answer: Answer,
  shape: Shape,
  refusal: Refusal | undefined,
  profile: Profile = refusal?.[2] === 'MISSING_OR_INVALID_HEADER' ? 'spine-core' : 'gp-connect',
): void {
  expect(answer.headers['Cache-Control'], 'on success and on every error').toBe('no-store');
  if (refusal === undefined) {
    expect(answer).toMatchObject({ verdict: shape === 'signed' ? 'accepted' : 'read', trust: shape });
    return;
  }
  const [status, issue, code, diagnostics = /./] = refusal;
  const { structure, system: codes } = published(profile);
  const text = typeof diagnostics === 'string' ? diagnostics : expect.stringMatching(diagnostics);
  const display = displays[code] ?? expect.stringMatching(/./);
  expect(answer).toMatchObject({ verdict: 'refused', status });
  expect(answer).toHaveProperty('outcome', {
    resourceType: 'OperationOutcome',
    meta: { profile: [structure] },
    issue: [
      {
        severity: 'error',
        code: issue,
        details: { coding: [{ system: codes, code, display }] },
        diagnostics: text,
      },
    ],
  });
}

export const badRequest = (diagnostics?: string | RegExp): Refusal => [
  400,
  'invalid',
  'BAD_REQUEST',
  diagnostics,
];
export const invalidResource = (diagnostics?: string | RegExp): Refusal => [
  422,
  'invalid',
  'INVALID_RESOURCE',
  diagnostics,
];
export const badHeader = (diagnostics?: string | RegExp, issue = 'structure'): Refusal => [
  400,
  issue,
  'MISSING_OR_INVALID_HEADER',
  diagnostics,
];

/** The answer of the Spine family where a claim is missing. */
export const missingClaim = (claim: string): Refusal =>
  badHeader(
    `The mandatory claim [${claim}] from the JWT associated with the Authorisation header is missing`,
  );
