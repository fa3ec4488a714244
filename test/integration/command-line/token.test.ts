import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assent, type ChildServer, startChildServer } from '../../support/child.ts';
import { onServer } from '../../support/database.ts';
import { freePort } from '../../support/server.ts';
import { createWorld, type World } from './world.ts';

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
      [['--issuer', closed], /There is no answer from .*: is Assent running there\?/],
    ];
    const results = await Promise.all(stories.map(([parameters]) => world.run('token', ...parameters)));
    for (const [index, { code, stdout, stderr }] of results.entries()) {
      expect(stderr).toMatch(stories[index]?.[1] ?? /^$/);
      expect([code, stdout]).toEqual([1, '']);
    }
    expect(alg).toBe('ES384');
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
