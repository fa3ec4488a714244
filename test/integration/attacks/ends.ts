import { expect } from 'vitest';

/**
 * What was taken back is refused within a second, on every node (threat catalogue, fixed numbers): asks until it is, and
 * fails when a question that was put later than that finds it alive.
 *
 * @param alive asks once
 */
export async function expectEndsWithinASecond(alive: () => Promise<boolean>): Promise<void> {
  const since = performance.now();
  for (;;) {
    const asked = performance.now() - since;
    if (!(await alive())) return;
    expect(asked, 'milliseconds after which it was still alive').toBeLessThan(1000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
