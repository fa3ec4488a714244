import type { ListedConsent } from '../../../src/consents/index.ts';

const line = (scope: string, words: string, allowed: boolean, required = false) => ({
  scope,
  words,
  required,
  allowed,
});

/** Aroha let Kete Health see her vaccinations and add measurements, and said no to seeing test results. */
export const aroha: ListedConsent = {
  id: '7f9c24e8-3b1f-4f6e-9e55-0a4f5d4c1b2a',
  version: 3,
  accountId: 'aroha',
  clientId: 'kete-web',
  apiId: 'demo-fhir',
  patient: 'p-aroha',
  role: undefined,
  reason: undefined,
  lines: [
    line('openid', 'Know that it is you each time you come back', true, true),
    line('patient/Immunization.rs', 'See vaccinations in this health record', true),
    { ...line('patient/Immunization.r', 'See vaccinations in this health record', true), covered: true },
    line('patient/Observation.c', 'Add test results & measurements to this health record', true),
    line('patient/Observation.rs', 'See test results and measurements in this health record', false),
  ],
  shown: {
    language: 'en',
    client: 'Kete Health',
    organization: 'Kete Health Ltd',
    site: 'localhost:3000',
    account: 'Aroha Ngata',
    record: 'Aroha Ngata',
    role: null,
    reason: null,
    offline: true,
    until: '2026-02-01T09:00:00.000Z',
    lines: [],
    held: [],
  },
  textDigest: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
  decidedAt: new Date('2025-11-03T09:00:00Z'),
  expiresAt: new Date('2026-02-01T09:00:00Z'),
  live: true,
  language: 'en',
  since: new Date('2025-10-01T09:00:00Z'),
  lastUsedAt: undefined,
  endedAt: undefined,
  endReason: undefined,
};
