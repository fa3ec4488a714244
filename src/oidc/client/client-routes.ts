/**
 * Routes at which clients prove who they are. These are the names that the library has for them (`ctx.oidc.route`), not
 * addresses: those are in `addresses/`.
 */
export const clientRoutes: ReadonlySet<string> = new Set([
  'token',
  'pushed_authorization_request',
  'introspection',
  'revocation',
]);

/** Those beside the token endpoint, which gives its answers their form itself. */
export const otherClientRoutes: ReadonlySet<string> = new Set(
  [...clientRoutes].filter((route) => route !== 'token'),
);
