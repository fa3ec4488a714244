import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  commonPersonNumberWarning,
  isHpiFacility,
  isHpiOrganisation,
  isNhi,
  isNhsNumber,
} from '../../../src/tokens/index.ts';

const ten = [...'0123456789'];
const letters = [...'ABCDEFGHJKLMNPQRSTUVWXYZ'];
const digits = (length: number) =>
  fc.array(fc.constantFrom(...ten), { minLength: length, maxLength: length }).map((all) => all.join(''));
const word = (length: number) =>
  fc.array(fc.constantFrom(...letters), { minLength: length, maxLength: length }).map((all) => all.join(''));

/** The text with another character in one place. */
const changed = (text: string, place: number, character: string) =>
  text.slice(0, place) + character + text.slice(place + 1);

/** Every text of which a single character of its own kind was changed. */
const neighbours = (text: string) =>
  [...text].flatMap((own, place) =>
    (ten.includes(own) ? ten : letters.includes(own) ? letters : [])
      .filter((other) => other !== own)
      .map((other) => ({ own, other, place, text: changed(text, place, other) })),
  );

/** The valid numbers among a stem with each of the endings. */
const completed = (
  stems: fc.Arbitrary<string>,
  endings: readonly string[],
  isValid: (text: string) => boolean,
) =>
  stems
    .map((stem) => endings.map((ending) => stem + ending).filter(isValid))
    .filter((valid) => valid.length > 0)
    .map((valid) => valid.join());

describe('NHS number', () => {
  test.each(['9990001235', '9993141593', '9992718285', '9998887771', '9991234500'])(
    'the table has it as valid: %s',
    (text) => expect(isNhsNumber(text)).toBe(true),
  );
  test.each([
    ...['9990001014', '9990001022', '9990001030', '9990001049', '9990001057', '9990001065'],
    '0000000000',
  ])('valid: %s', (text) => expect(isNhsNumber(text)).toBe(true));
  test.each(['9990001234', ...ten.map((last) => `999123456${last}`)])(
    'the table has it as wrong: %s',
    (text) => expect(isNhsNumber(text)).toBe(false),
  );
  test.each([
    ...['', '999000123', '99900012355', '999 000 1235', '999-000-1235', '999000123x', '9990001235\n'],
    ...[' 9990001235', '٩٩٩٠٠٠١٢٣٥', '+990001235', '9990001235 ', '0x99000123'],
  ])('malformed: %j', (text) => expect(isNhsNumber(text)).toBe(false));

  const numbers = completed(digits(9), ten, isNhsNumber);
  test('nine digits have one check digit, or none', () => {
    fc.assert(fc.property(digits(9), (stem) => ten.filter((last) => isNhsNumber(stem + last)).length <= 1));
  });
  test('with one digit changed it is never valid', () => {
    fc.assert(fc.property(numbers, (number) => !neighbours(number).some(({ text }) => isNhsNumber(text))));
  });
  test('with two different neighbouring digits exchanged it is never valid', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 0, max: 8 }), (number, place) => {
        const [first = '', second = ''] = number.slice(place);
        const exchanged = changed(changed(number, place, second), place + 1, first);
        return first === second || !isNhsNumber(exchanged);
      }),
    );
  });
});

describe('NHI, old form', () => {
  test.each(['ZQT1230', 'ZLK4504', 'ZHG7775', 'ZZZ1012'])('valid: %s', (text) =>
    expect(isNhi(text)).toBe(true),
  );
  test('remainder 0 is not allowed, whatever the last digit', () => {
    // Z = 24 and 24·7 + 24·6 + 24·5 = 432; 432 + 2·4 = 440, a multiple of 11.
    expect(ten.filter((last) => isNhi(`ZZZ200${last}`))).toEqual([]);
  });
  test.each([
    ...['ZQT1231', 'zqt1230', 'ZQT123', 'ZQT12300', 'ZQT-1230', ' ZQT1230', 'ZQT1230\n', 'ZQ11230', ''],
    ...['ZIT1230', 'ZOT1230', 'IQT1230', 'OQT1230', 'ZQI1230', 'ZQO1230'],
  ])('not valid: %j', (text) => expect(isNhi(text)).toBe(false));
  test('no number with I or O has a fitting check digit', () => {
    for (const stem of ['ZIT123', 'IZZ450', 'ZZO777']) {
      expect(ten.filter((last) => isNhi(stem + last))).toEqual([]);
    }
  });
  test('with one digit changed it is never valid', () => {
    const stems = fc.tuple(word(3), digits(3)).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        completed(stems, ten, isNhi),
        (nhi) => !neighbours(nhi).some(({ own, text }) => ten.includes(own) && isNhi(text)),
      ),
    );
  });
});

describe('NHI, new form', () => {
  test.each(['ZWY08AB', 'ZQT12CD', 'ZLK45FT', 'ZHG90ZK'])('valid: %s', (text) =>
    expect(isNhi(text)).toBe(true),
  );
  test.each([
    ...['ZWY08AC', 'ZWY08AZ', 'zwy08ab', 'ZWY08A', 'ZWY08ABB', 'ZWY8AAB', 'ZWY08AB\n', 'ZWY08A1'],
    ...['ZWY08IB', 'ZWY08OB', 'ZWI08AB', 'OWY08AB', 'ZWY08AI', 'ZWY08AO'],
  ])('not valid: %j', (text) => expect(isNhi(text)).toBe(false));
  test('what older libraries compute with modulus 24 is not valid', () => {
    // 435 mod 24 = 3, and 24 - 3 = 21 is W.
    expect(isNhi('ZWY08AW')).toBe(false);
  });
  test('every stem has exactly one check letter, and it is never Z', () => {
    const stems = fc.tuple(word(3), digits(2), word(1)).map((parts) => parts.join(''));
    fc.assert(
      fc.property(stems, (stem) => {
        const fitting = letters.filter((last) => isNhi(stem + last));
        return fitting.length === 1 && fitting[0] !== 'Z';
      }),
    );
  });
  test('with one character changed it is not valid, but that A and Z count the same', () => {
    const stems = fc.tuple(word(3), digits(2), word(1)).map((parts) => parts.join(''));
    fc.assert(
      fc.property(completed(stems, letters, isNhi), (nhi) =>
        neighbours(nhi)
          .filter(({ own, other }) => `${own}${other}` !== 'AZ' && `${own}${other}` !== 'ZA')
          .every(({ text }) => !isNhi(text)),
      ),
    );
  });
});

describe('HPI organisation and facility', () => {
  test('G1A234-H is an organisation', () => {
    expect([isHpiOrganisation('G1A234-H'), isHpiFacility('G1A234-H')]).toEqual([true, false]);
  });
  test.each(['F0K789-H', 'FZQ123-B'])('%s is a facility', (text) => {
    expect([isHpiOrganisation(text), isHpiFacility(text)]).toEqual([false, true]);
  });
  test.each([
    ...[
      'G1A234-J',
      'G1A234H',
      'G1A234-',
      'g1a234-h',
      'G1A234-h',
      'G1A23-H',
      'G1I234-H',
      'GO1234-H',
      'X1A234-H',
    ],
    ...['G1A234-H\n', ' G1A234-H', 'G1A234-L', 'F0K789-J', 'FZQ123-8', ''],
  ])('neither: %j', (text) => {
    expect([isHpiOrganisation(text), isHpiFacility(text)]).toEqual([false, false]);
  });
  test('remainder 0 is not allowed, whatever the letter', () => {
    // G = 7: 49 + 6·1 = 55, a multiple of 11.
    expect(letters.filter((last) => isHpiOrganisation(`G10000-${last}`))).toEqual([]);
  });
  test('with one of the three digits changed it is never valid', () => {
    const stems = fc.tuple(word(2), digits(3)).map(([xx, nnn]) => `G${xx}${nnn}-`);
    fc.assert(
      fc.property(completed(stems, letters, isHpiOrganisation), (text) =>
        neighbours(text)
          .filter(({ place }) => place >= 3 && place <= 5)
          .every((other) => !isHpiOrganisation(other.text)),
      ),
    );
  });
});

describe('Common Person Number: warnings', () => {
  test.each(['96QRST', '97HKLM', '97TTWX'])('none for %s', (text) =>
    expect(commonPersonNumberWarning(text)).toBeUndefined(),
  );
  test.each([
    ['95QRST', 'the second digit of the Common Person Number does not fit the others'],
    ['97QRST', 'the second digit of the Common Person Number does not fit the others'],
    ['96QIST', 'a Common Person Number usually ends with four letters other than I and O'],
    ['96QRS1', 'a Common Person Number usually ends with four letters other than I and O'],
    ['96qrst', 'a Common Person Number has two digits and four upper-case letters or digits'],
    ['9QRSTU', 'a Common Person Number has two digits and four upper-case letters or digits'],
    ['', 'a Common Person Number has two digits and four upper-case letters or digits'],
  ])('%j: %s', (text, warning) => expect(commonPersonNumberWarning(text)).toBe(warning));
  test('every change of the second digit is noticed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ten), word(4), (first, rest) => {
        const silent = ten.filter((second) => !commonPersonNumberWarning(first + second + rest));
        return silent.length <= 1;
      }),
    );
  });
});
