import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grantOf, isActive, newFamily } from '../../support/exchange.ts';
import { send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { type Asserter, about, asked, registerAsserter } from '../practitioners/assertions.ts';
import { openAccount } from './account.ts';

/** What a person is told of is what she did or decided, in words that are true whatever came of it. */

let server: TestServer;
let ward: Asserter;
beforeAll(async () => {
  server = await startServer();
  ward = await registerAsserter(server, 'fernhill-records', { client_name: 'Fernhill Records' });
});
afterAll(() => server.close());

const typesOf = async (accountId: string) =>
  (await server.services.activity.ofPerson(accountId, { most: 100 })).entries.map(({ type }) => type);

describe('what a client asserts of its users', () => {
  test('is nothing of a person who happens to be called the same', async () => {
    const { visitor } = await openAccount(server);
    const before = await typesOf('aroha');
    const said = await about(server, ward, { sub: 'aroha', requesting_practitioner: called('aroha') });
    expect((await send(server, asked(ward, said))).status).toBe(200);
    expect(
      await server.sql(`SELECT subject FROM audit_events WHERE type = 'token.issued' AND client_id = $1`, [
        'fernhill-records',
      ]),
    ).toEqual([{ subject: 'aroha' }]);
    expect(await typesOf('aroha')).toEqual(before);
    expect((await visitor.get('/account/activity')).html).not.toContain('Fernhill');
  });

  test('nor a use of it that an API reports, nor anything of another person’s grant', async () => {
    const { first } = await newFamily(server, { identifier: 'hana@example.test' });
    const others = await grantOf(server, first.access_token);
    const before = await typesOf('aroha');
    for (const grant of [null, 'unknown', others])
      for (const type of ['access.reported', 'token.issued'] as const)
        await server.services.audit.record({
          type,
          clientId: 'kete-web',
          subject: 'aroha',
          detail: { grant },
        });
    expect(await typesOf('aroha')).toEqual(before);
  });

  test('is no use of what she decided about the same application', async () => {
    const { first } = await newFamily(server);
    const { consents, audit } = server.services;
    const used = async () => (await consents.live('aroha'))[0]?.lastUsedAt;
    const before = await used();
    expect(before).toBeInstanceOf(Date);
    const event = {
      type: 'token.issued',
      clientId: 'kete-web',
      apiId: 'demo-fhir',
      subject: 'aroha',
    } as const;
    await audit.record({ ...event, detail: { grant: null } });
    expect(await used()).toEqual(before);
    expect(await isActive(server, first)).toBe(true);
  });
});

describe('what an API was asked for', () => {
  test('is told as that, also where it refused', async () => {
    const { first, visitor } = await newFamily(server);
    const answer = await fetch(`${server.issuer}/demo/fhir/r4/Immunization/of-nobody`, {
      headers: { Authorization: `Bearer ${first.access_token}` },
    });
    expect(answer.status).toBe(404);
    const { html } = await visitor.get('/account/activity');
    expect(html).toContain('Kete Health asked to see your vaccinations');
    expect(html).toContain('They may have said no.');
    expect(html).not.toMatch(/Kete Health (read|saw|opened|added)/);
  });
});

describe('last used', () => {
  test('is of each record apart', async () => {
    const { consents } = server.services;
    await newFamily(server);
    const [hers] = await consents.live('aroha');
    await server.sql(
      `INSERT INTO consents (id, account_id, client_id, api_id, patient, lines, shown, version, decided_at, expires_at)
       SELECT 'of-a-child', account_id, client_id, api_id, 'p-child', lines, shown, 1, decided_at, expires_at
       FROM consents WHERE id = $1`,
      [hers?.id],
    );
    const all = await consents.live('aroha');
    expect(all.map(({ patient, lastUsedAt }) => [patient, lastUsedAt instanceof Date]).toSorted()).toEqual([
      ['p-aroha', true],
      ['p-child', false],
    ]);
  });
});

/** A practitioner with another id, as Fernhill's own system knows her. */
function called(id: string) {
  const identifier = [
    { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: 'UNK' },
    { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: 'UNK' },
    { system: 'https://fernhill.example.test/Id/user', value: id },
  ];
  return { resourceType: 'Practitioner', id, identifier, name: [{ family: 'Shah' }] };
}
