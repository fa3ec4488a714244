// RFC 6749 section 3.3: printable ASCII without space, double quote and backslash.
const scopeToken = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/**
 * Splits the value of a `scope` parameter into its tokens, each kept once, in the order of first appearance.
 *
 * @param value tokens parted by exactly one space, as sent
 * @returns the tokens, or undefined if the value is empty or not in the syntax of RFC 6749 section 3.3
 */
export function splitScope(value: string): string[] | undefined {
  const tokens = value.split(' ');
  return tokens.every((token) => scopeToken.test(token)) ? [...new Set(tokens)] : undefined;
}
