import type { Refusal } from '../token-endpoint/refusals.ts';
import { createExchanges, describeRefusals } from './denials.ts';

/** Exchanges that are refused for how they are asked for. */

const exchanges = createExchanges();
const { withCode, withToken } = exchanges;

const toKete = { deniedTo: 'kete-web' } as const;
const requestDenied = { status: 400, error: 'invalid_request', ...toKete } as const;

const requests: readonly Refusal[] = [
  {
    story: 'PK-02 a verifier that is too short',
    sent: withCode({ code_verifier: 'a'.repeat(42) }),
    ...requestDenied,
    error: 'invalid_grant',
  },
  {
    story: 'PK-02 a verifier that is too long',
    sent: withCode({ code_verifier: 'a'.repeat(129) }),
    ...requestDenied,
    error: 'invalid_grant',
  },
  { story: 'no code', sent: withCode({ code: undefined }), ...requestDenied },
  { story: 'no redirect_uri', sent: withCode({ redirect_uri: undefined }), ...requestDenied },
  { story: 'no refresh token', sent: withToken({ refresh_token: '' }), ...requestDenied },
  {
    story: 'AZ-03 a code twice',
    sent: () => {
      const { headers = {}, body = '' } = withCode()();
      return { headers, body: `${body}&code=${exchanges.waiting().authorised.code}` };
    },
    // Refused before anybody looks who sent it.
    status: 400,
    error: 'invalid_request',
  },
  {
    story: 'AZ-07 a wrong resource for a code',
    sent: withCode({ resource: 'https://elsewhere.example.test/' }),
    status: 400,
    error: 'invalid_target',
    ...toKete,
  },
  {
    story: 'AZ-07 a known resource that the code is not for',
    sent: () => withCode({ resource: `${exchanges.waiting().server.issuer}/api/admin/v1` })(),
    status: 400,
    error: 'invalid_target',
    ...toKete,
  },
  {
    story: 'AZ-07 a wrong resource for a refresh token',
    sent: withToken({ resource: 'https://elsewhere.example.test/' }),
    status: 400,
    error: 'invalid_target',
    ...toKete,
  },
  {
    story: 'RT-02 a wider scope',
    sent: withToken({ scope: 'openid patient/MedicationRequest.rs' }),
    status: 400,
    error: 'invalid_scope',
    ...toKete,
  },
];

describeRefusals(exchanges, requests);
