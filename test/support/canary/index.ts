import { demoPassword } from '../visitor.ts';
import { abuse } from './abuse.ts';
import type { Canaries } from './canaries.ts';
import { people } from './people.ts';
import { systems } from './systems.ts';
import type { Target } from './tour.ts';

export { type Canaries, createCanaries } from './canaries.ts';
export { registrations, type Target } from './tour.ts';

/** Names, sign-in names and numbers of people of the demo world who take part. */
const persons = [
  ...['Aroha Ngata', 'Wiremu Pōtae', 'Mere Ngata', 'Hana Ngata', 'Tom Ellis', 'Priya Shah'],
  ...[
    'aroha@example.test',
    'wiremu@example.test',
    'mere@example.test',
    'tom@example.test',
    'hana@example.test',
    'priya@example.test',
  ],
  ...['9990001014', '9990001065', 'ZZZ1012'],
];

/**
 * Goes through every flow there is, as applications and people do, with their usual mistakes, and then sends what nobody
 * means well. Every secret and everything of a person that comes up on the way is remembered.
 *
 * @throws when a flow does not end as it should
 */
export async function everyFlow(target: Target, canaries: Canaries): Promise<void> {
  const tour = { target, canaries };
  canaries.keep('password', demoPassword);
  for (const person of persons) canaries.keep('person', person);
  for (const [clientId, secret] of [target.web, target.library, target.backend])
    canaries.keep(`secret of ${clientId}`, secret);
  await systems(tour);
  await people(tour);
  await abuse(tour);
}
