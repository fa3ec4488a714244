import { TOTP } from 'otpauth';
import type { TestServer } from './server.ts';

/** The seed of every demo account's authenticator app. */
export const demoSeed = 'JBSWY3DPEHPK3PXP';

/** Seconds for which a code is shown. */
const PERIOD = 30;

/** What an authenticator app shows (RFC 6238). @param later periods from now; each code is taken once */
export function codeOf(seed = demoSeed, later = 0): string {
  return new TOTP({ secret: seed }).generate({ timestamp: Date.now() + later * PERIOD * 1000 });
}

/** Servers of this process, by their issuers. */
const servers = new Map<string, Pick<TestServer, 'sql'>>();

/** Lets codes of a server's apps be typed again: see `forgetCodes`. */
export const rememberServer = (issuer: string, server: Pick<TestServer, 'sql'>): void =>
  void servers.set(issuer, server);

/** Forgets a server that has ended: another, which is not ours to ask, may be given its port. */
export function forgetServer(issuer: string, server: Pick<TestServer, 'sql'>): void {
  if (servers.get(issuer) === server) servers.delete(issuer);
}

/**
 * Makes all codes of all apps good again. Each is good once, in half a minute, and tests sign the same people in many times
 * within that: those that are not about codes begin with this.
 */
export async function forgetCodes(issuer: string): Promise<void> {
  await servers.get(issuer)?.sql('UPDATE authenticators SET last_step = 0');
}
