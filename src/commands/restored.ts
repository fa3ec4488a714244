import { endAll } from '../oidc/index.ts';
import { print, withSchema } from './run.ts';

/** `assent restored`: ends what a restored database may have brought back to life. */
export function endAfterRestore(): Promise<void> {
  return withSchema(async (services) => {
    const { consents, grants, artefacts } = await endAll(services);
    print(
      `Ended: ${consents} consents, ${grants} grants, ${artefacts} stored codes, tokens and sessions.`,
      'Start the nodes when ten minutes have passed since the old ones stopped. docs/reliability.md has the whole way.',
    );
  });
}
