import assent from './presets/assent.json' with { type: 'json' };
import cis2 from './presets/cis2.json' with { type: 'json' };
import myHealthAccount from './presets/my-health-account.json' with { type: 'json' };
import nhsLogin from './presets/nhs-login.json' with { type: 'json' };

/** What is the same for everybody who uses a provider, by name; what differs (issuer, client_id) is not in them. */
export const presets: Readonly<Record<string, { readonly claims: object }>> = {
  assent,
  cis2,
  'my-health-account': myHealthAccount,
  'nhs-login': nhsLogin,
};
