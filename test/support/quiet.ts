import { afterAll, expect } from 'vitest';

/** Fails a test file in which oidc-provider printed a NOTICE or WARNING: each is a default that we forgot to replace. */
const heard: string[] = [];

for (const level of ['info', 'warn'] as const) {
  const original = console[level].bind(console);
  console[level] = (...parts: unknown[]) => {
    const line = parts.map(String).join(' ');
    if (/oidc-provider (NOTICE|WARNING)/.test(line)) heard.push(line);
    original(...parts);
  };
}

afterAll(() => {
  expect(heard).toEqual([]);
});
