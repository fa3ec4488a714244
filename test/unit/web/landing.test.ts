import { expect, test } from 'vitest';
import { demoAuthenticatorKey, demoPassword, people } from '../../../src/demo/index.ts';
import { createLandingModel } from '../../../src/web/landing.ts';

const model = (demo: boolean) =>
  createLandingModel({
    issuer: 'http://localhost:3000',
    version: '0.1.0',
    demo,
    catalogue: { all: async () => [] },
    registry: { list: async () => [] },
    words: () => '',
  })('en');

test('in the demo a visitor is shown whom to sign in as: someone who has an account and a record', async () => {
  const { demoApp } = await model(true);
  const person = people('2026-11-21').find(({ signInName }) => signInName === demoApp?.account);
  expect(person?.patientId).toBeDefined();
  expect(demoApp).toMatchObject({
    uri: '/demo',
    password: demoPassword,
    authenticatorKey: demoAuthenticatorKey,
  });
});

test('IN-05 in production there is neither account nor password to show', async () => {
  expect((await model(false)).demoApp).toBeNull();
});
