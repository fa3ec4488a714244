import { readFileSync } from 'node:fs';
import { isBreached } from './breached-passwords.ts';
import { normalPassword, type PasswordFault, passwordRuleFault } from './password-rules.ts';

/** Judges passwords when they are chosen. */
export interface PasswordChoice {
  /**
   * Why a password cannot be chosen; undefined when it can.
   *
   * @param known names and sign-in names of its owner
   */
  fault(password: string, known: readonly string[]): Promise<PasswordFault | undefined>;
}

const COMMON = new URL('./common-passwords.txt', import.meta.url);

/**
 * The rules for passwords, with the list of common ones and, if there is one, that of breached ones.
 *
 * @param issuer its host says where one is: no password either
 * @param breachedFile path of a list as `isBreached` reads it
 */
export function createPasswordChoice(options: {
  issuer: string;
  breachedFile: string | undefined;
}): PasswordChoice {
  const { issuer, breachedFile } = options;
  const here = ['assent', new URL(issuer).hostname];
  let common: ReadonlySet<string> | undefined;

  /** Read when the first password is chosen: most processes never meet one. */
  function isCommon(password: string): boolean {
    common ??= new Set(
      readFileSync(COMMON, 'utf8')
        .split('\n')
        .filter((line) => !line.startsWith('#')),
    );
    return common.has(password.toLowerCase());
  }

  return {
    async fault(password, known) {
      const normal = normalPassword(password);
      const fault = passwordRuleFault(password, [...known, ...here]);
      if (fault !== undefined) return fault;
      if (isCommon(normal)) return 'common';
      return breachedFile !== undefined && (await isBreached(breachedFile, normal)) ? 'common' : undefined;
    },
  };
}
