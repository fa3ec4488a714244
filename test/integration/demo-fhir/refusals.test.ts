import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DatabaseUnavailable } from '../../../src/errors.ts';
import { type DemoFhir, fhir, startDemoFhir } from './fixture.ts';

let server: DemoFhir;

beforeAll(async () => {
  server = await startDemoFhir();
});

afterAll(() => server.close());

const everything = { scope: 'system/*.cruds' };
const tama = { scope: 'patient/Patient.r patient/Immunization.rs', patient: 'p-tama' };

/** Checks that an answer is an OperationOutcome and nothing more. */
async function expectOutcome(answer: Response, status: number, code: string): Promise<string> {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const body = await fhir(answer);
  expect(body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code }] });
  expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts\b|Error/);
  return body.issue?.[0]?.diagnostics ?? '';
}

describe('tokens', () => {
  test.each([
    ['no header', {}],
    ['another scheme', { Authorization: 'Basic YTpi' }],
    ['a scheme that begins alike', { Authorization: 'Bearerish abc' }],
  ])('%s: 401 with a bare challenge', async (_name, headers) => {
    const answer = await server.call('/Patient/p-tama', undefined, { headers });
    expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="${server.base}"`);
    await expectOutcome(answer, 401, 'login');
  });

  test.each(['Bearer', 'Bearer a b', 'Bearer a,b', 'Bearer "abc"', 'Bearer =abc', 'Bearer \u00e9'])(
    '%s: 400 invalid_request',
    async (authorization) => {
      const before = server.introspections.length;
      const answer = await server.call('/Patient/p-tama', undefined, {
        headers: { Authorization: authorization },
      });
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_request"');
      await expectOutcome(answer, 400, 'invalid');
      expect(server.introspections.length).toBe(before);
    },
  );

  test('the name of the scheme may be written in any case', async () => {
    server.tokens.set('any-case', tama);
    const headers = { Authorization: 'bEARER any-case' };
    expect((await server.call('/Patient/p-tama', undefined, { headers })).status).toBe(200);
  });

  test('a token in the address is refused, with and without one in the header', async () => {
    server.tokens.set('in-query', tama);
    for (const token of [undefined, 'in-query']) {
      const answer = await server.call('/Patient/p-tama?access_token=in-query', token);
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_request"');
      await expectOutcome(answer, 400, 'invalid');
    }
  });

  test.each<[string, Record<string, unknown>]>([
    ['for another audience', { ...everything, aud: 'https://other.example.test/fhir' }],
    ['for a longer audience', { ...everything, aud: 'http://127.0.0.1/demo/fhir/r4/more' }],
    ['for no audience', { ...everything, aud: undefined }],
    ['that is inactive', { ...everything, active: false }],
    ['bound to a key', { ...everything, cnf: { jkt: 'abc' } }],
    ['of another type', { ...everything, token_type: 'DPoP' }],
  ])('one %s: 401 invalid_token, and the reason is not told', async (_name, token) => {
    const answer = await server.as(token, '/Patient/p-tama');
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${server.base}", error="invalid_token"`,
    );
    expect(await expectOutcome(answer, 401, 'login')).toBe('the access token is not valid here');
  });

  test('one for several audiences counts where this server is among them', async () => {
    const aud = ['https://other.example.test', server.base];
    expect((await server.as({ ...tama, aud }, '/Patient/p-tama')).status).toBe(200);
  });

  test('an unknown one: 401, whatever was asked for', async () => {
    for (const path of ['/Patient/p-tama', '/Patient', '/Nothing/1', '/Patient?_count=x'])
      await expectOutcome(await server.call(path, 'unknown'), 401, 'login');
  });
});

describe('introspection that cannot be had', () => {
  test.each<[string, Parameters<DemoFhir['answerWith']>[0]]>([
    ['refuses us', (res) => void res.writeHead(401).end('{"error":"invalid_client"}')],
    ['fails', (res) => void res.writeHead(500).end('oops')],
    ['answers with a page', (res) => void res.writeHead(200).end('<html>Aroha Ngata</html>')],
    ['answers with something else', (res) => void res.writeHead(200).end('{"active":"yes"}')],
    ['answers with a list', (res) => void res.writeHead(200).end('[]')],
    ['answers with nothing', (res) => void res.writeHead(204).end()],
    ['sends us elsewhere', (res) => void res.writeHead(302, { Location: 'http://127.0.0.1:9/' }).end()],
    ['hangs up', (res) => void res.destroy()],
    ['hangs up in the middle', (res) => void res.writeHead(200).write('{"active":', () => res.destroy())],
  ])('%s: 503, to be tried again', async (_name, answerWith) => {
    server.answerWith(answerWith);
    const answer = await server.as(everything, '/Patient/p-tama').finally(() => server.answerWith(undefined));
    expect(answer.headers.get('retry-after')).toBe('1');
    await expectOutcome(answer, 503, 'transient');
    expect(server.logLines.at(-1)).toContain('could not be introspected');
    expect(server.logLines.join()).not.toMatch(/token-\d|Ngata|odd/);
  });
});

test('an introspection that never ends is given up: 503', async () => {
  const patience = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal);
  server.answerWith(() => patience.abort(new DOMException('it took too long', 'TimeoutError')));
  try {
    await expectOutcome(await server.as(everything, '/Patient/p-tama'), 503, 'transient');
    expect(timeout).toHaveBeenCalledWith(2500);
  } finally {
    server.answerWith(undefined);
    timeout.mockRestore();
  }
});

describe('scopes', () => {
  test.each([
    ['reading a type that no scope names', '/Observation/ob-aroha-1'],
    ['the same for one that does not exist', '/Observation/none'],
    ['searching with a scope that only reads', '/Patient'],
    ['searching a type that no scope names', '/Condition'],
  ])('%s: 403 insufficient_scope', async (_name, path) => {
    const answer = await server.as(tama, path);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${server.base}", error="insufficient_scope"`,
    );
    await expectOutcome(answer, 403, 'forbidden');
  });

  test('another patient reads as if there were none', async () => {
    const hidden = await server.as(tama, '/Patient/p-aroha');
    const missing = await server.as(tama, '/Patient/p-nobody');
    expect(await expectOutcome(hidden, 404, 'not-found')).toBe(
      await expectOutcome(missing, 404, 'not-found'),
    );
    expect([...hidden.headers.keys()]).toEqual([...missing.headers.keys()]);
  });

  test.each(['', 'openid fhirUser launch/patient', 'patient/Patient.sr', 'patient/patient.r', '  '])(
    'the scope "%s" opens nothing',
    async (scope) => {
      await expectOutcome(await server.as({ ...tama, scope }, '/Patient/p-tama'), 403, 'forbidden');
    },
  );

  test('a patient scope without a patient opens nothing', async () => {
    const token = { scope: 'patient/*.rs' };
    await expectOutcome(await server.as(token, '/Patient/p-tama'), 403, 'forbidden');
  });
});

describe('addresses and methods', () => {
  test.each([
    ['PUT', '/Patient/p-tama', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/Patient/p-tama', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/Patient/p-tama', 'GET, HEAD, OPTIONS'],
    ['POST', '/Patient', 'GET, HEAD, OPTIONS'],
    ['POST', '', 'GET, HEAD, OPTIONS'],
    ['POST', '/metadata', 'GET, HEAD, OPTIONS'],
    ['PUT', '/Patient/_search', 'POST, OPTIONS'],
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
