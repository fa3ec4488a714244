import { expect, test } from 'vitest';
import { isGenericAccount, isGenericName } from '../../../src/tokens/generic.ts';

test.each([
  ['System', 'User'],
  ['SYSTEM'],
  ['Service', 'Account'],
  ['default'],
  ['Generic', 'Clinician'],
  ['Duty', 'Doctor'],
  ['Ward', 'Staff'],
  ['Ward 7', 'Nurses'],
  ['Reception', '2'],
  ['Group', 'Admin01'],
  ['Shared', 'Login'],
  ['Anonymous'],
  ['N/A'],
  ['n/a', 'Unknown'],
  ['NA'],
  ['UNK'],
  ['null', 'null'],
  ['Test', 'User'],
  ['Guest', 'Ward'],
  ['Root'],
  ['SystemUser'],
  ['system_user'],
  ['sys\u200btem', 'us\u00adér'],
  ['Ｓｙｓｔｅｍ'],
  ['Sýstem'],
  ['123'],
  ['-'],
  ['...', '42'],
  ['Integration', 'Interface', 'Batch'],
])('a system or group: %j %j', (...parts) => {
  expect(isGenericName(parts.filter((part) => part !== undefined))).toBe(true);
});

test.each([
  ['Ada', 'Ward'],
  ['Tom', 'Page'],
  ['Page'],
  ['Guest', 'Okafor'],
  ['Priya', 'Shah'],
  ['Rangi', 'Cooper'],
  ['Wiremu', 'Pōtae'],
  ['Christopher', 'Null'],
  ['Na', 'Ward'],
  ['Ad', 'Min'],
  ['N', 'A'],
  ['Nana', 'Ward'],
  ['Stafford'],
  ['王', '芳'],
  ['Анна', 'Систем'],
  ['Doctorow'],
  ['Tester', 'Testerman'],
])('a person: %j %j', (...parts) => {
  expect(isGenericName(parts.filter((part) => part !== undefined))).toBe(false);
});

test.each([
  ...[
    'system',
    'admin',
    'SYSTEM_USER',
    'group',
    'SystemUser',
    'service-account',
    'FERNHILL\\admin',
    'UNK',
    '---',
  ],
  ...[
    'reception@fernhill.example',
    'https://fernhill.example/users/guest',
    'ward.staff',
    'null',
    'admin@ward7.example',
  ],
])('the account of a system or group: %s', (id) => expect(isGenericAccount(id)).toBe(true));

test.each([
  ...[
    'user-4711',
    'a7d1c2f0',
    '100000000101',
    'ada.okafor',
    'FERNHILL\\ada',
    'priya@example.test',
    'deadbeef',
  ],
  ...['admin-2f', 'x', 'okafor/ward7', 'ward.ada'],
])('an account that may be a person: %s', (id) => expect(isGenericAccount(id)).toBe(false));
