import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assent, type ChildServer, startChildServer } from '../../support/child.ts';
import { freePort } from '../../support/server.ts';
import { createWorld, type World } from './world.ts';

const issuer = 'https://auth.example.test';
const millbrook = 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured';
const spine = 'https://spine.example.test/raflags/STU3';
const home = mkdtempSync(join(tmpdir(), 'assent-check-'));
const env = { ISSUER: issuer, DATA_DIR: join(home, 'data') };
afterAll(() => rmSync(home, { recursive: true }));

const { publicKey, privateKey } = await generateKeyPair('ES256');
const jwks = join(home, 'jwks.json');
writeFileSync(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1' }] }));

/** Dr Priya Shah asks for a record at Millbrook, now. */
function claims(changes: object = {}) {
  const iat = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    sub: 'pr-priya',
    aud: millbrook,
    iat,
    exp: iat + 300,
    reason_for_request: 'directcare',
    requested_scope: 'patient/*.read',
    requesting_device: {
      resourceType: 'Device',
      identifier: [{ system: 'https://fernhill.example/Id/device', value: 'ward-app-07' }],
      model: 'Fernhill Ward App',
      version: '3.4.1',
    },
    requesting_organization: {
      resourceType: 'Organization',
      identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
      name: 'Fernhill Hospital',
    },
    requesting_practitioner: {
      resourceType: 'Practitioner',
      id: 'pr-priya',
      identifier: [{ system: 'https://fhir.nhs.uk/Id/sds-user-id', value: '100000000101' }],
      name: [{ family: 'Shah', given: ['Priya'] }],
    },
    ...changes,
  };
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = (changes?: object) => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims(changes))}.`;
const signed = (changes?: object) =>
  new CompactSign(Buffer.from(JSON.stringify(claims(changes))))
    .setProtectedHeader({ alg: 'ES256', kid: 'key-1', typ: 'at+jwt' })
    .sign(privateKey);

let files = 0;
/** Writes a token to a file of its own and has it checked. */
function check(token: string, ...more: string[]) {
  files += 1;
  const file = join(home, `token-${files}`);
  writeFileSync(file, token);
  return assent(['check-token', file, '--profile', 'gp-connect', ...more], env);
}

describe('assent check-token', () => {
  test('prints the claims of a signed token, and what was checked', async () => {
    const { code, stdout, stderr } = await check(await signed(), '--jwks', jwks, '--aud', millbrook);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout.slice(0, stdout.lastIndexOf('}') + 1))).toMatchObject({ sub: 'pr-priya' });
    expect(stdout).toMatch(
      /\nPassed: authorization, envelope, signature, issuer, .*, audience, reason, scope\.\n$/,
    );
  });

  test('says when nothing was compared with the audience', async () => {
    const { stdout } = await check(await signed(), '--jwks', jwks);
    expect(stdout).toMatch(/The audience was not compared with anything: give --aud\.\n$/);
    expect(stdout).not.toMatch(/Passed: .*audience/);
  });

  test('takes white space around the token, and Bearer before it', async () => {
    const token = await signed();
    for (const text of [`\n  ${token}\r\n`, ` bearer ${token}\n`, `Authorization: Bearer ${token}\n`])
      expect(await check(text, '--jwks', jwks)).toMatchObject({ code: 0, stderr: '' });
  });

  test('reads standard input', async () => {
    const child = spawn(
      process.execPath,
      ['src/cli.ts', 'check-token', '-', '--profile', 'gp-connect', '--jwks', jwks],
      { env: { ...env, PATH: process.env.PATH } },
    );
    child.stdin.end(`${await signed()}\n`);
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect(output).toContain('Passed: authorization, envelope, signature');
    expect(code).toBe(0);
  });

  test.each<
    [what: string, token: () => Promise<string>, more: string[], status: number, diagnostics: RegExp]
  >([
    [
      'another audience',
      () => signed(),
      ['--aud', 'https://elsewhere.example'],
      400,
      /aud is not this service root/,
    ],
    [
      'another issuer',
      () => signed(),
      ['--issuer', 'https://other.example'],
      400,
      /iss is not the expected issuer/,
    ],
    [
      'no FHIR',
      () => signed({ requesting_device: { resourceType: 'Gadget' } }),
      [],
      422,
      /requesting_device/,
    ],
    [
      'another interaction',
      () => signed(),
      ['--interaction', 'fhir:rest:read:metadata-1'],
      400,
      /organization\/\*\.read/,
    ],
    ['a forged token', async () => `${(await signed()).slice(0, -4)}AAAA`, [], 400, /signature/],
  ])(
    'prints the OperationOutcome of a refused one, with exit code 1: %s',
    async (_what, make, more, status, diagnostics) => {
      const { code, stdout, stderr } = await check(await make(), '--jwks', jwks, ...more);
      expect(JSON.parse(stdout)).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [{ diagnostics: expect.stringMatching(diagnostics) }],
      });
      expect([code, stderr]).toEqual([1, `The token was refused (HTTP ${status}).\n`]);
    },
  );

  test('checks what an interaction needs', async () => {
    const migrate = 'urn:nhs:names:services:gpconnect:fhir:operation:gpc.migratestructuredrecord-1';
    const token = await signed({ reason_for_request: 'migration', requested_scope: 'patient/*.read conf/R' });
    const [own, other, plain] = await Promise.all([
      check(token, '--jwks', jwks, '--interaction', migrate, '--registered-practice', 'ZZ800'),
      check(token, '--jwks', jwks, '--interaction', migrate),
      check(await signed(), '--jwks', jwks, '--interaction', 'documents:fhir:rest:read:binary-1'),
    ]);
    expect([own.code, plain.code]).toEqual([0, 0]);
    expect(other.stdout).toContain('NO_RELATIONSHIP');
    expect(other.stderr).toBe('The token was refused (HTTP 403).\n');
  });

  test('refuses an unsigned token', async () => {
    const { code, stdout, stderr } = await check(unsigned());
    expect(code).toBe(1);
    expect(stdout).toContain('An unsigned JWT is not accepted');
    expect(stderr).toMatch(/^It is unsigned\. With --legacy /m);
  });

  test('reads an unsigned token on request, with a loud mark before and after it, and needs no keys', async () => {
    const { code, stdout, stderr } = await check(unsigned(), '--legacy');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\*\*\* NOT PROVED \*\*\* {2}This token is unsigned/);
    expect(stdout).toMatch(/\*\*\* NOT PROVED \*\*\* .*\n$/);
    expect(stdout).toContain('"sub": "pr-priya"');
    expect((await check(unsigned({ exp: 1 }), '--legacy')).code).toBe(1);
  });

  test('--legacy does not spare a signed token its signature', async () => {
    const forged = `${(await signed()).slice(0, -4)}AAAA`;
    expect(await check(forged, '--legacy', '--jwks', jwks)).toMatchObject({ code: 1 });
  });

  const token = join(home, 'token');
  const broken = join(home, 'broken.json');
  const nowhere = join(home, 'nowhere');
  writeFileSync(broken, '{"keys":');

  test.each<[what: string, parameters: string[], message: RegExp]>([
    [
      'the token',
      [nowhere, '--profile', 'nrl'],
      /No token was checked:\n {2}- the file .*nowhere cannot be read/,
    ],
    ['no profile', [token], /required option '--profile <profile>'/],
    ['the profile', [token, '--profile', 'smart'], /'smart' is invalid/],
    ['the keys', [token, '--profile', 'nrl', '--jwks', broken], /broken\.json is no JWK Set/],
    ['a file without keys', [token, '--profile', 'nrl', '--jwks', nowhere], /is neither a file nor a URL/],
    [
      'the interaction',
      [token, '--profile', 'gp-connect', '--jwks', jwks, '--interaction', 'x'],
      /x is no interaction/,
    ],
    [
      'an interaction there',
      [token, '--profile', 'nrl', '--jwks', jwks, '--interaction', 'x'],
      /--interaction is for/,
    ],
    [
      'an audience of 0.x',
      [token, '--profile', 'gp-connect-0', '--jwks', jwks, '--aud', millbrook],
      /--aud is not for the profile gp-connect-0/,
    ],
    [
      'a practice there',
      [token, '--profile', 'nrl', '--jwks', jwks, '--registered-practice', 'ZZ800'],
      /--registered-practice is for the profile gp-connect/,
    ],
  ])('says what it cannot use: %s', async (_what, parameters, message) => {
    writeFileSync(token, await signed());
    const { code, stdout, stderr } = await assent(['check-token', ...parameters], env);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([1, '']);
  });

  test('says from where it got no keys', async () => {
    const closed = `http://localhost:${await freePort()}`;
    for (const told of [
      ['--jwks', `${closed}/jwks`],
      ['--issuer', closed],
    ]) {
      const { code, stdout, stderr } = await check(await signed(), ...told);
      expect(stderr).toMatch(/^There is no answer from http:\/\/localhost:/);
      expect([code, stdout]).toEqual([1, '']);
    }
  });

  test.each<[what: string, content: () => Promise<string>, message: string]>([
    ['an empty file', async () => '', 'holds no token'],
    ['white space', async () => ' \r\n', 'holds no token'],
    ['a scheme alone', async () => 'Bearer ', 'holds no token'],
    ['a header without a token', async () => 'Authorization: Bearer x', 'holds no token'],
    ['a DPoP header without a token', async () => 'DPoP x', 'holds no token'],
    ['binary', async () => '\u0000\u0001.\u0002', 'holds no token'],
    ['two tokens', async () => `${await signed()}\n${await signed()}\n`, 'holds more than one token'],
    ['a token and more', async () => `Bearer ${await signed()} x`, 'holds more than one token'],
  ])('wants one token in the file: %s', async (_what, content, message) => {
    const { code, stdout, stderr } = await check(await content(), '--jwks', jwks);
    expect(stderr).toMatch(new RegExp(`^No token was checked:\\n {2}- .*token-\\d+ ${message}\\n$`));
    expect([code, stdout]).toEqual([1, '']);
  });

  test('says of a bound token that its proof was not looked at, and checks the rest', async () => {
    const cnf = { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' };
    const token = await signed({ cnf });
    const { code, stdout } = await check(token, '--jwks', jwks, '--aud', millbrook);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nThe token is bound to a key\. Whether it comes with a proof .* cannot be checked here\.\n$/,
    );
    expect(stdout).not.toMatch(/Passed: .*binding/);
    expect((await check(await signed({ cnf, exp: 1 }), '--jwks', jwks)).code).toBe(1);
    expect((await check(await signed({ cnf: { 'x5t#S256': 'x' } }), '--jwks', jwks)).stdout).toMatch(
      /bound in a way/,
    );
  });

  test('the registered practice counts without an interaction too', async () => {
    const token = await signed({ reason_for_request: 'migration', requested_scope: 'patient/*.read conf/R' });
    const practice = (code: string) => ['--jwks', jwks, '--registered-practice', code];
    const [own, other, none, idle] = await Promise.all([
      check(token, ...practice('ZZ800')),
      check(token, ...practice('ZZ999')),
      check(token, '--jwks', jwks),
      check(await signed(), ...practice('ZZ999')),
    ]);
    expect([own.code, other.code, none.code, idle.code]).toEqual([0, 1, 1, 0]);
    expect(own.stdout).toMatch(/Passed: .*, scope, relationship\./);
    for (const { stdout } of [other, none]) expect(stdout).toContain('NO_RELATIONSHIP');
    expect(idle.stdout).not.toMatch(/Passed: .*relationship/);
    expect(idle.stdout).toMatch(/The registered practice was not compared with anything/);
  });

  test('lets nothing in an unsigned token move or wipe what is printed around it', async () => {
    const sub = 'a\u009b2J\u0085\u007f\u061c\u200e\u200f\u2028\u202e\u2066\u2069z';
    const practitioner = { ...claims().requesting_practitioner, id: sub };
    const { code, stdout } = await check(
      unsigned({ sub, requesting_practitioner: practitioner }),
      '--legacy',
    );
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
    expect(stdout).toContain('"sub": "a\\u009b2J\\u0085\\u007f');
    const { stdout: refusal } = await check(unsigned({ sub, iss: null }), '--legacy');
    expect(JSON.parse(refusal)).toMatchObject({ resourceType: 'OperationOutcome' });
  });

  describe('says what is wrong with a server that should have the keys', () => {
    const answers: Record<string, [status: number, body: string]> = {};
    const fake = createServer(({ url = '' }, response) => {
      const [status, body] = answers[url] ?? [404, '{"error":"not found"}'];
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    let origin: string;
    beforeAll(async () => {
      fake.listen(0, '127.0.0.1');
      await once(fake, 'listening');
      origin = `http://127.0.0.1:${(fake.address() as AddressInfo).port}`;
      const document = (changes: object) =>
        JSON.stringify({ issuer: `${origin}/x`, jwks_uri: `${origin}/jwks`, ...changes });
      const of = (name: string, status: number, body: string) => {
        answers[`/${name}/.well-known/openid-configuration`] = [status, body];
      };
      of('broken', 500, '{"error":"server_error"}');
      of('list', 200, '[]');
      of('null', 200, 'null');
      of('html', 200, '<html>');
      of('relative', 200, document({ issuer: `${origin}/relative`, jwks_uri: '/jwks' }));
      of('none', 200, document({ issuer: `${origin}/none`, jwks_uri: undefined }));
      of('slash', 200, document({ issuer: `${origin}/slash` }));
      of('nokeys', 200, document({ issuer: `${origin}/nokeys`, jwks_uri: `${origin}/nokeys` }));
      of('badkeys', 200, document({ issuer: `${origin}/badkeys`, jwks_uri: `${origin}/badkeys` }));
      answers['/badkeys'] = [200, '{"keys":1}'];
      answers['/null'] = [200, 'null'];
    });
    afterAll(() => fake.close());

    const place = 'http:\\/\\/127\\.0\\.0\\.1:\\d+';
    const discovery = (name: string) => `${place}\\/${name}\\/\\.well-known\\/openid-configuration`;
    test.each<[what: string, told: () => string[], message: string]>([
      ['404', () => ['--issuer', `${origin}/missing`], `The answer of ${discovery('missing')} is HTTP 404`],
      ['500', () => ['--issuer', `${origin}/broken`], `The answer of ${discovery('broken')} is HTTP 500`],
      [
        'a list',
        () => ['--issuer', `${origin}/list`],
        `The answer of ${discovery('list')} \\(HTTP 200\\) is no JSON object`,
      ],
      [
        'null',
        () => ['--issuer', `${origin}/null`],
        `The answer of ${discovery('null')} \\(HTTP 200\\) is no JSON object`,
      ],
      [
        'a page',
        () => ['--issuer', `${origin}/html`],
        `The answer of ${discovery('html')} \\(HTTP 200\\) is no JSON object`,
      ],
      [
        'a relative jwks_uri',
        () => ['--issuer', `${origin}/relative`],
        `${discovery('relative')} \\(HTTP 200\\) has no absolute URL as jwks_uri`,
      ],
      [
        'no jwks_uri',
        () => ['--issuer', `${origin}/none`],
        `${discovery('none')} \\(HTTP 200\\) has no absolute URL as jwks_uri`,
      ],
      [
        'an issuer with a slash at its end',
        () => ['--issuer', `${origin}/slash/`],
        `${discovery('slash')} \\(HTTP 200\\) is not that of the issuer ${place}\\/slash\\/`,
      ],
      ['an issuer that is no URL', () => ['--issuer', 'foo'], 'foo is no http or https URL'],
      ['no keys', () => ['--issuer', `${origin}/nokeys`], `The answer of ${place}\\/nokeys is HTTP 404`],
      [
        'keys that are none',
        () => ['--issuer', `${origin}/badkeys`],
        `The answer of ${place}\\/badkeys \\(HTTP 200\\) is no JWK Set`,
      ],
      [
        'null for keys',
        () => ['--jwks', `${origin}/null`],
        `The answer of ${place}\\/null \\(HTTP 200\\) is no JSON object`,
      ],
    ])('%s', async (_what, told, message) => {
      const { code, stdout, stderr } = await check(await signed(), ...told());
      expect(stderr).toMatch(new RegExp(message));
      expect(stderr).not.toMatch(/Something went wrong/);
      expect([code, stdout]).toEqual([1, '']);
    });
  });

  test('needs no database', () => {
    expect(readdirSync(home)).not.toContain('data');
  });
});

describe('beside a running server', () => {
  let world: World;
  let server: ChildServer;

  beforeAll(async () => {
    world = await createWorld();
    server = await startChildServer(world.env);
  });
  afterAll(async () => {
    await server.stop();
    await world.dispose();
  });

  test('a token of ours is accepted, with the keys that the server publishes', async () => {
    const token = await world.out('token', '--client', 'clinic-jwt', '--raw');
    const file = join(home, 'ours');
    writeFileSync(file, token);
    const output = await world.out('check-token', file, '--profile', 'spine-core', '--aud', spine);
    expect(output).toMatch(
      /Passed: authorization, envelope, signature, issuer, .*, audience, reason, scope\./,
    );
    const elsewhere = await world.run('check-token', file, '--profile', 'gp-connect');
    expect(elsewhere).toMatchObject({ code: 1, stderr: 'The token was refused (HTTP 400).\n' });
  });

  test("a practitioner's token of ours is fit for GP Connect", async () => {
    const token = await world.out('token', '--client', 'gp-clinic', '--user', 'priya', '--raw');
    const file = join(home, 'practitioner');
    writeFileSync(file, token);
    const interaction = 'fhir:operation:gpc.getstructuredrecord-1';
    const told = ['--aud', millbrook, '--interaction', interaction];
    const output = await world.out('check-token', file, '--profile', 'gp-connect', ...told);
    expect(output).toContain('"resourceType": "Practitioner"');
    expect(output).toMatch(/Passed: .*, FHIR resources, lifetime, who asks, audience, reason, scope\./);
  });
});
