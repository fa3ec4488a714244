import { isLoopback } from './checks.ts';

/** What is looked at of the configuration. */
interface Examined {
  readonly issuer: string;
  readonly demo: boolean;
  readonly outgoingAllow: readonly string[];
}

/**
 * What is meant for trying out and must not be in production.
 *
 * @param values what was given, as it was written
 */
export function productionFaults(config: Examined, values: Readonly<Record<string, string>>): string[] {
  const faults: string[] = [];
  if (values.ISSUER === undefined || config.issuer.startsWith('http:')) {
    faults.push('ISSUER must be an https address in production');
  }
  for (const name of ['DATABASE_URL', 'ASSENT_MASTER_KEY', 'COOKIE_KEYS']) {
    if (values[name] === undefined) faults.push(`${name} is required in production`);
  }
  if (config.demo) faults.push('DEMO must not be 1 in production');
  for (const entry of config.outgoingAllow.filter(isLoopback)) {
    faults.push(`OUTGOING_ALLOW must not name the loopback address ${entry} in production`);
  }
  return faults;
}
