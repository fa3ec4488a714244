import { expect, test } from 'vitest';
import { apiSchema, asApi } from '../../../src/catalogue/index.ts';
import { readRegistrations } from '../../../src/clients/index.ts';
import { organizations } from '../../../src/demo/world.ts';
import { wardBoard } from './registrations.ts';

const kowhai = asApi(
  apiSchema.parse({
    id: 'kowhai-fhir',
    audience: 'https://fhir.kowhai.example.test/R4',
    profile: 'smart',
    scopes: 'system/*.rs system/Patient.rs system/Immunization.crus',
  }),
);

const context = {
  apis: [kowhai],
  organizations,
  addressFault: () => undefined,
  hasSecret: () => false,
  issuer: 'https://assent.example.test',
  ids: { uuid: () => 'made' },
};

const register = (scopes: string) =>
  readRegistrations(JSON.stringify({ ...wardBoard, apis: { 'kowhai-fhir': scopes } }), context);

test('a client is given SMART scopes that the API offers, spelt as registered', async () => {
  const [checked] = await register('system/*.rs system/Patient.read system/Immunization.crs');
  expect(checked?.record.apis).toEqual({
    'kowhai-fhir': ['system/*.rs', 'system/Patient.read', 'system/Immunization.crs'],
  });
});

test.each(['system/Basic.r', 'system/Patient.u', 'system/*.c', 'user/Patient.r', 'system/Patient.sr'])(
  'a client is not given %s, which the API does not offer',
  async (scope) => {
    await expect(register(`system/Patient.r ${scope}`)).rejects.toMatchObject({
      message: expect.stringContaining(`apis.kowhai-fhir: the API has no scope ${scope}`),
    });
  },
);
