import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChildServer, startChildServer } from '../../support/child.ts';
import { createWorld, type World } from './world.ts';

/** A trust that sets up its own server: none of this is in the demo world. */
const trust = {
  organizations: [
    { key: 'harakeke', name: 'Harakeke Trust', ods_code: 'ZZ700', asid: '200000990700', kind: 'hospital' },
  ],
  apis: [
    {
      id: 'flags',
      audience: 'https://flags.harakeke.example.test/STU3',
      profile: 'spine-core',
      scopes: 'system/Flag.read system/Flag.write',
    },
  ],
};
const backend = {
  client_id: 'harakeke-backend',
  client_secret: 'a-long-random-text-of-the-trust',
  grant_types: ['client_credentials'],
  organization: 'harakeke',
  apis: { flags: 'system/Flag.read' },
};

let world: World;
let files = 0;

function file(content: unknown): string {
  files += 1;
  const path = join(world.dataDir, `catalogue-${files}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.dispose());

describe('assent catalogue import', () => {
  test('creates organisations and APIs, whose client then obtains a token; a second time it updates them', async () => {
    const path = file(trust);
    expect(await world.out('catalogue', 'import', path)).toBe(
      'created  organisation harakeke\ncreated  API flags\n',
    );
    expect(await world.out('catalogue', 'import', path)).toBe(
      'updated  organisation harakeke\nupdated  API flags\n',
    );
    await world.out('client', 'import', file(backend));
    const server: ChildServer = await startChildServer(world.env);
    try {
      const token = await world.out(
        ...['token', '--client', backend.client_id, '--secret', backend.client_secret, '--raw'],
      );
      expect(decodeJwt(token.trim())).toMatchObject({
        sub: 'https://fhir.nhs.uk/Id/accredited-system|200000990700',
        aud: 'https://flags.harakeke.example.test/STU3',
        requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ700',
        scope: 'system/Flag.read',
      });
    } finally {
      await server.stop();
    }
    const rows = await world.look((sql) =>
      sql<{ type: string }>(
        `SELECT type FROM audit_events WHERE organization = 'harakeke' OR api_id = 'flags' ORDER BY at, type`,
      ),
    );
    expect(rows.map((row) => row.type)).toEqual(
      expect.arrayContaining(['organization.created', 'api.created', 'organization.updated', 'api.updated']),
    );
  });

  test('names every fault and takes nothing', async () => {
    const [api] = trust.apis;
    const before = await world.look((sql) => sql('SELECT id FROM apis ORDER BY id'));
    const path = file({
      organizations: [{ key: 'Bad Key', name: '', ods_code: 'zz1', asid: '12a' }],
      apis: [
        { ...api, id: 'good' },
        { ...api, id: 'lives-long', token_lifetime: 600 },
        { ...api, id: 'other-scopes', scopes: 'patient/Flag.rs' },
        { ...api, id: 'no-audience', audience: 'flags#x' },
        { ...api, id: 'unknown-member', audiences: 'x' },
      ],
    });
    const { code, stderr } = await world.run('catalogue', 'import', path);
    expect(code).toBe(1);
    for (const fault of [
      'organizations.0.key must be',
      'organizations.0.name must not be empty',
      'organizations.0.ods_code must be an ODS code',
      'organizations.0.asid must be an ASID',
      'apis.1.token_format must be jwt with a token_lifetime of 300',
      'apis.2.scopes must not have patient/Flag.rs',
      'apis.3.audience must be an absolute URI',
      'apis.4 Unrecognized key: "audiences"',
    ]) {
      expect(stderr).toContain(fault);
    }
    expect(await world.look((sql) => sql('SELECT id FROM apis ORDER BY id'))).toEqual(before);
  });

  test('refuses an audience or an ODS code that another entry has', async () => {
    const [api] = trust.apis;
    const taken = [
      { apis: [{ ...api, id: 'twin', audience: 'https://spine.example.test/raflags/STU3' }] },
      { organizations: [{ key: 'twin', name: 'Twin', ods_code: 'ZZ800' }] },
    ];
    for (const content of taken) {
      const { code, stderr } = await world.run('catalogue', 'import', file(content));
      expect([code, stderr]).toEqual([1, expect.stringContaining('belongs to another entry already')]);
    }
  });
});
