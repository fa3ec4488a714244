import type { LandingModel } from '../../../src/web/landing.ts';

/** A page as the demo shows it, with the longest names that the demo world has. */
export const demoModel: LandingModel = {
  issuer: 'http://localhost:3000',
  version: '0.1.0',
  demo: true,
  demoApp: {
    uri: '/demo',
    account: 'aroha@example.test',
    password: 'kereru sings at dawn',
    authenticatorKey: 'JBSWY3DPEHPK3PXP',
  },
  apis: [
    {
      id: 'reasonable-adjustments',
      audience: 'https://spine.example.test/raflags/STU3',
      profile: 'spine-core',
      scopes: [
        { text: 'user/Flag.read', words: 'See the support needs that you may see' },
        { text: 'system/Flag.read', words: 'See people’s support needs when nobody is signed in' },
      ],
    },
    {
      id: 'gp-connect',
      audience: 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured',
      profile: 'gp-connect',
      scopes: [{ text: 'patient/*.read', words: 'See one patient’s record at the surgery' }],
    },
  ],
  clients: [
    {
      clientId: 'clinic-backend',
      organization: 'Fernhill Hospital',
      authentication: 'client_secret_basic',
      api: 'reasonable-adjustments',
      scopes: 'system/Flag.read',
    },
    {
      clientId: 'ward-app',
      organization: 'Fernhill Hospital',
      authentication: 'client_secret_basic',
      api: 'reasonable-adjustments',
      scopes:
        'user/Flag.read user/Flag.write user/Consent.read user/Consent.write user/Condition.read user/Condition.write user/List.read user/List.write',
    },
    {
      clientId: 'gp-clinic',
      organization: 'Fernhill Hospital',
      authentication: 'private_key_jwt',
      api: 'gp-connect',
      scopes: 'patient/*.read organization/*.read conf/N',
    },
  ],
  commands: [
    {
      title: 'landing.command.token',
      command:
        'curl -u clinic-backend:demo-secret-clinic-backend -d grant_type=client_credentials -d scope=system/Flag.read -d resource=https://spine.example.test/raflags/STU3 http://localhost:3000/token',
    },
    {
      title: 'landing.command.discovery',
      command: 'curl http://localhost:3000/.well-known/openid-configuration',
    },
  ],
};

/** The same server in production. */
export const productionModel: LandingModel = {
  issuer: 'https://assent.example.test',
  version: '0.1.0',
  demo: false,
  demoApp: null,
  apis: [],
  clients: [],
  commands: [],
};
