import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asIdentifier } from '../../../src/accounts/account.ts';

describe('what people type to say who they are', () => {
  test.for([
    ['aroha@example.test', 'aroha@example.test'],
    ['Aroha@Example.TEST', 'aroha@example.test'],
    ['  aroha@example.test  ', 'aroha@example.test'],
    ['\u00a0aroha@example.test\u3000', 'aroha@example.test'],
    ['ａｒｏｈａ＠ｅｘａｍｐｌｅ．ｔｅｓｔ', 'aroha@example.test'],
    ['po\u0304tae', 'p\u014dtae'],
    ['P\u014cTAE', 'p\u014dtae'],
    ['ﬁona', 'fiona'],
    ['9990001014', '9990001014'],
    ['x'.repeat(200), 'x'.repeat(200)],
    [` ${'x'.repeat(200)} `, 'x'.repeat(200)],
  ] as const)('"%s" is kept as "%s"', ([typed, kept]) => {
    expect(asIdentifier(typed)).toBe(kept);
  });

  test.for([
    ['nothing', ''],
    ['spaces', '   '],
    ['U+0000', 'aroha\u0000@example.test'],
    ['a line break inside', 'aroha\n@example.test'],
    ['a tab inside', 'aroha\t@example.test'],
    ['DEL', 'aroha\u007f'],
    ['a control character of Latin-1', 'aroha\u0085x'],
    ['201 characters', 'x'.repeat(201)],
    ['101 letters that become 303', '\ufdfa'.repeat(101)],
  ] as const)('%s can be nobody', ([, typed]) => {
    expect(asIdentifier(typed)).toBeUndefined();
  });

  test('what was made from a text stays as it is, and fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (typed) => {
        const kept = asIdentifier(typed);
        if (kept === undefined) return;
        expect(kept.length).toBeLessThanOrEqual(200);
        expect(kept).not.toMatch(/\p{Cc}/u);
        expect(kept.trim()).toBe(kept);
        expect(asIdentifier(` ${typed}\t`)).toBe(kept);
      }),
    );
  });
});
