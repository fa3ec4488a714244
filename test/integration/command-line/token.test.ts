import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoKeyFile } from '../../../src/demo/index.ts';
import { assent, type ChildServer, startChildServer } from '../../support/child.ts';
import { onServer } from '../../support/database.ts';
import { freePort } from '../../support/server.ts';
import { createWorld, type World } from './world.ts';

let world: World;
let server: ChildServer;

/** Writes a file into the data folder and gives its path. */
function written(name: string, content: unknown): string {
  const file = join(world.dataDir, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** A system of the hospital that proves with a secret who it is, and signs who its user is with a key. */
async function importDesk(): Promise<void> {
  const { d: _d, ...publicHalf } = JSON.parse(readFileSync(demoKeyFile(world.dataDir, 'gp-clinic'), 'utf8'));
  const desk = {
    client_id: 'ward-desk',
    client_secret: 'a secret of the ward desk alone',
    grant_types: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
    jwks: { keys: [publicHalf] },
    organization: 'fernhill',
    asid: '200000990800',
    apis: { 'reasonable-adjustments': 'user/Flag.read user/Flag.write' },
  };
  await world.out('client', 'import', written('ward-desk.json', desk));
}

// Each of these starts a process: one hook apiece, so that each has the whole time of a hook.
beforeAll(async () => {
  world = await createWorld();
});
beforeAll(importDesk);
beforeAll(async () => {
  server = await startChildServer(world.env);
});
afterAll(async () => {
  await server.stop();
  await world.dispose();
});

describe('assent token, while a server runs', () => {
  test.each(['clinic-jwt', 'clinic-backend'])('as %s prints a token that was checked', async (client) => {
    const output = await world.out('token', '--client', client);
    expect(output).toMatch(/The signature was checked against the published keys\.\n$/);
    const { token_type, expires_in, scope, header, payload } = JSON.parse(
      output.slice(0, output.lastIndexOf('}') + 1),
    );
    expect({ token_type, expires_in, scope }).toEqual({
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'system/Flag.read',
    });
    expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    expect(payload).toMatchObject({ iss: server.issuer, client_id: client });
  });

  test('prints nothing but the token when a script asks for it', async () => {
    const output = await world.out('token', '--raw');
    expect(output).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(decodeJwt(output.trim()).client_id).toBe('clinic-jwt');
  });

  test('takes a key file, a secret, and the address of the server', async () => {
    const elsewhere = { DATA_DIR: join(world.dataDir, 'elsewhere') };
    const key = join(world.dataDir, 'demo-keys', 'clinic-jwt.json');
    const results = await Promise.all([
      assent(['token', '--key', key, '--issuer', server.issuer, '--raw'], elsewhere),
      assent(
        [
          'token',
          '--client',
          'admin-cli',
          '--secret',
          'demo-secret-admin-cli',
          '--scope',
          'admin.read',
          '--issuer',
          server.issuer,
          '--raw',
        ],
        elsewhere,
      ),
    ]);
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
  });

  test('says why there is no token, on standard error, with exit code 1', async () => {
    const otherKey = join(world.dataDir, 'other.json');
    const { alg, ...rest } = JSON.parse(
      readFileSync(join(world.dataDir, 'demo-keys', 'clinic-jwt.json'), 'utf8'),
    );
    writeFileSync(otherKey, JSON.stringify(rest));
    const closed = `http://localhost:${await freePort()}`;
    const stories: readonly (readonly [readonly string[], RegExp])[] = [
      [['--scope', 'system/Flag.write'], /refused \(HTTP 400\):\n {2}- invalid_scope: /],
      [['--client', 'clinic-backend', '--secret', 'wrong'], /refused \(HTTP 401\):\n {2}- invalid_client: /],
      [['--client', 'nobody', '--secret', 'any'], /refused \(HTTP 401\):\n {2}- invalid_client: /],
      [['--client', 'nobody'], /nobody is not a demo client: give its --secret or its --key/],
      [['--key', join(world.dataDir, 'nowhere.json')], /key file .*nowhere\.json cannot be read as a JWK/],
      [['--key', otherKey], /the key file names no alg/],
      [['--key', written('null.json', 'null')], /the key file .*null\.json holds no JWK/],
      [['--key', written('list.json', [])], /the key file .*list\.json holds no JWK/],
      [['--key', written('bad.json', { ...rest, alg: 'RS256' })], /the key cannot sign with RS256/],
      [['--key', written('public.json', { kty: 'EC', alg })], /the key cannot sign with ES384/],
      [['--issuer', 'foo'], /The issuer cannot be used:\n {2}- foo is no http or https URL/],
      [
        ['--issuer', `${server.issuer}/`],
        /openid-configuration \(HTTP 200\) is not that of the issuer http:.*\/$/m,
      ],
      [['--issuer', `${server.issuer}/nowhere`], /nowhere\/\.well-known\/openid-configuration/],
      [['--issuer', closed], /There is no answer from .*: is Assent running there\?/],
      [['--role', '100000000203'], /--role is for a --user/],
      [['--reason', 'idle-curiosity'], /refused \(HTTP 400\):\n {2}- invalid_request: reason_for_request /],
    ];
    const results = await Promise.all(stories.map(([parameters]) => world.run('token', ...parameters)));
    for (const [index, { code, stdout, stderr }] of results.entries()) {
      expect(stderr).toMatch(stories[index]?.[1] ?? /^$/);
      expect(stderr).not.toContain('Something went wrong');
      expect([code, stdout]).toEqual([1, '']);
    }
    expect(alg).toBe('ES384');
  });

  test('states a reason when it is given', async () => {
    const output = await world.out('token', '--reason', 'directcare', '--raw');
    expect(decodeJwt(output.trim()).reason_for_request).toBe('directcare');
  });
});

const asUser = (user: string, ...more: string[]) => ['--client', 'gp-clinic', '--user', user, ...more];

describe('assent token with a user', () => {
  const spine = 'https://spine.example.test/raflags/STU3';
  const claims = async (...parameters: string[]) =>
    decodeJwt((await world.out('token', ...parameters, '--raw')).trim());

  test('names Dr Shah in her role at the hospital, and prints a token that was checked', async () => {
    const output = await world.out('token', ...asUser('priya'));
    expect(output).toMatch(/The signature was checked against the published keys\.\n$/);
    const { payload, scope } = JSON.parse(output.slice(0, output.lastIndexOf('}') + 1));
    expect(scope).toBe('patient/*.read conf/N');
    expect(payload.exp - payload.iat).toBe(300);
    expect(payload).toMatchObject({
      iss: server.issuer,
      sub: 'pr-priya',
      reason_for_request: 'directcare',
      requested_scope: 'patient/*.read conf/N',
      requesting_organization: { name: 'Fernhill Hospital', identifier: [{ value: 'ZZ800' }] },
      requesting_practitioner: {
        id: 'pr-priya',
        identifier: [{ value: '100000000101' }, { value: '100000000203' }, { value: 'pr-priya' }],
        name: [{ family: 'Shah', given: ['Priya'], prefix: ['Dr'] }],
      },
      client_id: 'gp-clinic',
    });
  });

  test('names the role and asks for the scope that were given', async () => {
    const parameters = ['--role', '100000000204', '--scope', 'organization/*.read', '--reason', 'directcare'];
    expect(await claims(...asUser('priya@example.test', ...parameters))).toMatchObject({
      requested_scope: 'organization/*.read',
      requesting_practitioner: { identifier: [{}, { value: '100000000204' }, {}] },
    });
  });

  test('takes somebody from a file, who has no smartcard', async () => {
    const file = written('okafor.json', {
      sub: 'a7d1c2f0',
      requesting_practitioner: {
        resourceType: 'Practitioner',
        id: 'a7d1c2f0',
        identifier: [
          { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: 'UNK' },
          { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: 'UNK' },
          { system: 'https://fernhill.example.test/Id/user', value: 'a7d1c2f0' },
        ],
        name: [{ family: 'Okafor', given: ['Ada'] }],
      },
      requesting_organization: {
        resourceType: 'Organization',
        identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
        name: 'Fernhill Hospital',
      },
      reason_for_request: 'directcare',
    });
    expect(await claims(...asUser(file))).toMatchObject({
      sub: 'a7d1c2f0',
      requesting_practitioner: { name: [{ family: 'Okafor', given: ['Ada'] }] },
    });
  });

  test('for a Spine Core API: the client proves itself with its secret, and signs with its key', async () => {
    const desk = [
      ...['--client', 'ward-desk', '--secret', 'a secret of the ward desk alone'],
      ...['--key', demoKeyFile(world.dataDir, 'gp-clinic')],
    ];
    const local = 'https://fernhill.example.test/Id/user|a7d1c2f0';
    const file = written('local.json', { sub: 'a7d1c2f0', requesting_user: local });
    expect(await claims(...desk, '--user', file)).toMatchObject({
      aud: spine,
      sub: local,
      scope: 'user/Flag.read',
    });
    const role = ['--role', '100000000203', '--resource', spine];
    expect(await claims(...desk, '--user', 'priya', ...role)).toMatchObject({
      requesting_user: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203',
      scope: 'user/Flag.read',
    });
  });

  test('shows why the server does not take it', async () => {
    const stories: readonly (readonly [readonly string[], RegExp])[] = [
      [asUser('rangi'), /invalid_grant: the role is at another organisation than the client/],
      [asUser('priya', '--role', '100000000202'), /invalid_grant: the role is at another organisation/],
      [asUser('priya', '--reason', 'secondaryuses'), /invalid_grant: reason_for_request must be one of/],
      [asUser('priya', '--scope', 'patient/*.write'), /invalid_scope: the client may not have patient/],
      [['--client', 'clinic-jwt', '--user', 'priya'], /unauthorized_client: /],
    ];
    const results = await Promise.all(stories.map(([parameters]) => world.run('token', ...parameters)));
    for (const [index, { code, stdout, stderr }] of results.entries()) {
      expect(stderr).toMatch(stories[index]?.[1] ?? /^$/);
      expect(stderr).toMatch(/^The token was refused \(HTTP 400\):/);
      expect([code, stdout]).toEqual([1, '']);
    }
  });
});

describe('assent token with a user whom it cannot use', () => {
  test('says why, on standard error, with exit code 1', async () => {
    const practitioner = { resourceType: 'Practitioner' };
    const stories: readonly (readonly [readonly string[], RegExp])[] = [
      [
        asUser('aroha'),
        /no practitioner of the demo world is called aroha: give priya or rangi, or a \.json/,
      ],
      [asUser(join(world.dataDir, 'nowhere.json')), /the file .*nowhere\.json cannot be read as JSON/],
      [asUser(written('broken.json', '{')), /the file .*broken\.json cannot be read as JSON/],
      [
        asUser(written('nobody.json', { sub: 'u-1' })),
        /must have either requesting_practitioner or requesting_user/,
      ],
      [
        asUser(written('both.json', { sub: 'u-1', requesting_practitioner: {}, requesting_user: 'x' })),
        /must have either requesting_practitioner or requesting_user/,
      ],
      [
        asUser(written('more.json', { requesting_practitioner: practitioner, exp: 4_000_000_000 })),
        /more\.json cannot be used:\n {2}- sub must be a text\n {2}- it Unrecognized key: "exp"/,
      ],
      [
        asUser(written('role.json', { sub: 'u-1', requesting_user: 'x' }), '--role', '100000000203'),
        /--role is for people of the demo world: the file says it/,
      ],
      [
        ['--client', 'ward-app', '--user', 'priya'],
        /what ward-app says of its user must be signed: give its --key/,
      ],
    ];
    const results = await Promise.all(stories.map(([parameters]) => world.run('token', ...parameters)));
    for (const [index, { code, stdout, stderr }] of results.entries()) {
      expect(stderr).toMatch(stories[index]?.[1] ?? /^$/);
      expect([code, stdout]).toEqual([1, '']);
    }
  });
});

if (onServer) console.warn('The lock of the embedded database is not tested: DATABASE_URL is set');
else
  console.warn(
    'Commands beside a running server are not tested: the embedded database has one process; set DATABASE_URL',
  );

describe('a command that needs the database, while a server runs', () => {
  test.skipIf(onServer)('is refused on the embedded one, with what to do instead', async () => {
    const results = [
      await world.run('client', 'list'),
      await world.run('key', 'rotate'),
      await world.run('doctor'),
    ];
    for (const { code, stdout, stderr } of results) {
      expect(stderr).toBe(
        [
          `The embedded database in ${world.dataDir} is in use by another Assent process (${server.child.pid}):`,
          '  - stop that process first, or',
          '  - use PostgreSQL (set DATABASE_URL), which many processes can share',
          '',
        ].join('\n'),
      );
      expect([code, stdout]).toEqual([1, '']);
    }
    expect((await fetch(`${server.issuer}/health/ready`)).status, 'and the server does not mind').toBe(200);
  });

  test.runIf(onServer)('works on a server, which many processes share', async () => {
    expect(await world.out('client', 'list')).toContain('clinic-backend');
    expect((await world.run('doctor')).code).toBe(0);
  });
});
