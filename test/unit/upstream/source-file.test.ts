import { expect, test } from 'vitest';
import { Refused } from '../../../src/errors.ts';
import { presets } from '../../../src/upstream/presets.ts';
import { readSources } from '../../../src/upstream/source-file.ts';

const context = {
  issuer: 'https://auth.example.org',
  addressFault: (url: string) => (url.startsWith('https:') ? undefined : 'must be an https address'),
};
const good = { id: 'elsewhere', name: 'Elsewhere', issuer: 'https://idp.example.org', client_id: 'assent' };
const read = (content: unknown) => readSources(JSON.stringify(content), context);

function faults(content: unknown): readonly string[] {
  try {
    read(content);
  } catch (error) {
    if (error instanceof Refused) return error.faults;
    throw error;
  }
  return [];
}

test('what is left out has a value, and the careful one', () => {
  expect(read(good)).toEqual([
    {
      ...good,
      scopes: 'openid profile',
      parameters: {},
      key_alg: 'ES256',
      assertion_audience: 'issuer',
      id_token_alg: 'RS256',
      new_accounts: false,
      single_sign_on: false,
      claims: { name: ['name'], identifiers: [] },
    },
  ]);
});

test.each(Object.keys(presets))('the preset %s needs only what differs from place to place', (preset) => {
  const { name: _, ...rest } = good;
  const [settings] = read([{ ...rest, preset }]);
  expect(settings).toMatchObject({ ...presets[preset], id: 'elsewhere', new_accounts: false });
});

test('what is given takes the place of the preset, of claims one by one', () => {
  const [settings] = read({
    ...good,
    preset: 'nhs-login',
    scopes: 'openid',
    claims: { name: ['family_name'] },
  });
  expect(settings).toMatchObject({
    name: 'Elsewhere',
    scopes: 'openid',
    claims: { name: ['family_name'], birth_date: 'birthdate' },
    key_alg: 'RS512',
  });
});

test('every fault of every source is told at once', () => {
  const list = [
    { ...good, id: 'Up!', issuer: 'https://idp.example.org?x=1', new_accounts: 'yes' },
    { ...good, preset: 'constructor' },
    { ...good, id: 'local', issuer: 'http://idp.example.org' },
    { ...good, id: 'self', issuer: 'https://auth.example.org' },
    { ...good, id: 'odd', issuer: 'https://odd.example.org', parameters: { state: 'x' }, secret: 'y' },
    { ...good, id: 'more', issuer: 'https://more.example.org', scopes: 'profile', id_token_alg: 'none' },
  ];
  expect(faults(list)).toEqual([
    '[0]: id must be lower-case letters, digits and hyphens',
    '[0]: issuer must be a web address without query',
    '[0]: new_accounts must be true or false',
    '[1]: preset must be one of assent, cis2, my-health-account, nhs-login',
    '[2]: issuer must be an https address',
    '[3]: issuer is this server itself',
    expect.stringMatching(/^\[4\]: parameters\.state /),
    '[4]: it Unrecognized key: "secret"',
    '[5]: scopes must have openid',
    '[5]: id_token_alg must be ES256, RS256, RS512, PS256',
  ]);
});

test('two sources have neither an id nor an issuer in common', () => {
  expect(faults([good, { ...good }])).toEqual([
    'id elsewhere stands there twice',
    'issuer https://idp.example.org stands there twice',
  ]);
});

test.each(['{', '7', 'null', '"x"', '[[]]'])('%s is no file of sources', (text) => {
  expect(() => readSources(text, context)).toThrow(Refused);
});
