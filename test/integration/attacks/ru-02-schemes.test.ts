import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../command-line/world.ts';

/** Addresses that a browser would run, open from its disk or take for a page of ours: nobody can register one. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.dispose());

const addresses = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  '\tjavascript:alert(1)',
  'java\nscript:alert(1)',
  'javascript://diary.example.test/%0aalert(1)',
  '\u0001javascript:alert(1)',
  '\u00a0javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'DATA:text/html;base64,PHNjcmlwdD4=',
  'vbscript:msgbox(1)',
  'VbScRiPt:msgbox(1)',
  'file:///etc/passwd',
  'File:///etc/passwd',
  'blob:https://diary.example.test/1',
  'filesystem:https://diary.example.test/x',
  'about:blank',
  'view-source:https://diary.example.test/',
  'jar:https://diary.example.test!/x',
  '//diary.example.test/x',
  '/x',
  '',
];

/** Members that hold an address, and how they hold it. */
const members: Readonly<Record<string, (address: string) => unknown>> = {
  redirect_uris: (address) => ['https://diary.example.test/cb', address],
  post_logout_redirect_uris: (address) => [address],
  client_uri: (address) => address,
  logo_uri: (address) => address,
  policy_uri: (address) => address,
  tos_uri: (address) => address,
  initiate_login_uri: (address) => address,
  jwks_uri: (address) => address,
};

const diary = {
  client_name: 'Diary',
  client_secret: 'a-secret-of-the-diary-that-is-long-enough',
  grant_types: ['authorization_code'],
  redirect_uris: ['https://diary.example.test/cb'],
  apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
};

const stored = () =>
  world.look(async (sql) => [
    await sql('SELECT client_id, updated_at FROM clients ORDER BY client_id'),
    await sql(`SELECT id FROM audit_events WHERE type LIKE 'client.%' ORDER BY id`),
  ]);

function importing(registrations: readonly object[]) {
  const file = join(world.dataDir, 'clients.json');
  writeFileSync(file, JSON.stringify(registrations));
  return world.run('client', 'import', file);
}

test.for(['web', 'native'])(
  'RU-02 RU-03 each of them is refused in each place, with the name of the place, and nothing is stored (%s)',
  async (type) => {
    const before = await stored();
    const wrong = Object.entries(members).flatMap(([member, hold]) =>
      addresses.map((address) => ({ member, address, change: { [member]: hold(address) } })),
    );
    const { code, stdout, stderr } = await importing(
      wrong.map(({ change }, index) => ({
        ...diary,
        client_id: `diary-${index}`,
        application_type: type,
        ...change,
      })),
    );
    expect([code, stdout]).toEqual([1, '']);
    const lines = stderr.split('\n');
    const overlooked = wrong.filter(
      ({ member }, index) => !lines.some((line) => line.startsWith(`  - [${index}]: ${member}`)),
    );
    expect(overlooked).toEqual([]);
    expect(await stored()).toEqual(before);
  },
);

test('RU-02 the same application with good addresses is taken', async () => {
  const { code, stdout } = await importing([{ ...diary, client_id: 'diary' }]);
  expect([code, stdout]).toEqual([0, 'created  diary\n']);
});
