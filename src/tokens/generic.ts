/**
 * Words that name a machine, a group, a place or nobody. Several of them are also surnames (Ward, Guest, Root): only a
 * name that has no other word is taken for a system or group user.
 */
const generic = `
  system sys service server machine device bot robot daemon batch process integration interface application
  client software smartcard terminal kiosk workstation computer user username users account login person
  practitioner default generic shared common public anonymous unknown unnamed nobody someone group team staff
  admin administrator administration superuser root guest operator manager support helpdesk nurse nurses
  nursing doctor doctors clinician clinicians clinical medic medical physician pharmacist midwife locum duty
  oncall reception receptionist secretary clerk clerical temp temporary ward clinic hospital surgery practice
  department pharmacy organisation organization office test testing tester demo dummy example sample
  placeholder null none undefined unk unspecified notknown notapplicable xxx the all
`
  .trim()
  .split(/\s+/);

/** One of the words, or several without a space between them, as in `SystemUser`. */
const onlyGeneric = new RegExp(`^(?:${generic.join('|')})+$`);

/** Abbreviations that say nothing when they are the whole name; beside another word they may be part of a real one. */
const genericAlone = /^(?:na|nil|it|gp|tbc|tbd|x+)$/;

/** The words of a text, without case, accents, width and digits. Hyphens and invisible characters part no words. */
function wordsOf(text: string): string[] {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\bn\/a\b/g, 'unknown')
    .replace(/[\p{M}\p{Cf}'’-]/gu, '')
    .split(/\P{L}+/u)
    .filter((word) => word !== '');
}

const allGeneric = (words: readonly string[]) => words.every((word) => onlyGeneric.test(word));

/**
 * Tells whether a name is that of a system or group user, which no Spine-style token may name (GP Connect provenance
 * page; Spine Core JWT page): every word of it is generic. Numbers, case and signs do not make it specific.
 *
 * @param parts the given names and the family name; titles say nothing about who it is
 */
export function isGenericName(parts: readonly string[]): boolean {
  const words = wordsOf(parts.join(' '));
  return allGeneric(words) || (words.length === 1 && genericAlone.test(words.join()));
}

/**
 * Tells whether a local id is the account of a system or a group, such as `SYSTEM_USER`, `FERNHILL\admin` or
 * `reception@fernhill.example`. A number makes an id specific: `user-4711` may well be somebody.
 */
export function isGenericAccount(id: string): boolean {
  const account = id.replace(/^.*[\\/]/s, '').replace(/@.*$/s, '');
  return !/\p{N}/u.test(account) && allGeneric(wordsOf(account));
}
