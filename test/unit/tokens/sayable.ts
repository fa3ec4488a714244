/** What an error_description may hold: printable ASCII without quotation marks and backslashes (RFC 6749 section 5.2). */
export const sayable = /^[\x20\x21\x23-\x5B\x5D-\x7E]{10,300}$/;
