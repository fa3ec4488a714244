import type { AccountPageModel } from '../../../src/web/account/models.ts';
import type {
  AuthenticatorModel,
  NewAuthenticatorModel,
  NewPasskeyModel,
  PasskeyModel,
  PasskeyPageModel,
  PasswordFirstModel,
  PasswordModel,
  RecoveryCodesModel,
  SecurityModel,
} from '../../../src/web/account/security-models.ts';

const phone: PasskeyModel = {
  href: '/account/security/passkeys/cGhvbmU',
  name: 'My phone',
  synced: true,
  createdAt: new Date('2026-03-01T09:00:00Z'),
  lastUsedAt: new Date('2026-05-03T14:05:00Z'),
};
const key: PasskeyModel = {
  href: '/account/security/passkeys/a2V5',
  name: 'Sicherheitsschlüsselanhänger am Schlüsselbund im Flur zu Hause',
  synced: false,
  createdAt: new Date('2026-04-01T09:00:00Z'),
  lastUsedAt: null,
};

const security: SecurityModel = { password: true, passkeys: [phone, key], authenticator: 'always', codes: 9 };
const password: PasswordModel = { problem: 'none', least: 8, minutes: 0, elsewhere: true };
const newPasskey: NewPasskeyModel = { options: '{"challenge":"AAAA"}', name: '', problem: 'none' };
const passkey: PasskeyPageModel = { passkey: phone, name: phone.name, problem: 'none' };
const newAuthenticator: NewAuthenticatorModel = {
  key: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
  sealed: 'sealed',
  qr: { size: 9, path: 'M4 4h1v1h-1z' },
  problem: 'none',
};
const authenticator: AuthenticatorModel = { always: true, createdAt: new Date('2026-03-01T09:00:00Z') };
const codes: RecoveryCodesModel = { codes: [], left: 9 };

/** The pages about signing in. @param shared what every account page shows */
export function securitySamples(
  shared: AccountPageModel,
): Readonly<Record<string, Readonly<Record<string, object>>>> {
  const whole = <T extends object>(states: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(states).map(([name, model]) => [name, { ...shared, ...model }]));
  return {
    'account/security.njk': whole<SecurityModel>({
      all: security,
      needed: { ...security, authenticator: 'needed', codes: 1 },
      'no-codes': { ...security, codes: 0 },
      nothing: { password: true, passkeys: [], authenticator: 'none', codes: 0 },
      'no-password': { ...security, password: false },
    }),
    'account/password.njk': whole<PasswordModel>({
      first: password,
      missing: { ...password, problem: 'missing' },
      different: { ...password, problem: 'different', elsewhere: false },
      wrong: { ...password, problem: 'wrong' },
      same: { ...password, problem: 'same' },
      short: { ...password, problem: 'short' },
      long: { ...password, problem: 'long' },
      personal: { ...password, problem: 'personal' },
      common: { ...password, problem: 'common' },
      busy: { ...password, problem: 'busy' },
      limited: { ...password, problem: 'limited', minutes: 15 },
    }),
    'account/password-first.njk': whole<PasswordFirstModel>({
      ready: { problem: 'none', email: 'aroha@example.test', minutes: 0 },
      unverified: { problem: 'unverified', email: '', minutes: 0 },
      taken: { problem: 'taken', email: 'aroha@example.test', minutes: 0 },
      limited: { problem: 'limited', email: 'aroha@example.test', minutes: 15 },
    }),
    'account/passkey-new.njk': whole<NewPasskeyModel>({
      first: newPasskey,
      refused: { ...newPasskey, name: 'My phone', problem: 'refused' },
      name: { ...newPasskey, problem: 'name' },
      'too-many': { ...newPasskey, name: 'My phone', problem: 'too-many' },
    }),
    'account/passkey.njk': whole<PasskeyPageModel>({
      synced: passkey,
      unused: { ...passkey, passkey: key, name: key.name },
      name: { ...passkey, name: '', problem: 'name' },
      'last-way': { ...passkey, problem: 'last-way' },
    }),
    'account/authenticator-new.njk': whole<NewAuthenticatorModel>({
      first: newAuthenticator,
      code: { ...newAuthenticator, problem: 'code' },
      expired: { ...newAuthenticator, problem: 'expired' },
    }),
    'account/authenticator.njk': whole<AuthenticatorModel>({
      always: authenticator,
      needed: { ...authenticator, always: false },
    }),
    'account/recovery-codes.njk': whole<RecoveryCodesModel>({
      left: codes,
      none: { codes: [], left: 0 },
      made: { codes: Array.from({ length: 10 }, (_, at) => `${at}B2C-4D5E-6F7G-8H9J`), left: 10 },
    }),
  };
}

/** Templates that load the scripts for passkeys. */
export const withPasskeys: ReadonlySet<string> = new Set([
  'account/passkey-new.njk',
  'sign-in/code.njk',
  'sign-in/no-passkey.njk',
  'sign-in/passkey.njk',
  'sign-in/sign-in.njk',
]);
