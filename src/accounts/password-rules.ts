/** Fewest characters of a password that somebody chooses (NIST SP 800-63B section 3.1.1.2; OWASP ASVS 6.2.1). */
export const SHORTEST_PASSWORD = 8;

/** Longest password that is taken, in characters; nobody types more, and a longer one is only work for us. */
export const LONGEST_PASSWORD = 1000;

/** Letters that a password must have besides words that say who or where. */
const LEAST_OWN = 4;

/** Words that are shorter stand in many others. */
const SHORTEST_WORD = 3;

/** Why a password cannot be chosen. `personal`: it is little more than a name that others know, or ours. */
export type PasswordFault = 'short' | 'long' | 'personal' | 'common';

/** Equal texts have equal bytes, however a keyboard composes its characters (NIST SP 800-63B section 3.1.1.2). */
export const normalPassword = (password: string): string => password.normalize('NFKC');

const letters = (text: string) => normalPassword(text).toLowerCase();

/** Whether little is left of a password without the words that somebody who knows its owner would try first. */
function isPersonal(password: string, known: readonly string[]): boolean {
  const words = known
    .flatMap((text) => [letters(text), ...letters(text).split(/[^\p{L}\p{N}]+/u)])
    .filter((word) => word.length >= SHORTEST_WORD)
    .sort((one, other) => other.length - one.length);
  const rest = words.reduce((left, word) => left.replaceAll(word, ' '), letters(password));
  return rest !== letters(password) && rest.replaceAll(/[^\p{L}\p{N}]/gu, '').length < LEAST_OWN;
}

/**
 * What speaks against a password, of all that needs no list. There are no rules about its composition (OWASP ASVS 6.2.5).
 *
 * @param known names and sign-in names of its owner, the name and host of this service
 */
export function passwordRuleFault(password: string, known: readonly string[]): PasswordFault | undefined {
  if (password.length > LONGEST_PASSWORD) return 'long';
  if ([...normalPassword(password)].length < SHORTEST_PASSWORD) return 'short';
  return isPersonal(password, known) ? 'personal' : undefined;
}
