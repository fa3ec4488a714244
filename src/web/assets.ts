import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type Koa from 'koa';

/** The files that pages load, and where to find them. */
export interface Assets {
  /** Answers everything under `/assets/`; other paths go on to the next middleware. */
  middleware: Koa.Middleware;
  /** The content-hashed address of a file, such as `/assets/assent.1f2e3d4c5b6a.css`. Throws on a name it lacks. */
  url(name: string): string;
}

interface Asset {
  type: string;
  body: Buffer;
  gzip: Buffer;
}

const prefix = '/assets/';
const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const require = createRequire(import.meta.url);

/**
 * Reads every style sheet, script and image once and serves them from memory. A request path is only ever looked up in that
 * table, never on the disk, so there is no path to traverse. The address changes with the content, hence
 * `immutable`: a phone fetches each file once.
 */
export function createAssets(): Assets {
  const files = new Map<string, Asset>();
  const urls = new Map<string, string>();

  function add(name: string, body: Buffer): string {
    const dot = name.lastIndexOf('.');
    const extension = name.slice(dot + 1);
    const type = types[extension];
    if (!type) throw new Error(`No media type for asset ${name}`);
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
    const url = `${prefix}${name.slice(0, dot)}.${hash}.${extension}`;
    files.set(url, { type, body, gzip: gzipSync(body, { level: 9 }) });
    urls.set(name, url);
    return url;
  }

  for (const name of ['assent.css', 'favicon.svg', 'passkey.js', 'more-time.js']) {
    add(name, readFileSync(new URL(`../../views/assets/${name}`, import.meta.url)));
  }
  add('simplewebauthn.js', readFileSync(passkeyLibrary()));
  add('nhsuk.css', Buffer.from(designSystem((name, body) => urls.get(name) ?? add(name, body))));

  return {
    middleware(ctx, next) {
      if (!ctx.path.startsWith(prefix) || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
      const file = files.get(ctx.path);
      if (!file) {
        ctx.status = 404;
        return;
      }
      ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
      ctx.set('X-Content-Type-Options', 'nosniff');
      ctx.vary('Accept-Encoding');
      const gzip = ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
      if (gzip) ctx.set('Content-Encoding', 'gzip');
      ctx.body = gzip ? file.gzip : file.body;
      ctx.type = file.type;
    },
    url(name) {
      const url = urls.get(name);
      if (!url) throw new Error(`Unknown asset ${name}`);
      return url;
    },
  };
}

/**
 * The published style sheet without what is reserved to the NHS or leaves for another host: the font faces, the font's
 * name and the source map. The icons it names become assets of ours.
 */
function designSystem(addIcon: (name: string, body: Buffer) => string): string {
  const css = readFileSync(require.resolve('nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.css'), 'utf8');
  return css
    .replaceAll(/@font-face\s*\{[^}]*\}/g, '')
    .replaceAll(/(["']?)Frutiger W01\1\s*,\s*/g, '')
    .replaceAll(/\/\*# sourceMappingURL=.*?\*\//g, '')
    .replaceAll(/url\(\/assets\/images\/([\w-]+\.svg)\)/g, (_, name: string) => {
      const body = readFileSync(require.resolve(`nhsuk-frontend/dist/nhsuk/assets/images/${name}`));
      return `url(${addIcon(name, body)})`;
    });
}

/** The published script of the library for passkeys, in the form for browsers; its package names only its other forms. */
function passkeyLibrary(): string {
  const main = require.resolve('@simplewebauthn/browser');
  return join(dirname(dirname(main)), 'dist/bundle/index.umd.min.js');
}
