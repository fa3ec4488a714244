import { describe, expect, test } from 'vitest';
import type { Claims, ResourceRequest } from '../../../src/validator/index.ts';
import {
  atProxy,
  badRequest,
  expectAnswer,
  getStructured,
  make,
  organization,
  proxied,
  type Refusal,
  scoped,
  send,
  shapes,
  structured,
  without,
} from './world.ts';

describe.each(shapes)('6.3 migration, %s', (shape) => {
  const migration = (scope: string, members: Claims = {}) =>
    scoped(scope, { reason_for_request: 'migration', ...members });
  const noRelationship: Refusal = [403, 'forbidden', 'NO_RELATIONSHIP', /registered practice/];
  const conflict: Refusal = [400, 'invalid', 'CONFLICTING_VALUES', /conf\/R/];
  const practice = { registeredPractice: 'ZZ800' };

  const rows: [name: string, claims: Claims, facts: Partial<ResourceRequest>, refusal?: Refusal][] = [
    ['the patient is registered with the practice that asks', migration('patient/*.read conf/R'), practice],
    [
      'the patient is registered elsewhere',
      migration('patient/*.read conf/R'),
      { registeredPractice: 'ZZ901' },
      noRelationship,
    ],
    ['nobody said where the patient is registered', migration('patient/*.read conf/N'), {}, noRelationship],
    [
      'sensitive information, with conf/R',
      migration('patient/*.read conf/R'),
      { ...practice, sensitive: true },
    ],
    [
      'sensitive information, with only conf/N',
      migration('patient/*.read conf/N'),
      { ...practice, sensitive: true },
      conflict,
    ],
    [
      'no sensitive information, with conf/N',
      migration('patient/*.read conf/N'),
      { ...practice, sensitive: false },
    ],
    [
      'no sensitive information, but conf/R',
      migration('patient/*.read conf/R'),
      { ...practice, sensitive: false },
      badRequest(/no sensitive information/),
    ],
    [
      'reason missing',
      without(migration('patient/*.read conf/N'), 'reason_for_request'),
      practice,
      badRequest(/reason_for_request is missing/),
    ],
    [
      'reason unknown',
      migration('patient/*.read conf/N', { reason_for_request: 'badReason' }),
      practice,
      badRequest(/reason/),
    ],
    [
      'reason directcare',
      migration('patient/*.read conf/N', { reason_for_request: 'directcare' }),
      practice,
      badRequest(/migration/),
    ],
    [
      'scope missing',
      without(migration(''), 'requested_scope'),
      practice,
      badRequest(/requested_scope is missing/),
    ],
    ['scope without conf', migration('patient/*.read'), practice, badRequest(/conf\/N or conf\/R/)],
    [
      'no practitioner, as tested',
      without(migration('patient/*.read conf/N'), 'requesting_practitioner'),
      practice,
    ],
    ['practitioner null', migration('patient/*.read conf/N', { requesting_practitioner: null }), practice],
    [
      'practitioner without name and identifiers: only a SHOULD',
      migration('patient/*.read conf/N', {
        requesting_practitioner: { resourceType: 'Practitioner', id: 'pr-priya' },
      }),
      practice,
    ],
    [
      'practitioner without an id',
      migration('patient/*.read conf/N', { requesting_practitioner: { resourceType: 'Practitioner' } }),
      practice,
    ],
    [
      'practitioner who is not sub',
      migration('patient/*.read conf/N', {
        requesting_practitioner: { resourceType: 'Practitioner', id: 'pr-rangi' },
      }),
      practice,
      badRequest(/sub must be/),
    ],
    [
      'practitioner who is no FHIR',
      migration('patient/*.read conf/N', {
        requesting_practitioner: { resourceType: 'Practitioner', shoe: 42 },
      }),
      practice,
      [422, 'invalid', 'INVALID_RESOURCE'],
    ],
    [
      'organisation without an ODS code',
      migration('patient/*.read conf/N', { requesting_organization: without(organization, 'identifier') }),
      {},
      badRequest(/ods-organization-code/),
    ],
  ];

  test.each(rows)('%s', async (_name, claims, facts, refusal) => {
    const request = {
      method: 'POST',
      path: '/Patient/$gpc.migratestructuredrecord',
      headers: proxied('fhir:operation:gpc.migratestructuredrecord-1'),
      ...facts,
    };
    expectAnswer(await send('gp-connect', await make(shape, claims), request, atProxy), shape, refusal);
  });

  test('the practitioner may be left out nowhere else', async () => {
    const claims = without(structured, 'requesting_practitioner');
    const answer = await send('gp-connect', await make(shape, claims), getStructured, atProxy);
    expectAnswer(answer, shape, badRequest('JWT claim requesting_practitioner is missing'));
    const document = {
      method: 'GET',
      path: '/Binary/9',
      headers: proxied('documents:fhir:rest:migrate:binary-1'),
    };
    const migrated = await make(shape, without(migration('patient/*.read'), 'requesting_practitioner'));
    expectAnswer(
      await send('gp-connect', migrated, document, atProxy),
      shape,
      badRequest('JWT claim requesting_practitioner is missing'),
    );
  });

  test('sensitive documents need conf/R as well, and the registered practice', async () => {
    const document = {
      method: 'GET',
      path: '/Binary/9',
      headers: proxied('documents:fhir:rest:migrate:binary-1'),
      sensitive: true,
    };
    const ask = async (scope: string, facts: object) =>
      send('gp-connect', await make(shape, migration(scope)), { ...document, ...facts }, atProxy);
    expectAnswer(await ask('patient/*.read', practice), shape, conflict);
    expectAnswer(await ask('patient/*.read conf/R', {}), shape, noRelationship);
    expectAnswer(await ask('patient/*.read conf/R', practice), shape, undefined);
  });

  describe('the registered practice is asked for whenever the reason is migration, whatever is known of the call', () => {
    const calls: [name: string, request: Partial<ResourceRequest>, scope?: string][] = [
      ['nothing is known of it', {}, 'patient/*.read conf/R'],
      ['an endpoint that has no interaction', { method: 'GET', path: '/Patient/9/Observation' }],
      ['a search for documents', { method: 'GET', path: '/Binary' }],
      ['a path without a method', { path: '/Patient/9/Observation' }],
      [
        'the operation with a slash at its end',
        { method: 'POST', path: '/Patient/$gpc.migratestructuredrecord/' },
        'patient/*.read conf/R',
      ],
      [
        'the operation without a method',
        { path: '/Patient/$gpc.migratestructuredrecord' },
        'patient/*.read conf/R',
      ],
    ];

    test.each(calls)('%s', async (_name, request, scope = 'patient/*.read') => {
      const ask = async (facts: object) =>
        send('gp-connect', await make(shape, migration(scope)), { ...request, ...facts });
      for (const facts of [{}, { registeredPractice: 'ZZ999' }])
        expectAnswer(await ask(facts), shape, noRelationship);
      const answer = await ask(practice);
      expectAnswer(answer, shape, undefined);
      expect(answer.passed).toContain('relationship');
    });

    test('and nobody claims to have compared it for another reason', async () => {
      const answer = await send('gp-connect', await make(shape, structured), practice);
      expectAnswer(answer, shape, undefined);
      expect(answer.passed).not.toContain('relationship');
    });
  });
});
