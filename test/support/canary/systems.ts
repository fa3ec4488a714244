import { createProofKey, proof, request } from '../../integration/dpop/proof.ts';
import { assertion, assertionForm, demoKey } from '../assertion.ts';
import { tokenRequest } from '../exchange.ts';
import { form, send } from '../fixtures.ts';
import { assertUser, drShah, userContext } from '../practitioner.ts';
import { basicOf, expectStatus, keepTokens, type Tour } from './tour.ts';

export const systemToken = { grant_type: 'client_credentials', scope: 'system/Flag.read' };

/** Systems that prove who they are with a secret. */
async function withSecret(tour: Tour): Promise<void> {
  const { target, canaries } = tour;
  keepTokens(tour, 'a secret', await tokenRequest(target, systemToken, target.backend));
  canaries.keep('credentials of a system', basicOf(target.backend).Authorization.slice('Basic '.length));
  const wrong = canaries.make('wrong secret');
  expectStatus('a wrong secret', await tokenRequest(target, systemToken, [target.backend[0], wrong]), 401);
}

/** Systems that prove who they are with a key. */
async function withKey(tour: Tour): Promise<void> {
  const { target, canaries } = tour;
  const key = demoKey(target, 'clinic-jwt');
  canaries.keep('private key', String(key.d));
  const signed = await assertion(key, 'clinic-jwt', target.issuer);
  canaries.keepJwt('client assertion', signed);
  const scope = 'system/Patient.rs';
  const ask = (jwt: string) =>
    send(target, form({ grant_type: 'client_credentials', scope, ...assertionForm(jwt) }));
  keepTokens(tour, 'an assertion', await ask(signed));
  expectStatus('an assertion again', await ask(signed), 401);
  const bent = `${signed.slice(0, -6)}AAAAAA`;
  canaries.keepJwt('bent client assertion', bent);
  expectStatus('a bent assertion', await ask(bent), 401);
}

/** Systems that tell who uses them: well, once too often, and wrongly. */
async function withUser(tour: Tour): Promise<void> {
  const { target, canaries } = tour;
  const good = await userContext(target);
  canaries.keepJwt('user context assertion', good);
  keepTokens(tour, 'a user context', await assertUser(target, good));
  expectStatus('a user context again', await assertUser(target, good), 400);
  const nhsNumber = canaries.keep('NHS number in a user context', '9434765919');
  const identifier = [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: nhsNumber }];
  const name = [{ family: canaries.make('family name'), given: [canaries.make('given name')] }];
  for (const claims of [
    { requesting_practitioner: drShah({ name }) },
    { requesting_practitioner: drShah({ identifier }) },
    { requesting_practitioner: canaries.make('practitioner that is none') },
    { sub: canaries.make('user that nobody knows') },
    { reason_for_request: canaries.make('reason that there is not') },
  ]) {
    const asserted = await userContext(target, claims);
    canaries.keepJwt('doubtful user context assertion', asserted);
    await assertUser(target, asserted);
  }
}

/** Systems whose tokens are bound to a key. */
async function withProof(tour: Tour): Promise<void> {
  const { target, canaries } = tour;
  const key = await createProofKey();
  const jwt = await proof(key, `${target.issuer}/token`);
  canaries.keepJwt('DPoP proof', jwt);
  keepTokens(tour, 'a proof', await send(target, request(systemToken, target.backend, jwt)));
  expectStatus('a proof again', await send(target, request(systemToken, target.backend, jwt)), 400);
}

/** Every flow in which no person takes part. */
export async function systems(tour: Tour): Promise<void> {
  await withSecret(tour);
  await withKey(tour);
  await withUser(tour);
  await withProof(tour);
}
