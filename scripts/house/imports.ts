import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';

/**
 * Reads every import of some folders, those of types too.
 *
 * @param folders below the root, as `src`
 * @param root the project, or another tree in its shape
 * @param rules what may not be imported; without any, nothing is judged
 * @throws if a file cannot be parsed
 */
export async function readImports(
  folders: readonly string[],
  root: string,
  rules: readonly IForbiddenRuleType[] = [],
): Promise<ICruiseResult> {
  const { output } = await cruise([...folders], {
    baseDir: root,
    // TypeScript 7 has no API that the cruiser could call.
    parser: 'swc',
    tsPreCompilationDeps: true,
    validate: true,
    ruleSet: { forbidden: [...rules] },
    doNotFollow: { path: 'node_modules' },
    metrics: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  });
  if (typeof output === 'string') throw new Error('the cruiser answered with a text');
  return output;
}
