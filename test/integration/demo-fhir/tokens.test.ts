import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type DemoFhir, expectOutcome, startDemoFhir } from './fixture.ts';

let server: DemoFhir;

beforeAll(async () => {
  server = await startDemoFhir();
});

afterAll(() => server.close());

const everything = { scope: 'system/*.cruds' };
const tama = { scope: 'patient/Patient.r patient/Immunization.rs', patient: 'p-tama' };

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
