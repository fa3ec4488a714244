import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { Database } from '../../../src/db/index.ts';
import { createSqlStore } from '../../../src/oidc/storage/index.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { shiftTime } from '../../support/time.ts';
import { arohas, fresh, LIFE, together } from './artefacts.ts';
import { describeContract, volatileModels } from './contract.ts';
import { describeFound } from './found.ts';

/** Models that must never be lost, so that only SQL keeps them. */
const durableModels = [
  'Grant',
  'AuthorizationCode',
  'AccessToken',
  'RefreshToken',
  'ClientCredentials',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
];

let opened: TestDatabase;
let db: Database;
/** Names of the statements that were sent since the test began. */
let sent: string[] = [];

beforeAll(async () => {
  opened = await openTestDatabase();
  db = {
    ...opened.db,
    query(statement, values) {
      sent.push(statement.name);
      return opened.db.query(statement, values);
    },
  };
});
afterEach(() => {
  shiftTime(0);
  sent = [];
});
afterAll(() => opened.db.close());

const store = () => createSqlStore({ db, clock: systemClock });

const rows = (where: string, value: string) =>
  opened.db.query<{ model: string; id: string }>(
    { name: '', text: `SELECT model, id FROM oidc_artefacts WHERE ${where} = $1 ORDER BY model, id` },
    [value],
  );

describe('the SQL store', () => {
  describeContract(store, [...volatileModels, ...durableModels]);
  describeFound(store);

  test('keeps an expired row: clearing away is housekeeping, not a side effect of looking', async () => {
    const id = fresh('id');
    await store().put('RefreshToken', id, arohas());
    shiftTime(LIFE + 1);
    expect(await store().find('RefreshToken', id)).toBeUndefined();
    expect(await rows('id', id)).toEqual([{ model: 'RefreshToken', id }]);
  });

  test('keeps what has no expiry', async () => {
    const id = fresh('id');
    await store().put('Grant', id, arohas({ expiresAt: undefined }));
    shiftTime(100 * 365 * 24 * 3600);
    expect(await store().find('Grant', id)).toBeDefined();
    expect(await store().consume('Grant', id)).toBe(true);
  });

  test('has one row for a session that two requests saved under different ids', async () => {
    const uid = fresh('uid');
    await together(2, (index) => store().put('Session', fresh(`tab-${index}`), arohas({ uid })));
    expect(await rows('uid', uid)).toHaveLength(1);
  });

  test('lets other models share a uid', async () => {
    const uid = fresh('uid');
    await together(3, (index) => store().put('Interaction', fresh(`step-${index}`), arohas({ uid })));
    expect(await rows('uid', uid)).toHaveLength(3);
  });

  test('finds a device code by the code that the person types, until it expires', async () => {
    const [id, userCode] = [fresh('id'), fresh('code')];
    await store().put('DeviceCode', id, arohas({ userCode }));
    expect(await store().findByUserCode('DeviceCode', userCode)).toBeDefined();
    expect(await store().findByUserCode('DeviceCode', fresh('code'))).toBeUndefined();
    shiftTime(LIFE + 1);
    expect(await store().findByUserCode('DeviceCode', userCode)).toBeUndefined();
  });

  test('revokes all that came from a grant, of whatever model, in one statement, and nothing else', async () => {
    const [withdrawn, kept] = [fresh('grant'), fresh('grant')];
    const ids = await Promise.all(
      durableModels.flatMap((model) =>
        [withdrawn, kept].map(async (grantId) => {
          const id = fresh('id');
          await store().put(model, id, arohas({ grantId }));
          return { model, id, grantId };
        }),
      ),
    );
    const unrelated = fresh('id');
    await store().put('AccessToken', unrelated, arohas());
    sent = [];
    await store().revokeByGrantId(withdrawn);
    expect(sent).toEqual(['oidc_artefacts_revoke']);
    for (const { model, id, grantId } of ids) {
      expect((await store().find(model, id)) !== undefined, `${model} of ${grantId}`).toBe(grantId === kept);
    }
    expect(await store().find('AccessToken', unrelated)).toBeDefined();
  });

  test('leaves nothing of a grant that 50 requests revoke at once', async () => {
    const grantId = fresh('grant');
    await together(5, () => store().put('RefreshToken', fresh('id'), arohas({ grantId })));
    await together(50, () => store().revokeByGrantId(grantId));
    expect(await rows('grant_id', grantId)).toEqual([]);
  });

  test('stores many in one statement, each with what belongs to it, and refuses to store one twice', async () => {
    const [one, other] = [fresh('id'), fresh('id')];
    const placed = [
      { model: 'ClientCredentials', id: one, artefact: arohas({ payload: { n: 1 } }) },
      {
        model: 'ClientCredentials',
        id: other,
        artefact: arohas({ payload: { n: 2 }, clientId: 'clinic-jwt' }),
      },
    ];
    await store().putMany(placed);
    expect(sent).toEqual(['oidc_artefacts_put_many']);
    expect(await store().find('ClientCredentials', one)).toMatchObject({ payload: { n: 1 } });
    expect(await rows('client_id', 'clinic-jwt')).toEqual([{ model: 'ClientCredentials', id: other }]);
    await expect(store().putMany(placed)).rejects.toMatchObject({ code: '23505' });
    shiftTime(LIFE + 1);
    expect(await store().find('ClientCredentials', one)).toBeUndefined();
  });
});
