import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from './world.ts';

let world: World;
let files = 0;

const source = {
  id: 'nhs-login',
  preset: 'nhs-login',
  issuer: 'https://auth.login.example.org',
  client_id: 'assent-here',
};

function file(content: unknown): string {
  files += 1;
  const path = join(world.dataDir, `source-${files}.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.dispose());

describe('assent source', () => {
  test('import says what the provider must be told, the key once', async () => {
    const first = await world.out('source', 'import', file(source));
    expect(first).toMatch(
      /^created {2}nhs-login\n {2}redirect_uri: http\S+\/sources\/nhs-login\/callback\n {2}jwks_uri: http\S+\/sources\/nhs-login\/jwks\n {2}public key: {"kty":"RSA","n":"[\w-]{342}","e":"AQAB","kid":"[\w-]{43}","alg":"RS512","use":"sig"}\n$/,
    );
    const again = await world.out('source', 'import', file([{ ...source, new_accounts: true }]));
    expect(again).toMatch(/^updated {2}nhs-login\n/);
    expect(again).not.toContain('public key');
  });

  test('list shows it, and remove takes it out', async () => {
    const list = await world.out('source', 'list');
    expect(list).toMatch(
      /nhs-login +NHS login +https:\/\/auth\.login\.example\.org +assent-here +yes +RS512/,
    );
    expect(list).not.toContain('"d"');
    expect(await world.out('source', 'remove', 'nhs-login')).toBe('removed  nhs-login\n');
  });

  test('a fault anywhere imports nothing', async () => {
    const faulty = await world.run(
      'source',
      'import',
      file([source, { ...source, id: 'two', issuer: 'http://x.example' }]),
    );
    expect(faulty.code).toBe(1);
    expect(faulty.stderr).toContain('[1]: issuer must be an https address');
    expect(await world.out('source', 'list')).not.toContain('nhs-login');
  });

  test('what is not there is not removed', async () => {
    const unknown = await world.run('source', 'remove', 'nobody');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('there is no identity source nobody');
  });
});
