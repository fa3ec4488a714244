const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ';

/** The value of a character in New Zealand's check sums: a digit its own, A = 1 to Z = 24 without I and O. */
function characterValue(character: string): number {
  return /[0-9]/.test(character) ? Number(character) : letters.indexOf(character) + 1;
}

/** Adds the values of the characters, each times its weight; the weights fall by one from the first. */
function weightedSum(text: string, firstWeight: number): number {
  return [...text].reduce(
    (sum, character, place) => sum + characterValue(character) * (firstWeight - place),
    0,
  );
}

/** Tells whether a text is an NHS number: ten digits, the tenth a check digit modulus 11 (weights 10 to 2). */
export function isNhsNumber(text: string): boolean {
  if (!/^[0-9]{10}$/.test(text)) return false;
  // A check value of ten is no digit, so that no such number exists.
  return (11 - (weightedSum(text.slice(0, 9), 10) % 11)) % 11 === Number(text[9]);
}

/**
 * Tells whether a text is a National Health Index number of New Zealand, upper case (HISO 10046:2023): the old form
 * `AAANNNC` with a check digit modulus 11, or the new form `AAANNAX` with a check letter modulus 23. The range of
 * numbers that begin with Z is for testing, and valid.
 */
export function isNhi(text: string): boolean {
  const sum = weightedSum(text.slice(0, 6), 7);
  if (/^[A-HJ-NP-Z]{3}[0-9]{4}$/.test(text)) {
    const remainder = sum % 11;
    return remainder !== 0 && (11 - remainder) % 10 === Number(text[6]);
  }
  return /^[A-HJ-NP-Z]{3}[0-9]{2}[A-HJ-NP-Z]{2}$/.test(text) && letters[22 - (sum % 23)] === text[6];
}

/** The rest of an HPI identifier: `XXNNN-C`, C the letter that the remainder modulus 11 names. */
function hasHpiCheckLetter(text: string): boolean {
  if (!/^[FG][0-9A-HJ-NP-Z]{2}[0-9]{3}-[A-HJK]$/.test(text)) return false;
  const remainder = weightedSum(text.slice(0, 6), 7) % 11;
  return remainder !== 0 && letters[remainder - 1] === text[7];
}

/** Tells whether a text is an identifier of an organisation in New Zealand's Health Provider Index: `GXXNNN-C`. */
export function isHpiOrganisation(text: string): boolean {
  return text.startsWith('G') && hasHpiCheckLetter(text);
}

/** Tells whether a text is an identifier of a facility in New Zealand's Health Provider Index: `FXXNNN-C`. */
export function isHpiFacility(text: string): boolean {
  return text.startsWith('F') && hasHpiCheckLetter(text);
}

/**
 * Says why a text looks unlike a Common Person Number (`NNXXXX`) of New Zealand's Health Provider Index. Its check digit,
 * the second, is inferred from published samples and not from a standard: this is for warnings, never to refuse.
 *
 * @returns an English sentence; undefined if nothing is unusual
 */
export function commonPersonNumberWarning(text: string): string | undefined {
  if (!/^[0-9]{2}[A-Z0-9]{4}$/.test(text)) {
    return 'a Common Person Number has two digits and four upper-case letters or digits';
  }
  if (!/^[0-9]{2}[A-HJ-NP-Z]{4}$/.test(text)) {
    return 'a Common Person Number usually ends with four letters other than I and O';
  }
  const remainder = (6 * Number(text[0]) + weightedSum(text.slice(2), 5)) % 11;
  if (remainder === 0 || (11 - remainder) % 10 !== Number(text[1])) {
    return 'the second digit of the Common Person Number does not fit the others';
  }
  return undefined;
}
