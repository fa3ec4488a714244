import type { Configuration } from 'oidc-provider';
import { hasSmartLaunch } from '../../catalogue/index.ts';
import { fhirUserAt } from '../person/account.ts';
import type { RequestStates } from '../request-state.ts';
import { signedInBy } from './signed-in.ts';

/**
 * `extraTokenClaims`: whose record an opaque token opens, kept with it for introspection to tell its resource server (SMART
 * App Launch 2.2, token introspection), and how and when its owner signed in (RFC 9470 section 6.2).
 */
export function createOpaqueClaims(states: RequestStates): NonNullable<Configuration['extraTokenClaims']> {
  return async (ctx, token) => {
    const state = states.of(ctx);
    if (token.kind !== 'AccessToken') return undefined;
    const signedIn = signedInBy(ctx);
    const assurance = signedIn && { acr: signedIn.acr, auth_time: signedIn.at };
    if (!hasSmartLaunch(state.api)) return assurance;
    // Never a name that introspection itself uses: in an opaque token it would take the place of the true value.
    return {
      ...assurance,
      ...(state.patient === undefined ? {} : { patient: state.patient, need_patient_banner: false }),
      ...(token.scopes.has('fhirUser') ? { fhirUser: fhirUserAt(state) } : {}),
    };
  };
}
