import { basic, register } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';

const flagsSecret = 'a-secret-of-the-flags-server-itself';

/** Registers the resource server of reasonable adjustments, whose tokens are JWTs. */
export const registerFlagsServer = (services: TestServer['services']): Promise<void> =>
  register(
    { services },
    {
      client_id: 'flags-server',
      client_secret: flagsSecret,
      grant_types: [],
      organization: 'platform',
      apis: { 'reasonable-adjustments': 'introspect' },
    },
  );

/** Credentials of the resource server that a token is for: JWTs are for reasonable adjustments, others for the demo FHIR server. */
export const callerFor = (token: string) =>
  token.includes('.')
    ? basic('flags-server', flagsSecret)
    : basic('demo-fhir-server', 'demo-secret-demo-fhir-server');
