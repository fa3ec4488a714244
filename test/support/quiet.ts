import { afterAll, expect } from 'vitest';

/** Fails a test file in which oidc-provider printed a NOTICE or WARNING: each is a default that we forgot to replace. */
const heard: string[] = [];
const original = { info: console.info, warn: console.warn };

for (const level of ['info', 'warn'] as const) {
  console[level] = (...parts: unknown[]) => {
    const line = parts.map(String).join(' ');
    if (/oidc-provider (NOTICE|WARNING)/.test(line)) heard.push(line);
    original[level](...parts);
  };
}

afterAll(() => {
  Object.assign(console, original);
  expect(heard).toEqual([]);
});
