import { TOTP } from 'otpauth';

/** The seed of every demo account's authenticator app. */
export const demoSeed = 'JBSWY3DPEHPK3PXP';

/** Seconds for which a code is shown. */
const PERIOD = 30;

/** What an authenticator app shows (RFC 6238). @param later periods from now; each code is taken once */
export function codeOf(seed = demoSeed, later = 0): string {
  return new TOTP({ secret: seed }).generate({ timestamp: Date.now() + later * PERIOD * 1000 });
}
