import type { Clock } from '../../clock.ts';
import type { Database, Statement } from '../../db/index.ts';
import type { Resource } from './resource.ts';

/** Resources that one record may be given beside those of the demo world: more is no demonstration any more. */
const MOST = 500;

/** What applications have added to the records of the demo world. */
export interface WrittenResources {
  /** What was added to a patient's record, the oldest first. */
  of(patient: string): Promise<readonly Resource[]>;
  /** Adds resources to a record, all or none; false where it is full. */
  add(patient: string, resources: readonly Resource[]): Promise<boolean>;
}

const statements = {
  of: {
    name: 'demo_resources_of',
    text: 'SELECT content FROM demo_resources WHERE patient = $1 ORDER BY created_at, id',
  },
  add: {
    name: 'demo_resources_add',
    text: `INSERT INTO demo_resources (id, patient, content, created_at)
           SELECT one ->> 'id', $1, one, $3 FROM jsonb_array_elements($2::jsonb) one
           WHERE (SELECT count(*) FROM demo_resources WHERE patient = $1) < ${MOST} RETURNING id`,
  },
} satisfies Record<string, Statement>;

/** Keeps what is added to the demo world, so that it is there after a restart. */
export function createWrittenResources(options: { db: Database; clock: Clock }): WrittenResources {
  const { db, clock } = options;
  return {
    async of(patient) {
      const rows = await db.query<{ content: Resource }>(statements.of, [patient]);
      return rows.map(({ content }) => content);
    },
    async add(patient, resources) {
      const values = [patient, JSON.stringify(resources), clock.now()];
      return (await db.query(statements.add, values)).length === resources.length;
    },
  };
}
