import { basic, rawBasic } from '../../support/fixtures.ts';
import { keteWeb } from '../../support/visitor.ts';
import type { Refusal } from '../token-endpoint/refusals.ts';
import { createExchanges, describeRefusals, kete } from './denials.ts';

/** CA-01: codes and refresh tokens from callers that do not prove who they are. */

const exchanges = createExchanges();
const { withCode, withToken } = exchanges;

const clientDenied = { status: 401, error: 'invalid_client' } as const;

/** Denials of callers that did not prove who they are: counted, and without a row. */
const strangers: readonly Refusal[] = [
  ...(['code', 'code_verifier'] as const).map(
    (name): Refusal => ({
      story: `the character U+0000 in ${name}`,
      sent: withCode({ [name]: `${'a'.repeat(50)}\0` }),
      status: 400,
      error: 'invalid_request',
    }),
  ),
  {
    story: 'the character U+0000 in refresh_token',
    sent: withToken({ refresh_token: 'a\0b' }),
    status: 400,
    error: 'invalid_request',
  },
  ...(
    [
      ['a code', withCode],
      ['a refresh token', withToken],
    ] as const
  ).flatMap(([what, withIt]): Refusal[] => [
    {
      story: `CA-01 ${what} with a wrong secret`,
      sent: withIt({}, basic('kete-web', 'wrong')),
      ...clientDenied,
    },
    {
      story: `CA-01 ${what} from an unknown client`,
      sent: withIt({}, basic('nobody', 'wrong')),
      ...clientDenied,
    },
    {
      story: `CA-01 ${what} with an empty secret`,
      sent: withIt({}, rawBasic('kete-web:')),
      status: 400,
      error: 'invalid_request',
    },
    {
      story: `CA-01 ${what} with client_id only`,
      sent: withIt({ client_id: 'kete-web' }, {}),
      ...clientDenied,
    },
    {
      story: `CA-01 ${what} without any client`,
      sent: withIt({}, {}),
      status: 400,
      error: 'invalid_request',
    },
    {
      story: `CA-01 ${what} with client_id beside another Basic user`,
      sent: withIt({ client_id: 'lab-web' }, kete),
      status: 400,
      error: 'invalid_request',
    },
    {
      story: `CA-01 ${what} with two mechanisms`,
      sent: withIt({ client_secret: keteWeb[1] }, kete),
      status: 400,
      error: 'invalid_request',
    },
    {
      story: `CA-01 ${what} from a client without a secret that sends one`,
      sent: withIt({}, basic('kete-spa', 'whatever')),
      ...clientDenied,
    },
  ]),
];

describeRefusals(exchanges, strangers);
