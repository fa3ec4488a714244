import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { type Claims, type Profile, profiles } from '../../../src/validator/index.ts';
import {
  base64url,
  careRecord,
  issuer,
  professional,
  proxied,
  serverOf,
  signed,
  structured,
  unsigned,
} from './world.ts';

vi.setConfig({ testTimeout: 60_000 });

const goods: Claims[] = [structured, careRecord, professional];
const tokens = [
  ...goods.map((claims) => unsigned(claims)),
  ...(await Promise.all(goods.map((claims) => signed(claims)))),
];
const request = { method: 'POST', path: '/Patient/$gpc.getstructuredrecord' };
const headers = proxied('fhir:operation:gpc.getstructuredrecord-1');

async function ask(profile: Profile, token: string) {
  const answer = await serverOf(profile).check({
    ...request,
    headers: { ...headers, authorization: `Bearer ${token}` },
  });
  expect(['accepted', 'read', 'refused']).toContain(answer.verdict);
  expect(answer.headers['Cache-Control']).toBe('no-store');
  if (answer.verdict === 'refused') expect([400, 403, 422]).toContain(answer.status);
  return answer;
}

const profile = fc.constantFrom(...profiles);

test('whatever bytes of a token are changed, it is answered, and a signed one that was changed is never accepted', async () => {
  const change = fc.record({ at: fc.nat(), to: fc.constantFrom(...'AZaz09-_.+/= \u0000é') });
  await fc.assert(
    fc.asyncProperty(
      profile,
      fc.constantFrom(...tokens),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      async (kind, token, changes) => {
        const letters = [...token];
        for (const { at, to } of changes) letters[at % letters.length] = to;
        const changed = letters.join('');
        const answer = await ask(kind, changed);
        if (changed !== token) expect(answer.verdict).not.toBe('accepted');
      },
    ),
    { numRuns: 600 },
  );
});

test('whatever JSON a token holds, it is answered', async () => {
  const names = [
    ...new Set(goods.flatMap((claims) => Object.keys(claims))),
    'act',
    'cnf',
    'requesting_patient',
    '__proto__',
  ];
  await fc.assert(
    fc.asyncProperty(
      profile,
      fc.constantFrom(...goods),
      fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 6 })),
      async (kind, claims, members) => {
        await ask(kind, unsigned({ ...claims, ...members }));
        await ask(kind, await signed({ ...claims, ...members, iss: issuer }));
      },
    ),
    { numRuns: 600 },
  );
});

test('whatever stands in the resources, it is answered', async () => {
  const where = fc.constantFrom(
    'requesting_device',
    'requesting_organization',
    'requesting_practitioner',
    'requested_record',
  );
  const element = fc.constantFrom(
    'identifier',
    'name',
    'model',
    'id',
    'extension',
    'contained',
    'meta',
    '_name',
    '__proto__',
    'constructor',
    'resourceType',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(structured, careRecord),
      where,
      element,
      fc.jsonValue(),
      async (claims, claim, name, value) => {
        const resource = JSON.stringify(claims[claim] ?? {}).replace(
          '{',
          `{${JSON.stringify(name)}:${JSON.stringify(value)},`,
        );
        const text = JSON.stringify(claims).replace(
          /}$/,
          `,${JSON.stringify(claim)}:${resource.replace(/,}$/, '}')}}`,
        );
        const token = `${base64url('{"alg":"none","typ":"JWT"}')}.${base64url(text)}.`;
        await ask('gp-connect', token);
        await ask('gp-connect-0', token);
      },
    ),
    { numRuns: 600 },
  );
});

test('whatever stands in the headers and the address, it is answered', async () => {
  const name = fc.constantFrom(
    'Authorization',
    'Ssp-To',
    'Ssp-From',
    'Ssp-TraceID',
    'Ssp-InteractionID',
    'FromASID',
    'ToASID',
  );
  const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined));
  await fc.assert(
    fc.asyncProperty(
      profile,
      fc.dictionary(name, value),
      fc.string(),
      fc.string(),
      async (kind, fields, method, path) => {
        const answer = await serverOf(kind, { via: 'proxy' }).check({ method, path, headers: fields });
        expect(answer.verdict).toBe('refused');
      },
    ),
    { numRuns: 600 },
  );
});
