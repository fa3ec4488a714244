import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** What may reach a machine that installs Assent: only what the lock file names, byte by byte. */

const root = join(import.meta.dirname, '..', '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

interface Manifest {
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Locked extends Manifest {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
};

/** The one package of our own, which takes the place of a large one that is not used. */
const ours = 'test/support/empty-webcrypto';

/** What comes from a registry, by its place in `node_modules`. */
const foreign = Object.entries(lock.packages).filter(
  ([place, { link }]) => place !== '' && !place.endsWith(ours) && link !== true,
);

const nameOf = (place: string) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

describe('SC-01 the lock file', () => {
  test('names the same packages as package.json: npm ci refuses anything else', () => {
    expect(lock.lockfileVersion).toBe(3);
    for (const kind of kinds) expect(lock.packages['']?.[kind]).toEqual(manifest[kind]);
  });

  test('has a SHA-512 of each package', () => {
    expect(foreign.length).toBeGreaterThan(100);
    const without = foreign.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''));
    expect(without.map(([place]) => place)).toEqual([]);
  });

  test('names no place to load from but the registry that npm is set to', () => {
    const places = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
    expect(places.map(([place, { resolved }]) => [place, resolved])).toEqual([
      ['node_modules/isomorphic-webcrypto', ours],
    ]);
  });

  test('is what is installed, to the version', () => {
    const different = foreign.flatMap(([place, { version }]) => {
      const file = join(root, place, 'package.json');
      // What belongs to another platform is left out.
      if (!existsSync(file)) return [];
      const installed = (JSON.parse(readFileSync(file, 'utf8')) as Manifest).version;
      return installed === version ? [] : [`${place}: ${installed} in place of ${version}`];
    });
    expect(different).toEqual([]);
  });
});

describe('SC-01 a dependency', () => {
  test('is a version of a package, at most with its last number open', () => {
    const asked = kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {}));
    const loose = asked.filter(
      ([, wanted]) => !/^~?\d+\.\d+\.\d+$/.test(wanted) && wanted !== `file:${ours}`,
    );
    expect(loose).toEqual([]);
  });

  test('is a version of a package, wherever it is asked for from', () => {
    const elsewhere = foreign.flatMap(([place, locked]) =>
      kinds
        .flatMap((kind) => Object.entries(locked[kind] ?? {}))
        .filter(([, wanted]) =>
          /^(git|github|gitlab|bitbucket|https?|file|link|ssh)[:+]|^[\w-]+\/[\w.-]+/.test(wanted),
        )
        .map(([name, wanted]) => `${place} asks for ${name} at ${wanted}`),
    );
    expect(elsewhere).toEqual([]);
  });
});

describe('SC-01 an installation', () => {
  test('runs no script of a package, and none of ours', () => {
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
    const hooks = Object.keys(manifest.scripts ?? {}).filter((name) =>
      /install|prepare|prepublish/.test(name),
    );
    expect(hooks).toEqual([]);
  });

  test.for(['.ci/run', 'Dockerfile', 'README.md'])(
    '%s takes npm ci, and nothing that would change the lock',
    (file) => {
      const text = read(file);
      expect(text).toMatch(/\bnpm ci\b/);
      expect(text).not.toMatch(/\bnpm (install|i|update|add|audit fix)\b|\bnpx --yes\b|\byarn\b|\bpnpm\b/);
    },
  );
});

const numbers = (version: string) => version.split(/[.-]/).slice(0, 3).map(Number);

/** Whether a version is at least another one. */
function isAtLeast(version: string, least: string): boolean {
  const [one, other] = [numbers(version), numbers(least)];
  const at = one.findIndex((part, index) => part !== other[index]);
  return at === -1 || (one[at] ?? 0) > (other[at] ?? 0);
}

const versionsOf = (name: string) =>
  foreign.flatMap(([place, { version = '' }]) => (nameOf(place) === name ? [version] : []));

describe('SC-02 every copy that is locked', () => {
  test.for([
    ['koa', '3.1.2', 'CVE-2026-27959'],
    ['jose', '4.15.5', 'CVE-2024-28176'],
    ['knex', '2.4.0', 'CVE-2016-20018'],
    ['oidc-provider', '9.13.3', 'the version whose behaviour is known'],
  ] as const)('of %s is at least %s (%s)', ([name, least]) => {
    const versions = versionsOf(name);
    expect(versions.length).toBeGreaterThan(0);
    expect(versions.filter((version) => !isAtLeast(version, least))).toEqual([]);
  });

  test('is none of the releases of 8 September 2025 that were somebody else’s', () => {
    const bad = [
      ...['ansi-regex@6.2.1', 'ansi-styles@6.2.2', 'backslash@0.2.1', 'chalk@5.6.1', 'chalk-template@1.1.1'],
      ...['color@5.0.1', 'color-convert@3.1.1', 'color-name@2.0.1', 'color-string@2.1.1', 'debug@4.4.2'],
      ...[
        'error-ex@1.3.3',
        'has-ansi@6.0.1',
        'is-arrayish@0.3.3',
        'simple-swizzle@0.2.3',
        'slice-ansi@7.1.1',
      ],
      ...['strip-ansi@7.1.1', 'supports-color@10.2.1', 'supports-hyperlinks@4.1.1', 'wrap-ansi@9.0.1'],
    ];
    const locked = foreign.map(([place, { version }]) => `${nameOf(place)}@${version}`);
    expect(locked.filter((one) => bad.includes(one))).toEqual([]);
    // The library brings it, so it is worth a look that it is among those that were looked at.
    expect(versionsOf('debug').length).toBeGreaterThan(0);
  });
});
