import { describe, expect, test } from 'vitest';
import { endpoints } from '../../../src/validator/index.ts';
import {
  badRequest,
  expectAnswer,
  proxied,
  type Refusal,
  scoped,
  send,
  signed,
  structured,
} from './world.ts';

const token = await signed(structured);

describe('6.1 the grammar of requested_scope', () => {
  const wrong = badRequest(/^JWT claim requested_scope must be one of/);
  const rows: [scope: string, refusal?: Refusal][] = [
    ...['patient/*.read', 'patient/*.write', 'organization/*.read', 'organization/*.write'].map(
      (scope): [string] => [scope],
    ),
    ['patient/*.read conf/N'],
    ['conf/N patient/*.read'],
    ['conf/N', wrong],
    ['conf/R', wrong],
    ['patient/*.read organization/*.read', wrong],
    ['patient/*.read conf/N conf/R', wrong],
    ['patient/*.read  conf/N', wrong],
    ['patient/*.read,conf/N', wrong],
    ['patient/*.read ', wrong],
    ['Patient/*.read', wrong],
    ['patient/*.READ', wrong],
    ['patient/Observation.read', wrong],
    ['patient/*.*', wrong],
    ['encounter/*.read', wrong],
    ['user/*.read', wrong],
    ['patient/*.read conf/V', wrong],
    ['patient/*.read openid', wrong],
  ];

  test.each(rows)('%j', async (scope, refusal) => {
    expectAnswer(await send('gp-connect', await signed(scoped(scope))), 'signed', refusal);
  });
});

describe('6.2 endpoint view', () => {
  const families = {
    patient: [
      '/Patient',
      '/Patient/9',
      '/Patient/9/Appointment',
      '/Appointment',
      '/DocumentReference',
      '/Binary',
    ],
    organization: ['/Organization', '/Practitioner', '/Location', '/Slot', '/Task'],
  };
  const rows = Object.entries(families).flatMap(([family, paths]) =>
    paths.flatMap((path) =>
      [
        ['GET', 'read'],
        ['POST', 'write'],
      ].map(([method = '', access = '']) => ({ method, path, family, access })),
    ),
  );

  test('names the endpoints of the table', () => {
    expect([...endpoints.keys()].map((name) => `/${name}`).sort()).toEqual(
      Object.values(families)
        .flat()
        .filter((path) => path.split('/').length === 2)
        .sort(),
    );
  });

  test.each(rows)(
    '$method $path takes $family/*.$access and nothing else',
    async ({ method, path, family, access }) => {
      for (const scope of [
        'patient/*.read',
        'patient/*.write',
        'organization/*.read',
        'organization/*.write',
      ]) {
        const answer = await send('gp-connect', await signed(scoped(scope)), { method, path });
        const isRight = scope === `${family}/*.${access}`;
        expectAnswer(
          answer,
          'signed',
          isRight ? undefined : badRequest(/^JWT claim requested_scope must be/),
        );
      }
    },
  );

  test('/metadata takes organization/*.read', async () => {
    const metadata = { method: 'GET', path: '/metadata' };
    expectAnswer(
      await send('gp-connect', await signed(scoped('organization/*.read')), metadata),
      'signed',
      undefined,
    );
    expectAnswer(
      await send('gp-connect', await signed(scoped('patient/*.read')), metadata),
      'signed',
      badRequest(),
    );
  });

  test('no scope is fit for a path that nobody knows', async () => {
    const unknown = { method: 'GET', path: '/Group' };
    expectAnswer(await send('gp-connect', token, unknown), 'signed', badRequest(/not for this path/));
  });

  test.each([
    '/Patient/../Organization',
    '/Patient/./9',
    '/Patient/%2e%2e/Organization',
    '/Patient/9;x=1',
    '/Patient//9',
    '/Patient/9//',
    '/Patient/9/$everything',
    '/Patient/%24gpc.everything',
    '/Patient/$gpc.registerpatient/9',
    'Patient/9',
    '//Patient',
    '/',
    '/constructor',
    '/__proto__',
    '/hasOwnProperty/9',
  ])('no scope is fit for the path %s', async (path) => {
    for (const scope of ['patient/*.read', 'patient/*.write', 'organization/*.read'])
      for (const method of ['GET', 'POST', undefined]) {
        const request = method === undefined ? { path } : { method, path };
        const answer = await send('gp-connect', await signed(scoped(scope)), request);
        expectAnswer(answer, 'signed', badRequest('JWT claim requested_scope is not for this path'));
      }
  });

  test('one slash at the end of a path says nothing', async () => {
    for (const path of ['/Patient/9/', '/Patient/9/Observation/', '/Patient/?_count=1'])
      expectAnswer(
        await send('gp-connect', await signed(scoped('patient/*.read')), { method: 'GET', path }),
        'signed',
        undefined,
      );
    const register = { method: 'POST', path: '/Patient/$gpc.registerpatient/' };
    expectAnswer(
      await send('gp-connect', await signed(scoped('patient/*.read')), register),
      'signed',
      badRequest('JWT claim requested_scope must be patient/*.write for this call'),
    );
  });

  test.each<[string, string | undefined, string, string[]]>([
    ['HEAD is a read', 'HEAD', '/Patient/9', ['patient/*.read']],
    ['HEAD is a read', 'HEAD', '/Patient/9/Observation', ['patient/*.read']],
    ['HEAD is a read', 'HEAD', '/metadata', ['organization/*.read']],
    ['without a method either', undefined, '/Patient', ['patient/*.read', 'patient/*.write']],
    ['without a method either', undefined, '/Appointment/9', ['patient/*.read', 'patient/*.write']],
    ['without a method either', undefined, '/Slot', ['organization/*.read', 'organization/*.write']],
    ['an operation is what it is', undefined, '/Patient/$gpc.registerpatient', ['patient/*.write']],
    ['an operation is what it is', undefined, '/metadata', ['organization/*.read']],
  ])('%s: %s %s', async (_name, method, path, accepted) => {
    for (const scope of [
      'patient/*.read',
      'patient/*.write',
      'organization/*.read',
      'organization/*.write',
    ]) {
      const request = method === undefined ? { path } : { method, path };
      const isRight = accepted.includes(scope);
      expectAnswer(
        await send('gp-connect', await signed(scoped(scope)), request),
        'signed',
        isRight ? undefined : badRequest(/^JWT claim requested_scope must be .* for this call$/),
      );
    }
  });

  test('a header does not turn one call into another', async () => {
    const cheat = { method: 'POST', path: '/Appointment', headers: proxied('fhir:rest:read:metadata-1') };
    const answer = await send('gp-connect', await signed(scoped('organization/*.read')), cheat);
    expectAnswer(answer, 'signed', badRequest(/must be patient\/\*\.write/));
  });
});
