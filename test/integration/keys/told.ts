import { describe, expect, test } from 'vitest';
import { JWKS_MAX_AGE, type SigningKey } from '../../../src/keys/index.ts';
import { complete, inUse, kidOf } from './fixture.ts';
import type { Told } from './story.ts';

/** Seconds of a life of 300 that a story must show at least: its time goes in steps, and a busy machine adds to them. */
const SHOWN = 200;

const ofEs256 = (keys: readonly SigningKey[], state: string) =>
  keys.filter((key) => key.alg === 'ES256' && key.state === state).map(({ kid }) => kid);

/**
 * What must be true of two rotations under load.
 *
 * @param told the story; asked for when it is over
 */
export function describeTold(title: string, verifications: number, told: () => Told): void {
  describe(title, () => {
    test('no verification failed', () => {
      const { checks } = told();
      expect(checks.failures).toEqual([]);
      expect(checks.count()).toBeGreaterThanOrEqual(verifications);
    });

    test('no token request failed', () => {
      expect(told().faults).toEqual([]);
    });

    test('the first rotation was done at once, the second had to wait', () => {
      expect(told().outcomes).toEqual(['done', 'planned']);
    });

    test('three keys signed, one after the other, at every node and for every client', () => {
      const { obtained, checks, signers } = told();
      expect(new Set(signers).size).toBe(3);
      expect([...checks.keys.keys()]).toEqual(signers);
      const sources = Map.groupBy(obtained, ({ source }) => source);
      for (const [source, tokens] of sources)
        expect([...new Set(tokens.map(({ kid }) => kid))], source).toEqual(signers);
    });

    test('the key that had to wait signed nothing before it was due', () => {
      const { obtained, signers, due } = told();
      const early = obtained.filter(({ kid, iat }) => kid === signers[2] && iat < Math.floor(due));
      expect(early).toEqual([]);
    });

    test('tokens of the new key were verified with copies of the key set from minutes before it signed', () => {
      const { checks, signers } = told();
      for (const kid of signers.slice(1)) {
        const oldest = checks.keys.get(String(kid))?.oldestCopy;
        expect(oldest).toBeGreaterThan(SHOWN);
        expect(oldest).toBeLessThanOrEqual(JWKS_MAX_AGE);
      }
    });

    test('tokens of the old key were verified for minutes after it had ceased to sign', () => {
      const { checks, signers } = told();
      for (const [index, kid] of signers.slice(0, 2).entries()) {
        const { lastVerified = 0 } = checks.keys.get(String(kid)) ?? {};
        const { firstSigned = 0 } = checks.keys.get(String(signers[index + 1])) ?? {};
        expect(lastVerified - firstSigned).toBeGreaterThan(SHOWN);
      }
    });

    test('the first key was published until its day was over, and left when its tokens had long expired', () => {
      const { published, signers, checks, keys } = told();
      const [first] = signers;
      for (const kids of published.before) expect(kids).toContain(first);
      for (const kids of published.after) {
        expect(kids).not.toContain(first);
        expect(kids.toSorted()).toEqual(keys.map(({ kid }) => kid).toSorted());
      }
      const { lastVerified = 0 } = checks.keys.get(String(first)) ?? {};
      const { lastVerified: end = 0 } = checks.keys.get(String(signers[2])) ?? {};
      expect(end - lastVerified).toBeGreaterThan(23 * 3600);
    });

    test('at the end there are a key that signs, one that comes and one that goes, of each algorithm', () => {
      const { keys, signers } = told();
      expect(inUse(keys)).toEqual(complete);
      expect(kidOf(keys, 'active')).toBe(signers[2]);
      expect(ofEs256(keys, 'retiring')).toEqual([signers[1]]);
    });
  });
}
