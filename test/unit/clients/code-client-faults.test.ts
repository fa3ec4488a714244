import { describe, expect, test } from 'vitest';
import { faultsOf, type Members } from './diary.ts';

/** What a client through which people sign in may not say of itself (RU-03, AZ-02, RFC 7591). */

const faulty: readonly (readonly [string, Members, RegExp])[] = [
  ['no redirect_uris', { redirect_uris: undefined }, /^authorization_code needs redirect_uris$/],
  ['empty redirect_uris', { redirect_uris: [] }, /^authorization_code needs redirect_uris$/],
  ['redirect_uris that are no list', { redirect_uris: 'https://diary.example.test/cb' }, /^redirect_uris /],
  ['a redirect URI that is a number', { redirect_uris: [1] }, /^redirect_uris\.0 must be a text/],
  [
    '51 redirect URIs',
    { redirect_uris: Array(51).fill('https://diary.example.test/cb') },
    /^redirect_uris must be at most 50/,
  ],
  [
    'http',
    { redirect_uris: ['http://diary.example.test/cb'] },
    /^redirect_uris: http:\/\/diary\S+ must be https/,
  ],
  ['a wildcard', { redirect_uris: ['https://*.example.test/cb'] }, /^redirect_uris: .* wildcards/],
  ['localhost', { application_type: 'native', redirect_uris: ['http://localhost/cb'] }, /must be https/],
  ['a scheme of its own on the web', { redirect_uris: ['com.example.diary:/cb'] }, /must be a web address/],
  [
    'http after sign-out',
    { post_logout_redirect_uris: ['http://diary.example.test/'] },
    /^post_logout_redirect_uris: /,
  ],
  ['an implicit response type', { response_types: ['token'] }, /^response_types\.0 must be code/],
  [
    'a hybrid response type',
    { response_types: ['code', 'code id_token'] },
    /^response_types\.1 must be code/,
  ],
  [
    'the implicit grant',
    { grant_types: ['authorization_code', 'implicit'] },
    /^grant_types\.1 must be one of/,
  ],
  [
    'refresh tokens without codes',
    { grant_types: ['refresh_token'] },
    /^refresh_token needs authorization_code$/,
  ],
  ['response types without codes', { grant_types: [], response_types: ['code'] }, /^response_types are for/],
  [
    'its own credentials grant without credentials',
    { token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'client_credentials'] },
    /^client_credentials needs a client that can prove who it is$/,
  ],
  [
    'a public client with a secret',
    { token_endpoint_auth_method: 'none', client_secret: 'x'.repeat(43) },
    /^a client of none has no secret$/,
  ],
  ['scopes of an API as scope', { scope: 'openid patient/*.rs' }, /^scope must be of openid/],
  ['an unsigned id_token', { id_token_signed_response_alg: 'none' }, /^id_token_signed_response_alg must be/],
  [
    'an id_token signed with its secret',
    { id_token_signed_response_alg: 'HS256' },
    /^id_token_signed_response_alg must be/,
  ],
  [
    'an unknown type of application',
    { application_type: 'desktop' },
    /^application_type must be web or native/,
  ],
  [
    'pushing, as a text',
    { require_pushed_authorization_requests: 'true' },
    /^require_pushed_\w+ must be true or false/,
  ],
];

describe('a client for people is refused for', () => {
  test.for(faulty)('%s', async ([, change, fault]) => {
    expect(await faultsOf(change)).toEqual([expect.stringMatching(fault)]);
  });

  test('every fault at once', async () => {
    const faults = await faultsOf({
      redirect_uris: ['http://diary.example.test/cb', 'https://*.example.test/'],
      scope: 'everything',
    });
    expect(faults).toHaveLength(3);
  });

  test('an address without end, of which only the beginning is repeated', async () => {
    const [fault = ''] = await faultsOf({
      redirect_uris: [`https://diary.example.test/${'x'.repeat(100_000)}`],
    });
    expect(fault.length).toBeLessThan(400);
  });
});
