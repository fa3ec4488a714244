import { z } from 'zod';
import { apiSchema, asApi } from '../catalogue/index.ts';
import { isConflict } from '../db/index.ts';
import { Refused } from '../errors.ts';
import { asOrganization, organizationSchema } from '../organizations/index.ts';
import { parseImport } from '../text.ts';
import { print, readText, withSchema } from './run.ts';

const fileSchema = z
  .strictObject({
    organizations: z.array(organizationSchema).default([]),
    apis: z.array(apiSchema).default([]),
  })
  .superRefine(({ organizations, apis }, context) => {
    const once = (list: string, member: string, values: readonly (string | undefined)[]) => {
      values.forEach((value, index) => {
        if (value === undefined || values.indexOf(value) === index) return;
        context.addIssue({
          code: 'custom',
          path: [list, index, member],
          message: `stands there twice: ${value}`,
        });
      });
    };
    once(
      'organizations',
      'key',
      organizations.map((one) => one.key),
    );
    once(
      'organizations',
      'ods_code',
      organizations.map((one) => one.ods_code),
    );
    once(
      'apis',
      'id',
      apis.map((one) => one.id),
    );
    once(
      'apis',
      'audience',
      apis.map((one) => one.audience),
    );
  });

function parse(text: string): z.output<typeof fileSchema> {
  const result = fileSchema.safeParse(parseImport(text));
  if (result.success) return result.data;
  throw new Refused(
    'Nothing was imported:',
    result.error.issues.map((issue) => `${issue.path.join('.') || 'it'} ${issue.message}`),
  );
}

/** `assent catalogue import FILE`: creates or updates organisations and APIs, all or none. */
export function importCatalogue(file: string): Promise<void> {
  return withSchema(async ({ db, organizations, catalogue }) => {
    const given = parse(readText(file));
    const lines: string[] = [];
    const note = (created: boolean, what: string) =>
      lines.push(`${created ? 'created' : 'updated'}  ${what}`);
    const work = db.transaction(async () => {
      for (const one of given.organizations) {
        note(await organizations.put(asOrganization(one), { demo: false }), `organisation ${one.key}`);
      }
      for (const one of given.apis) note(await catalogue.put(asApi(one), { demo: false }), `API ${one.id}`);
    });
    await work.catch((error: unknown) => {
      if (!isConflict(error)) throw error;
      throw new Refused('Nothing was imported:', [
        'an ods_code or an audience belongs to another entry already',
      ]);
    });
    print(...lines);
  });
}
