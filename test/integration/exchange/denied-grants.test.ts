import { expectInvalidGrant, labWeb } from '../../support/exchange.ts';
import { basic } from '../../support/fixtures.ts';
import type { Refusal } from '../token-endpoint/refusals.ts';
import { createExchanges, describeRefusals } from './denials.ts';

/** Codes and refresh tokens that are refused for what they are, or for whose they are. */

const exchanges = createExchanges();
const { withCode, withToken } = exchanges;

const lab = basic(labWeb[0], labWeb[1] ?? '');
const grantDenied = { status: 400, error: 'invalid_grant', deniedTo: 'kete-web' } as const;
const other = 'a'.repeat(43);

/** Refused codes and refresh tokens: their answers are equal to the byte. */
const grants: readonly Refusal[] = [
  { story: 'TK-02 the code of another client', sent: withCode({}, lab), ...grantDenied, deniedTo: 'lab-web' },
  {
    story: 'TK-02 the code of a confidential client, from one in a browser',
    sent: withCode({ client_id: 'kete-spa' }, {}),
    // A name is no proof: whoever says it is counted, as everybody who proved nothing.
    status: 400,
    error: 'invalid_grant',
  },
  { story: 'TK-02 a code that never was', sent: withCode({ code: other }), ...grantDenied },
  { story: 'PK-02 a wrong verifier', sent: withCode({ code_verifier: other }), ...grantDenied },
  { story: 'PK-02 no verifier', sent: withCode({ code_verifier: undefined }), ...grantDenied },
  { story: 'PK-02 an empty verifier', sent: withCode({ code_verifier: '' }), ...grantDenied },
  {
    story: 'PK-02 the verifier of another session',
    sent: () => withCode({ code_verifier: exchanges.waiting().forSpa.verifier })(),
    ...grantDenied,
  },
  {
    story: 'RU-01 another registered redirect_uri than that of the code',
    sent: () => withCode({ redirect_uri: `${exchanges.waiting().server.issuer}/demo/callback` })(),
    ...grantDenied,
  },
  {
    story: 'RU-01 a redirect_uri with a slash more',
    sent: withCode({ redirect_uri: 'http://127.0.0.1:8090/cb/' }),
    ...grantDenied,
  },
  {
    story: 'RT-02 the refresh token of another client',
    sent: withToken({}, lab),
    ...grantDenied,
    deniedTo: 'lab-web',
  },
  {
    story: 'RT-02 the refresh token of a confidential client, from one in a browser',
    sent: withToken({ client_id: 'kete-spa' }, {}),
    status: 400,
    error: 'invalid_grant',
  },
  { story: 'a refresh token that never was', sent: withToken({ refresh_token: other }), ...grantDenied },
  {
    story: 'JW-02 an access token in the place of a refresh token',
    sent: () => withToken({ refresh_token: exchanges.waiting().tokens.access_token })(),
    ...grantDenied,
  },
  {
    story: 'JW-02 a code in the place of a refresh token',
    sent: () => withToken({ refresh_token: exchanges.waiting().authorised.code })(),
    ...grantDenied,
  },
  {
    story: 'JW-02 a refresh token in the place of a code',
    sent: () => withCode({ code: exchanges.waiting().tokens.refresh_token })(),
    ...grantDenied,
  },
  { story: 'a code of 20 000 characters', sent: withCode({ code: 'a'.repeat(20_000) }), ...grantDenied },
  {
    story: 'a refresh token of 20 000 characters',
    sent: withToken({ refresh_token: 'a'.repeat(20_000) }),
    ...grantDenied,
  },
  { story: 'a code of other letters', sent: withCode({ code: '\u{1f600}é' }), ...grantDenied },
];

describeRefusals(exchanges, grants, expectInvalidGrant);
