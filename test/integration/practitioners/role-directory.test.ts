import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { clinicalId, professionalId } from './role-page.ts';
import { putRangi, putShah } from './surgery.ts';

/** The directory of practitioners: who works where, and what has ended. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
beforeEach(async () => {
  await putShah(server);
  await putRangi(server);
});
afterAll(() => server.close());

const at = async (organization: string, account = 'priya') =>
  (await server.services.practitioners.rolesAt(account, organization)).map(({ id }) => id);
const role = (id: string) => server.services.practitioners.role(id);

describe('the roles of a person', () => {
  test('are those at one organisation, by name', async () => {
    expect(await at('fernhill')).toEqual([clinicalId, professionalId]);
    expect(await at('millbrook')).toEqual(['priya-millbrook-clinical']);
    expect(await at('kete')).toEqual([]);
    expect(await at('fernhill', 'rangi')).toEqual([]);
    expect(await at('fernhill', 'nobody')).toEqual([]);
  });

  test('say all that a token needs', async () => {
    expect(await role(clinicalId)).toEqual({
      id: clinicalId,
      accountId: 'priya',
      practitioner: 'pr-priya',
      sdsUser: '100000000101',
      family: 'Shah',
      given: ['Priya'],
      prefix: ['Dr'],
      organization: 'fernhill',
      roleProfile: '100000000203',
      jobRole: 'R8000',
      name: 'Clinical Practitioner',
    });
  });
});

describe('a role that is not written any more', () => {
  test('ends, and the others stay', async () => {
    await putShah(server, { clinical: undefined });
    expect(await at('fernhill')).toEqual([professionalId]);
    expect(await role(clinicalId)).toBeUndefined();
    expect(await role(professionalId)).toBeDefined();
  });

  test('keeps the moment at which it ended, however often the rest is written', async () => {
    await putShah(server, { clinical: undefined });
    const ended = () => server.sql('SELECT ended_at FROM practitioner_roles WHERE id = $1', [clinicalId]);
    const first = await ended();
    await putShah(server, { clinical: undefined });
    expect(await ended()).toEqual(first);
    expect(first).toEqual([{ ended_at: expect.any(Date) }]);
  });

  test('begins again when it is written again', async () => {
    await putShah(server, { clinical: undefined });
    await putShah(server);
    expect(await at('fernhill')).toEqual([clinicalId, professionalId]);
  });

  test('is still known, as ended, to whoever asks for its national id', async () => {
    await putShah(server, { clinical: undefined });
    const listed = await server.services.practitioners.listed({
      sdsUser: '100000000101',
      roleProfile: '100000000203',
      practitioner: undefined,
      organization: 'fernhill',
    });
    expect(listed.accounts).toEqual(['priya']);
    expect(listed.role).toMatchObject({ id: clinicalId, ended: true });
    expect(listed.roles?.map(({ id }) => id)).toEqual([professionalId]);
  });

  test('may be all of them', async () => {
    await putRangi(server, 'ended');
    expect(await at('millbrook', 'rangi')).toEqual([]);
  });
});

describe('nobody has a role', () => {
  test('whose account is disabled', async () => {
    await server.sql("UPDATE accounts SET disabled_at = now() WHERE id = 'priya'");
    expect([await at('fernhill'), await role(clinicalId)]).toEqual([[], undefined]);
    await server.sql("UPDATE accounts SET disabled_at = NULL WHERE id = 'priya'");
    expect(await at('fernhill')).toHaveLength(2);
  });

  test('whose account is no practitioner’s', async () => {
    await server.sql("UPDATE accounts SET practitioner = NULL WHERE id = 'priya'");
    expect([await at('fernhill'), await role(clinicalId)]).toEqual([[], undefined]);
    await server.sql("UPDATE accounts SET practitioner = 'pr-priya' WHERE id = 'priya'");
  });
});

describe('what cannot be', () => {
  test('somebody else’s role, and nothing of the attempt is left', async () => {
    const before = await server.sql('SELECT * FROM practitioner_roles ORDER BY id');
    const audited = await server.sql('SELECT count(*) FROM audit_events');
    await expect(putRangi(server, { id: clinicalId })).rejects.toThrow('another role');
    expect(await server.sql('SELECT * FROM practitioner_roles ORDER BY id')).toEqual(before);
    expect(await server.sql('SELECT count(*) FROM audit_events')).toEqual(audited);
  });

  test.for([
    ['organisation', { organization: 'millbrook' }],
    ['role profile', { roleProfile: '100000000299' }],
    ['role profile, which is none then', { roleProfile: undefined }],
  ] as const)('a role with another %s: tokens are made from it', async ([, change]) => {
    const before = await server.sql('SELECT * FROM practitioner_roles ORDER BY id');
    await expect(putShah(server, { clinical: change })).rejects.toThrow('another role');
    expect(await server.sql('SELECT * FROM practitioner_roles ORDER BY id')).toEqual(before);
  });

  test('one SDS user id or role profile of two people', async () => {
    await expect(putRangi(server, { id: 'rangi-new', roleProfile: '100000000203' })).rejects.toThrow();
    await expect(putShah(server, {}, { sdsUser: '100000000111' })).rejects.toThrow();
    expect(await role('rangi-millbrook-reception')).toMatchObject({ roleProfile: '100000000212' });
    expect(await role(clinicalId)).toMatchObject({ sdsUser: '100000000101' });
  });

  test('a role at an organisation that is not there', async () => {
    await expect(putRangi(server, { organization: 'nowhere' })).rejects.toThrow();
    expect(await at('millbrook', 'rangi')).toEqual(['rangi-millbrook-reception']);
  });
});

test('two that are written at once are written one after the other, and the later one holds whole', async () => {
  for (let round = 0; round < 5; round += 1) {
    await Promise.all([
      putShah(server, { clinical: undefined }),
      putShah(server, { professional: undefined }),
    ]);
    expect((await at('fernhill')).length).toBe(1);
    await putShah(server);
  }
});
