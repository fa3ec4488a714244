import { checkRegistration } from '../../../src/clients/registration.ts';
import { apis, organizations } from '../../../src/demo/world.ts';

export type Members = Readonly<Record<string, unknown>>;

const issuer = 'https://auth.example.test';

const context = {
  apis: apis(issuer),
  organizations,
  addressFault: () => undefined,
  hasSecret: () => false,
  issuer,
  ids: { uuid: () => 'made' },
};

/** An application for people that nobody can find fault with. */
const diary: Members = {
  client_id: 'diary',
  client_name: 'Diary',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['https://diary.example.test/cb'],
  post_logout_redirect_uris: ['https://diary.example.test/'],
  apis: { 'demo-fhir': 'openid launch/patient offline_access patient/*.rs' },
};

/** Checks the registration of the application with a change. */
export const checkDiary = (change: Members) => checkRegistration({ ...diary, ...change }, undefined, context);

/** The faults of a changed registration. @throws when it has none */
export async function faultsOf(change: Members): Promise<readonly string[]> {
  const result = await checkDiary(change);
  if (!('faults' in result)) throw new Error('expected a refusal');
  return result.faults;
}
