import helmet from 'helmet';
import type Koa from 'koa';

/** What the headers depend on. */
export interface SecurityHeadersOptions {
  /** The issuer; strict transport security is only promised where it is https. */
  issuer: string;
  /**
   * Sources for `form-action`. Browsers apply it to the redirects after a form is sent, too: where a form's answer leads
   * back to an application, that application's origin must be added with `allowFormsTo`.
   */
  formAction: readonly string[];
}

const year = 365 * 24 * 60 * 60;

const permissions = [
  ...['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'usb'].map((name) => `${name}=()`),
  ...['clipboard-write', 'publickey-credentials-create', 'publickey-credentials-get'].map(
    (name) => `${name}=(self)`,
  ),
].join(', ');

/**
 * Sets the security headers of every answer before anything else runs. A route that needs another `form-action` mounts
 * a second instance: the later one overwrites the earlier.
 */
export function createSecurityHeaders({ issuer, formAction }: SecurityHeadersOptions): Koa.Middleware {
  const secure = new URL(issuer).protocol === 'https:';
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        fontSrc: ["'none'"],
        scriptSrc: ["'none'"],
        formAction: [...formAction],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    // Not `no-referrer`: with that, browsers send `Origin: null` with our own forms.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: secure ? { maxAge: year, includeSubDomains: false } : false,
  });

  return async (ctx, next) => {
    await new Promise<void>((resolve, reject) => {
      setHeaders(ctx.req, ctx.res, (error?: unknown) => (error ? reject(error) : resolve()));
    });
    ctx.set('Permissions-Policy', permissions);
    await next();
  };
}

/**
 * Lets the forms of a page lead elsewhere, by way of redirects, and takes out every script source that was added
 * since: the library adds one for pages that ours take the place of.
 */
export function allowFormsTo(ctx: Koa.Context, targets: readonly string[]): void {
  const policy = ctx.response.get('Content-Security-Policy');
  ctx.set(
    'Content-Security-Policy',
    policy
      .replace(/script-src [^;]*/, "script-src 'none'")
      .replace(/form-action [^;]*/, () => ["form-action 'self'", ...targets].join(' ')),
  );
}

/** Lets a page load scripts of our own, and no others: for pages that passkeys are used on. Comes after `allowFormsTo`. */
export function allowScripts(ctx: Koa.Context): void {
  const policy = ctx.response.get('Content-Security-Policy');
  ctx.set('Content-Security-Policy', policy.replace(/script-src [^;]*/, "script-src 'self'"));
}

/**
 * The headers of answers that only programs read: a few, because they are on the path of every token. A browser that is
 * led there sees JSON, which it neither frames nor runs.
 */
export function createApiHeaders({ issuer }: { issuer: string }): Koa.Middleware {
  const secure = new URL(issuer).protocol === 'https:';
  return (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('X-Frame-Options', 'DENY');
    ctx.set('Cache-Control', 'no-store');
    if (secure) ctx.set('Strict-Transport-Security', `max-age=${year}`);
    return next();
  };
}
