import { afterAll, describe, expect, test } from 'vitest';
import { createPasswords } from '../../../src/accounts/index.ts';
import { AssentError } from '../../../src/errors.ts';

const passwords = createPasswords();
afterAll(() => passwords.close());

const phc = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/;
const word = 'kereru sings at dawn';

describe('LO-03 how a password is kept', () => {
  test('as argon2id in the PHC format, salted: the same password twice is two hashes', async () => {
    const [one, other] = await Promise.all([passwords.hash(word), passwords.hash(word)]);
    expect(one).toMatch(phc);
    expect(other).toMatch(phc);
    expect(one).not.toBe(other);
    expect(one).not.toContain(word);
    expect([await passwords.verify(word, one), await passwords.verify(word, other)]).toEqual([true, true]);
  });

  test.for<[string, string, string]>([
    ['another one', word, 'kereru sings at dusk'],
    ['capitals', word, word.toUpperCase()],
    ['a space behind it', word, `${word} `],
    ['without the space behind it', `${word} `, word],
    ['a space before it', word, ` ${word}`],
    ['U+0000 behind it', word, `${word}\u0000`],
    ['U+0000 in it, another end', `${word}\u0000a`, `${word}\u0000b`],
    ['the 65th character', `${'x'.repeat(64)}a`, `${'x'.repeat(64)}b`],
    ['the 73rd byte', `${'x'.repeat(72)}a`, `${'x'.repeat(72)}b`],
    ['the 1,000th character', `${'x'.repeat(999)}a`, `${'x'.repeat(999)}b`],
    ['nothing', word, ''],
    ['the hash itself', word, `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`],
  ])('%s is another password', async ([, kept, typed]) => {
    const hash = await passwords.hash(kept);
    expect([await passwords.verify(typed, hash), await passwords.verify(kept, hash)]).toEqual([false, true]);
  });

  test.for<[string, string, string]>([
    ['a macron, composed or not', 'p\u014dtae', 'po\u0304tae'],
    ['letters of full width', 'kereru', 'ｋｅｒｅｒｕ'],
  ])('%s: the same password', async ([, kept, typed]) => {
    expect(await passwords.verify(typed, await passwords.hash(kept))).toBe(true);
  });

  test('a hash with other parameters is good, because it carries them', async () => {
    // argon2id of "kereru" with 8 MiB, one pass.
    const { argon2Sync } = await import('node:crypto');
    const nonce = Buffer.alloc(16, 3);
    const options = { message: 'kereru', nonce, parallelism: 1, memory: 8192, passes: 1, tagLength: 32 };
    const encode = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
    const tag = encode(argon2Sync('argon2id', options));
    const hash = `$argon2id$v=19$m=8192,t=1,p=1$${encode(nonce)}$${tag}`;
    expect([await passwords.verify('kereru', hash), await passwords.verify('tui', hash)]).toEqual([
      true,
      false,
    ]);
  });
});

describe('what is no password', () => {
  test('LO-02 no hash: the answer is no, whatever is typed', async () => {
    for (const typed of [word, '', 'A'.repeat(43)])
      expect(await passwords.verify(typed, undefined)).toBe(false);
  });

  test.for([
    '',
    'plain text',
    '$2b$12$abcdefghijklmnopqrstuv',
    '$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=16$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=19456,t=2,p=1$$',
  ])('the hash "%s" is nobody’s', async (hash) => {
    expect(await passwords.verify(word, hash)).toBe(false);
  });

  test('1,001 characters: no, although the hash is theirs', async () => {
    const long = 'x'.repeat(1001);
    const hash = await passwords.hash(long);
    expect(await passwords.verify(long, hash)).toBe(false);
    expect(await passwords.verify(long.slice(0, 1000), hash)).toBe(false);
  });
});

describe('F-16 a flood', () => {
  test('fills a short queue and no more: the rest is Overloaded, and what waits is answered', async () => {
    const hash = await passwords.hash(word);
    const answers = await Promise.allSettled(
      Array.from({ length: 150 }, (_, n) => passwords.verify(n % 2 === 0 ? word : 'wrong', hash)),
    );
    const done = answers.flatMap((answer, n) =>
      answer.status === 'fulfilled' ? [[n % 2 === 0, answer.value]] : [],
    );
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    expect(done.every(([right, answer]) => right === answer)).toBe(true);
    expect(done.length).toBeGreaterThanOrEqual(60);
    expect(refused.length).toBeGreaterThan(0);
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(AssentError);
      expect(reason).toMatchObject({ code: 'overloaded', statusCode: 503 });
    }
    expect(await passwords.verify(word, hash)).toBe(true);
  });

  test('IN-02 a password that is too long is not hashed: it takes no place in the queue', async () => {
    const hash = await passwords.hash(word);
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => passwords.verify('x'.repeat(1001), hash)),
    );
    expect(answers.every((answer) => answer === false)).toBe(true);
  });
});
