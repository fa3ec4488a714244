import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseUnavailable } from '../../../src/errors.ts';
import { type DemoFhir, expectOutcome, fhir, startDemoFhir } from './fixture.ts';

let server: DemoFhir;

beforeAll(async () => {
  server = await startDemoFhir();
});

afterAll(() => server.close());

const everything = { scope: 'system/*.cruds' };

describe('addresses and methods', () => {
  test.each([
    ['PUT', '/Patient/p-tama', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/Patient/p-tama', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/Patient/p-tama', 'GET, HEAD, OPTIONS'],
    ['POST', '/Patient', 'GET, HEAD, OPTIONS'],
    ['POST', '', 'GET, HEAD, OPTIONS'],
    ['POST', '/metadata', 'GET, HEAD, OPTIONS'],
    ['PUT', '/Patient/_search', 'POST, OPTIONS'],
    ['PUT', '/Observation', 'GET, HEAD, POST, OPTIONS'],
    ['PUT', '/Observation/ob-aroha-1', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/Observation/ob-aroha-1', 'GET, HEAD, OPTIONS'],
    ['POST', '/Provenance', 'GET, HEAD, OPTIONS'],
  ])('%s %s: 405', async (method, path, allow) => {
    const answer = await server.as(everything, path, { method });
    expect(answer.headers.get('allow')).toBe(allow);
    await expectOutcome(answer, 405, 'not-supported');
  });

  test.each([
    ['/Encounter/1', 'not-supported'],
    ['/patient/p-tama', 'not-supported'],
    ['/constructor/p-tama', 'not-supported'],
    ['/Patient%2Fp-tama', 'not-supported'],
    ['/Patient/_search', 'not-found'],
    ['/Patient/p-tama/_history', 'not-found'],
    ['/Patient/p-tama/_history/1', 'not-found'],
    ['/Patient/p-tama%00', 'not-found'],
    ['/Patient/%00', 'not-found'],
    ['/Patient/%E0%A4%A', 'not-found'],
    ['/Patient/%2e%2e%2fp-tama', 'not-found'],
    ['/Patient/P-TAMA', 'not-found'],
    [`/Patient/${'a'.repeat(5000)}`, 'not-found'],
    ['/Patient/__proto__', 'not-found'],
    ['/Patient/%F0%9F%92%89', 'not-found'],
    ['', 'not-found'],
    ['/', 'not-found'],
    ['//', 'not-found'],
  ])('GET %s: 404', async (path, code) => {
    await expectOutcome(await server.as(everything, path), 404, code);
  });

  test.each(['?_format=xml', '?_format=application/fhir%2Bxml', '?_format=json&_format=xml'])(
    '%s: 406',
    async (query) => {
      for (const path of ['/Patient/p-tama', '/Patient', '/metadata'])
        await expectOutcome(await server.as(everything, `${path}${query}`), 406, 'not-supported');
    },
  );

  test('Accept without JSON: 406, unless _format says otherwise', async () => {
    const init = { headers: { Accept: 'application/fhir+xml' } };
    await expectOutcome(await server.as(everything, '/Patient/p-tama', init), 406, 'not-supported');
    expect((await server.as(everything, '/Patient/p-tama?_format=json', init)).status).toBe(200);
  });

  test.each([
    'application/fhir+json; fhirVersion=4.0',
    'application/json; charset=utf-8',
    'text/html, */*;q=0.1',
  ])('Accept: %s is served', async (Accept) => {
    expect((await server.as(everything, '/Patient/p-tama', { headers: { Accept } })).status).toBe(200);
  });

  test.each(['json', 'application/json', 'application/fhir%2Bjson', 'application/fhir+json'])(
    '_format=%s is served',
    async (format) => {
      expect((await server.as(everything, `/Patient?_format=${format}`)).status).toBe(200);
    },
  );
});

describe('searches', () => {
  test.each([
    ['an empty value', '/Immunization?patient=', 'invalid'],
    ['an empty alternative', '/Immunization?status=completed,', 'invalid'],
    ['a date that is none', '/Immunization?date=2026-02-30', 'invalid'],
    ['an approximate date', '/Immunization?date=ap2026', 'invalid'],
    ['a token of three parts', '/Immunization?status=a|b|c', 'invalid'],
    ['a token of nothing', '/Immunization?status=|', 'invalid'],
    ['a modifier', '/Immunization?status:not=completed', 'not-supported'],
    ['a typed reference', '/Observation?subject:Patient=p-tama', 'not-supported'],
    ['a chain', '/Immunization?patient.name=Tama', 'not-supported'],
    ['a negative count', '/Immunization?_count=-1', 'invalid'],
    ['a count that is no number', '/Immunization?_count=ten', 'invalid'],
    ['two counts', '/Immunization?_count=1&_count=2', 'invalid'],
    ['U+0000 in a value', '/Immunization?status=comp%00leted', 'invalid'],
    ['U+0000 in an unknown parameter', '/Immunization?x%00=1', 'invalid'],
    ['a line break in a value', '/Immunization?status=a%0Ab', 'invalid'],
  ])('%s: 400', async (_name, path, code) => {
    await expectOutcome(await server.as(everything, path), 400, code);
  });

  test.each(['?colour=blue', '?_include=Immunization:patient', '?code:in=x', '?__proto__=1', '?=', '?&&'])(
    '%s is passed over, and left out of the link to itself',
    async (query) => {
      const body = await fhir(await server.as(everything, `/Immunization${query}`));
      expect(body.total).toBe(9);
      expect(body.link).toEqual([{ relation: 'self', url: `${server.base}/Immunization` }]);
    },
  );

  test.each(['handling=strict', 'respond-async, handling=strict', 'return=minimal; Handling=Strict'])(
    'with Prefer: %s an unknown parameter is refused',
    async (Prefer) => {
      const init = { headers: { Prefer } };
      await expectOutcome(
        await server.as(everything, '/Immunization?colour=blue', init),
        400,
        'not-supported',
      );
      expect((await server.as(everything, '/Immunization?status=completed&_count=1', init)).status).toBe(200);
    },
  );

  test('Prefer: handling=lenient is lenient', async () => {
    const init = { headers: { Prefer: 'handling=lenient' } };
    expect((await server.as(everything, '/Immunization?colour=blue', init)).status).toBe(200);
  });

  test.each([
    ['application/json', '{"status":"completed"}', 415, 'not-supported'],
    ['text/plain', 'status=completed', 415, 'not-supported'],
    ['multipart/form-data; boundary=x', '--x--', 415, 'not-supported'],
    ['application/x-www-form-urlencoded', `status=${'a'.repeat(9000)}`, 413, 'too-long'],
    ['application/x-www-form-urlencoded', 'status=%00', 400, 'invalid'],
    ['application/x-www-form-urlencoded', '_format=xml', 406, 'not-supported'],
  ])('a POST of %s', async (type, body, status, code) => {
    const init = { method: 'POST', headers: { 'Content-Type': type }, body };
    await expectOutcome(await server.as(everything, '/Immunization/_search', init), status, code);
  });

  test('a form that says it is packed and is not: 400', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Encoding': 'gzip' };
    const init = { method: 'POST', headers, body: 'status=completed' };
    await expectOutcome(await server.as(everything, '/Immunization/_search', init), 400, 'invalid');
  });
});

describe('faults of our own', () => {
  test('a database that is away: 503', async () => {
    const broken = await startDemoFhir(async () => {
      throw new DatabaseUnavailable(new Error('connection refused at 10.0.0.1'));
    });
    const answer = await broken.as(everything, '/Patient/p-tama');
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await expectOutcome(answer, 503, 'transient')).not.toContain('10.0.0.1');
    await broken.close();
  });

  test('anything unforeseen: 500 with a number that the log has too', async () => {
    const broken = await startDemoFhir(async () => {
      throw new Error('secret detail');
    });
    const answer = await broken.as(everything, '/Patient/p-tama');
    const diagnostics = await expectOutcome(answer, 500, 'exception');
    const incident = /incident (\S+)$/.exec(diagnostics)?.[1] ?? 'none';
    expect(diagnostics).not.toContain('secret');
    expect(broken.logLines.join()).toContain(incident);
    await broken.close();
  });
});
