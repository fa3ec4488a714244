import type { AccountPageModel } from '../../../src/web/account/models.ts';
import { securitySamples } from './security-samples.ts';

const shared: AccountPageModel = {
  csrf: 'csrf-of-the-page',
  person: { name: 'Aroha Ngata' },
  notice: '',
};

/** The pages below `/account`. */
export const accountSamples: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  'account/overview.njk': {
    first: shared,
    said: { ...shared, notice: 'application-ended' },
    'long-name': { ...shared, person: { name: 'Wiremu Pōtae-Featherstonehaugh-Cholmondeley' } },
  },
  'account/not-signed-in.njk': { first: {} },
  ...securitySamples(shared),
};
