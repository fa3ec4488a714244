/** A storey of the house. What stands on it may import what stands below it, and its neighbours on the same level. */
export interface Level {
  readonly name: string;
  /** Folders or single files of `src`, without `.ts`: a file that grows into a folder stays where it is. */
  readonly rooms: readonly string[];
}

/** The levels of `src`, from the top. A new room is written down here first: `npm run check` asks for it. */
export const levels: readonly Level[] = [
  // The two ways in: the server and the command line.
  { name: 'start', rooms: ['main', 'cli'] },
  // Put the rooms together, for a server or for one command.
  { name: 'assembly', rooms: ['app', 'commands'] },
  // `api` is not built yet.
  { name: 'pages', rooms: ['web', 'api'] },
  // The features on one opened database; it seeds the demo world, so it stands above it.
  { name: 'services', rooms: ['services', 'background', 'retention'] },
  // The start page and the commands show the demo world, and it is written through the features.
  { name: 'demo', rooms: ['demo'] },
  { name: 'protocol', rooms: ['oidc'] },
  // Pure decisions about what an application may have.
  { name: 'decisions', rooms: ['authorisation'] },
  {
    name: 'features',
    rooms: [
      ...['accounts', 'audit', 'catalogue', 'clients', 'consents', 'keys', 'limits', 'mail'],
      ...['organizations', 'outgoing', 'practitioners', 'revocations', 'sessions', 'telemetry', 'upstream'],
      // Not built yet.
      ...['ciba', 'delegations'],
    ],
  },
  { name: 'database', rooms: ['db'] },
  // From values to values, without I/O.
  { name: 'pure', rooms: ['addresses', 'scopes', 'tokens', 'validator'] },
  // What every room may need.
  { name: 'ground', rooms: ['clock', 'config', 'error-codes', 'errors', 'log', 'polling', 'redis', 'text'] },
];

/** A pattern for everything in some rooms, whether they are folders or files. */
export const inRooms = (rooms: readonly string[]): string => `^src/(?:${rooms.join('|')})(?:/|\\.ts$)`;
