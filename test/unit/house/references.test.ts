import { describe, expect, test } from 'vitest';
import { citationFaults, pathFaults } from '../../../scripts/house/references.ts';

const sources = `# What the comments cite

## Names

| Name | What it is | Where to find it |
|---|---|---|
| \`spine-jwt.md\` | a digest | below |
| \`GP Connect error handling page\` | a page | GitHub, \`elsewhere.md\` |

## Sections of the digest

| Section | About | Rests on |
|---|---|---|
| 3.4 | practitioners | a page |
| 9 | order | a page |
`;

const documents = new Map([
  ['docs/sources.md', sources],
  ['docs/security.md', ''],
  ['docs/adr/0006-a-person.md', ''],
]);

const faultsIn = (text: string) => citationFaults(new Map([['src/a.ts', text]]), documents);

describe('a comment', () => {
  test.for([
    '/** As in docs/security.md, security.md and ./security.md. */',
    '/** The decision (docs/adr/0006), ADR 6. */',
    '/** The digest (spine-jwt.md section 3.4), spine-jwt.md 3.4, spine-jwt reference sections 3.4 and 9. */',
    '/**\n * Runs over the line (spine-jwt.md\n * section 9).\n */',
    "/** GP Connect error handling page, or GP Connect's error page. */",
    'https://example.test/readme.md',
  ])('that can be looked up is left alone: %s', (text) => {
    expect(faultsIn(text)).toEqual([]);
  });

  test.for([
    [
      '/** See docs/delegation.md. */',
      'docs/delegation.md is neither in the repository nor in docs/sources.md',
    ],
    ['/** See docs/adr/0007. */', 'there is no decision 0007'],
    ['/** See docs/adr/0006 and 0007. */', 'there is no decision 0007'],
    ['/** See ADR 7. */', 'there is no decision 0007'],
    ['/** spine-jwt.md section 4 */', 'docs/sources.md does not explain section 4 of spine-jwt.md'],
    [
      '/**\n * spine-jwt.md sections\n * 3.4 and 3.5 */',
      'docs/sources.md does not explain section 3.5 of spine-jwt.md',
    ],
    ['/** As DESIGN decides. */', 'docs/sources.md does not explain "DESIGN"'],
    ['/** The threat catalogue has it. */', 'docs/sources.md does not explain "threat catalogue"'],
    ['/** Spine Core JWT page, claim table. */', 'docs/sources.md does not explain "Spine Core JWT page"'],
  ])('that cannot is told: %s', ([text = '', fault = '']) => {
    expect(faultsIn(text)).toEqual([`src/a.ts: ${fault}`]);
  });

  test('is told without a page of sources, too', () => {
    expect(citationFaults(new Map([['src/a.ts', '// spine-jwt.md']]), new Map())).toEqual([
      'src/a.ts: spine-jwt.md is neither in the repository nor in docs/sources.md',
      'src/a.ts: docs/sources.md does not explain "spine-jwt.md"',
    ]);
  });
});

describe('a path in a document', () => {
  const exists = (path: string) => ['src/web/door.ts', 'src/oidc/', 'test/unit/a.test.ts'].includes(path);
  const faults = (text: string) => pathFaults(new Map([['docs/a.md', text]]), exists);

  test('may be written from the root or from src', () => {
    expect(faults('`src/web/door.ts`, web/door.ts, `src/oidc/`. test/unit/a.test.ts.')).toEqual([]);
  });

  test('is told when it is not there, once', () => {
    expect(faults('`src/web/gone.ts` src/web/gone.ts, `oidc/gone.ts`, `test/gone/`')).toEqual([
      'docs/a.md: there is no src/web/gone.ts',
      'docs/a.md: there is no oidc/gone.ts',
      'docs/a.md: there is no test/gone/',
    ]);
  });

  test('is not seen in addresses, scopes and media types', () => {
    expect(faults('https://a.test/src/x.ts, patient/Observation.rs, application/json')).toEqual([]);
  });
});
