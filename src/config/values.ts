import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { isSecret, names, settings } from './settings.ts';

/** Environment variables: usually `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Takes the values that concern us from the environment; an empty value counts as not given. */
export function collect(env: Environment, faults: string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of names) {
    const direct = env[name] || undefined;
    const file = isSecret(name) ? env[`${name}_FILE`] || undefined : undefined;
    if (direct !== undefined && file !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set: give one of them`);
    } else if (file !== undefined) {
      try {
        values[name] = readFileSync(file, 'utf8').trim();
      } catch {
        faults.push(`${name}_FILE: the file ${file} cannot be read`);
      }
    } else if (direct !== undefined) {
      values[name] = direct;
    }
  }
  return values;
}

/** Checks each value by its own rule, so that one fault never hides another. */
export function parse(values: Record<string, string>, faults: string[]): Partial<z.output<typeof settings>> {
  const given: Record<string, unknown> = {};
  for (const name of names) {
    const result = settings.shape[name].safeParse(values[name]);
    if (result.success) given[name] = result.data;
    else faults.push(...result.error.issues.map((issue) => `${name} ${issue.message}`));
  }
  return given;
}
