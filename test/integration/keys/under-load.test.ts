import { afterAll, beforeAll } from 'vitest';
import { type Nodes, startOneNode } from './nodes.ts';
import { rotateTwice, type Told } from './story.ts';
import { describeTold } from './told.ts';

const VERIFICATIONS = 10_000;

let nodes: Nodes | undefined;
let told: Told;

beforeAll(async () => {
  nodes = await startOneNode();
  told = await rotateTwice(nodes, { step: 30, verifications: VERIFICATIONS });
  console.log(
    `${told.checks.count()} verifications of ${told.obtained.length} tokens over two rotations, one node`,
  );
}, 120_000);
afterAll(() => nodes?.close());

describeTold(
  `F-09 two rotations of one node during ${VERIFICATIONS} verifications`,
  VERIFICATIONS,
  () => told,
);
