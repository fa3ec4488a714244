import { readFileSync, writeFileSync } from 'node:fs';
import { families, settings } from '../src/config/index.ts';

/**
 * Writes `docs/configuration.md` from the settings of `src/config/settings.ts`; with `--check` only compares.
 * Exit code 1 when the document is not what the schema says.
 */
const target = new URL('../docs/configuration.md', import.meta.url);

const rows = Object.entries(settings.shape).map(([name, schema]) => {
  const meta = schema.meta() ?? {};
  const names = meta.secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``;
  return `| ${names} | ${meta.default} | ${meta.description} |`;
});

const beginnings = families
  .map((family) => `\`${family}\``)
  .join(', ')
  .replace(/, (?=[^,]*$)/, ' or ');

const text = `# Configuration

Assent is configured by environment variables alone. It reads them once at start, checks them all and lists every
fault at once. A value can also be kept in a file where a \`…_FILE\` name is given: the variable then holds the path.
A name that starts with ${beginnings}
and is not in the table is refused, because it is a spelling mistake more often than not. So is a \`…_FILE\` name of a setting that is no secret.

| Variable | Default | Meaning |
|---|---|---|
${rows.join('\n')}

With \`NODE_ENV=production\` Assent refuses to start with an http issuer, without \`DATABASE_URL\`, \`ASSENT_MASTER_KEY\`
or \`COOKIE_KEYS\`, with \`DEMO=1\`, with a loopback address in \`OUTGOING_ALLOW\`, with migrations that have not been
applied, and on a database that holds demo data.

This page is generated from \`src/config/settings.ts\` by \`node scripts/configuration-doc.ts\`; \`npm run check\` compares them.
`;

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error(
      'docs/configuration.md is not what src/config/settings.ts says: run node scripts/configuration-doc.ts',
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}
