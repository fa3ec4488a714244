import { createHash } from 'node:crypto';
import { errors } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenedAdapter, openAdapter } from './adapter.ts';
import { fresh } from './artefacts.ts';

let adapter: OpenedAdapter;

beforeAll(async () => {
  adapter = await openAdapter();
});
afterAll(() => adapter.close());

const hash = (value: string) => createHash('sha256').update(value).digest('base64url');

/** Values that a client can send and PostgreSQL cannot store: a fault of the request, not of the server. */
const unstorable: readonly (readonly [what: string, payload: Record<string, unknown>, expiresIn: number])[] =
  [
    ['U+0000 in a value', { params: { state: 'a\u0000b' } }, 60],
    ['U+0000 in a name', { params: { 'sta\u0000te': 'ab' } }, 60],
    ['U+0000 in a column of its own', { accountId: 'aroha\u0000' }, 60],
    ['half a surrogate pair', { claims: { id_token: { note: '\ud800' } } }, 60],
    ['an expiry beyond all calendars', {}, 9e15],
    ['an expiry that is no number', {}, Number.NaN],
    ['an endless expiry', {}, Number.POSITIVE_INFINITY],
  ];

describe.each(['AuthorizationCode', 'PushedAuthorizationRequest', 'Interaction'])('%s', (model) => {
  test.each(unstorable)(
    'refuses %s as the fault of the request, and stores nothing',
    async (_, payload, expiresIn) => {
      const value = fresh('input');
      const saving = adapter.model(model).upsert(value, { jti: value, ...payload }, expiresIn);
      await expect(saving).rejects.toThrow(errors.InvalidRequest);
      expect(await adapter.whereFound(hash(value))).toEqual([]);
      expect(await adapter.model(model).find(value)).toBeUndefined();
    },
  );

  test('takes text that only looks like an escape, and text outside the Basic Multilingual Plane', async () => {
    const value = fresh('input');
    const params = { state: 'back\\slash', login_hint: 'Wiremu Pōtae 🌿' };
    await adapter.model(model).upsert(value, { jti: value, params }, 60);
    expect(await adapter.model(model).find(value)).toEqual({ jti: value, params });
  });

  test('finds nothing under an id that cannot be stored', async () => {
    expect(await adapter.model(model).find('a\u0000b')).toBeUndefined();
  });
});
