import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isBreached } from '../../../src/accounts/breached-passwords.ts';
import { createPasswordChoice } from '../../../src/accounts/password-choice.ts';

const folder = mkdtempSync(join(tmpdir(), 'assent-passwords-'));
afterAll(() => rmSync(folder, { recursive: true }));

const choice = createPasswordChoice({
  issuer: 'https://auth.fernhill.example.test',
  breachedFile: undefined,
});
const aroha = ['Aroha Ngata', 'aroha@example.test'];

describe('LO-03 a password that somebody chooses', () => {
  const good = [
    ...['kereru sings at dawn', 'gr8 enough', 'x7#kQ2!p', '        spaces at both ends        '],
    ...['ひらがなだけの合言葉', '😀😁😂😃😄😅😆😇', `${'y'.repeat(72)}z`, 'ab '.repeat(333)],
    // A name may be part of a longer one.
    ...['aroha plants kūmara in spring', 'dawn at fernhill beach'],
  ];
  test.each(good)('may be %j: there are no rules about its composition', async (password) => {
    expect(await choice.fault(password, aroha)).toBeUndefined();
  });

  const bad = [
    ['', 'short'],
    ['sev3n c', 'short'],
    // Seven characters as we compare them, fourteen as they were typed.
    ['e\u0301'.repeat(7), 'short'],
    ['x'.repeat(1001), 'long'],
    ['password', 'common'],
    ['PASSWORD1', 'common'],
    ['ｐａｓｓｗｏｒｄ', 'common'],
    ['iloveyou', 'common'],
    ['1234567890', 'common'],
    ['aroha ngata', 'personal'],
    ['ArohaNgata!', 'personal'],
    ['ngata-2026', undefined],
    ['aroha@example.test', 'personal'],
    ['AROHA@EXAMPLE.TEST99', 'personal'],
    ['assent123', 'personal'],
    ['fernhill', 'personal'],
  ] as const;
  test.each(bad)('%j: %s', async (password, fault) => {
    expect(await choice.fault(password, aroha)).toBe(fault);
  });
});

describe('the list of breached passwords', () => {
  const sha1 = (password: string) => createHash('sha1').update(password).digest('hex').toUpperCase();
  const known = Array.from({ length: 500 }, (_, number) => `password ${number}`);

  test.each([
    ['as Have I Been Pwned publishes it', ':', '\r\n', ''],
    ['of hashes alone, without a last end of line', '', '\n', 'cut'],
    ['in lower case', 'lower', '\n', ''],
  ])('%s is searched from end to end', async (_name, style, end, cut) => {
    const lines = known
      .map((one, index) => `${sha1(one)}${style === ':' ? `:${10 ** (index % 8)}` : ''}`)
      .sort()
      .map((line) => (style === 'lower' ? line.toLowerCase() : line));
    const file = join(folder, `list${style === ':' ? 'counts' : style}`);
    const content = lines.join(end);
    writeFileSync(file, cut === '' ? content + end : content);
    for (const one of known) expect(await isBreached(file, one), one).toBe(true);
    for (let number = 0; number < 200; number += 1)
      expect(await isBreached(file, `another ${number}`)).toBe(false);
  });

  test('may be empty, or hold one line', async () => {
    const file = join(folder, 'small');
    writeFileSync(file, '');
    expect(await isBreached(file, 'password')).toBe(false);
    writeFileSync(file, sha1('password'));
    expect(await isBreached(file, 'password')).toBe(true);
    expect(await isBreached(file, 'other')).toBe(false);
  });
});
