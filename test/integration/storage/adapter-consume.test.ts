import { errors } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenedAdapter, openAdapter } from './adapter.ts';
import { fresh, together } from './artefacts.ts';

let adapter: OpenedAdapter;

beforeAll(async () => {
  adapter = await openAdapter();
});
afterAll(() => adapter.close());

/** The models that may be used once, each with the error that a second use answers with. */
const onceOnly = [
  ['AuthorizationCode', errors.InvalidGrant],
  ['RefreshToken', errors.InvalidGrant],
  ['DeviceCode', errors.InvalidGrant],
  ['BackchannelAuthenticationRequest', errors.InvalidGrant],
  ['PushedAuthorizationRequest', errors.InvalidRequestUri],
] as const;

async function kept(model: string): Promise<string> {
  const value = fresh('once');
  await adapter.model(model).upsert(value, { jti: value, kind: model }, 60);
  return value;
}

describe.each(onceOnly)('%s', (model, Refusal) => {
  test('shows when it was consumed, in whole seconds since 1970', async () => {
    const value = await kept(model);
    expect(await adapter.model(model).find(value)).not.toHaveProperty('consumed');
    const before = Math.floor(Date.now() / 1000);
    await adapter.model(model).consume(value);
    const consumed = (await adapter.model(model).find(value))?.consumed;
    expect(Number.isInteger(consumed)).toBe(true);
    expect(consumed).toBeGreaterThanOrEqual(before);
    expect(consumed).toBeLessThanOrEqual(before + 5);
  });

  test('refuses the second use, and one that never was', async () => {
    const value = await kept(model);
    await adapter.model(model).consume(value);
    await expect(adapter.model(model).consume(value)).rejects.toThrow(Refusal);
    await expect(adapter.model(model).consume(fresh('once'))).rejects.toThrow(Refusal);
  });

  test('has one winner of 50, and 49 are refused', async () => {
    const value = await kept(model);
    const outcomes = await together(50, () =>
      adapter
        .model(model)
        .consume(value)
        .then(
          () => 'won',
          (error: unknown) => (error instanceof Refusal ? 'refused' : String(error)),
        ),
    );
    expect(outcomes.toSorted()).toEqual([...Array<string>(49).fill('refused'), 'won']);
  });

  test('saved once more by a late result, stays consumed, whatever the payload says of it', async () => {
    const value = await kept(model);
    await adapter.model(model).consume(value);
    await adapter.model(model).upsert(value, { jti: value, kind: model, consumed: false, late: true }, 60);
    expect(await adapter.model(model).find(value)).toMatchObject({
      late: true,
      consumed: expect.any(Number),
    });
    await expect(adapter.model(model).consume(value)).rejects.toThrow(Refusal);
  });

  test('is not consumed because a payload says so', async () => {
    const value = fresh('once');
    await adapter.model(model).upsert(value, { jti: value, consumed: 1 }, 60);
    expect(await adapter.model(model).find(value)).toEqual({ jti: value });
  });
});
