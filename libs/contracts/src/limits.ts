/**
 * Every bound of the system that more than one process must agree on, by name. Reaching one refuses the
 * request with a clear error; nothing is ever trimmed to make room.
 */
export const limits = Object.freeze({
  /** Largest JSON text accepted anywhere, in bytes of UTF-8. */
  jsonBytes: 1_048_576,
  /** Largest body of a request that needs no credential, in bytes; it is not compressed. */
  strangerBytes: 16_384,
  /** Smallest body that is worth compressing, in bytes: an answer of a gateway, a request of the SDK. */
  compressionBytes: 4_096,
  /** Deepest nesting of arrays and objects in accepted JSON. */
  jsonDepth: 32,
  /** Largest `metadata` of an agent, in bytes of its canonical JSON. */
  metadataBytes: 8_192,
  /** Largest number of items in one page of a list. */
  pageItems: 500,
  /** Largest chunk of a snapshot or of a long answer, in bytes. */
  chunkBytes: 262_144,
  /** Longest life of an access token (IAM-2). */
  accessTokenSeconds: 900,
  /** Delegations in one chain, from the agent whose right it is to the one who acts (IAM-10). */
  delegationDepth: 4,
  /** Delegations that one agent has made and that have not ended; each is known to every gateway. */
  delegationsPerAgent: 1_000,
  /** Longest life of a delegation: 30 days. */
  delegationSeconds: 2_592_000,
  /** A new signing key signs so long after it was announced: by then every gateway that lets anybody in has heard of it. */
  signingKeyLeadSeconds: 3,
  /** A proof of a key is good for so long, before and after its time (RFC 9449 §11.1). */
  proofSeconds: 5,
  /** Longest time for which a rotated API key stays good: 7 days. */
  apiKeyOverlapSeconds: 604_800,
  /** Life of a session that is not refreshed: 7 days. */
  sessionIdleSeconds: 604_800,
  /** Longest life of a session, however often it is refreshed: 30 days. */
  sessionSeconds: 2_592_000,
  /** Live sessions of one user; the oldest ends when another one begins. */
  sessionsPerUser: 50,
  /** Shortest and longest password, in characters and in bytes of UTF-8 (NIST SP 800-63B). */
  passwordCharacters: 12,
  passwordBytes: 256,
  /** Time an agent has to sign a challenge. */
  challengeSeconds: 60,
  /** Largest tolerated difference between the clocks of two processes. */
  clockSkewSeconds: 5,
  /** Longest time a caller waits for an answer from a service behind the gateway. */
  replyMs: 1_900,
  /** How long an idempotency key is remembered, and with it the outcome of its command. */
  idempotencySeconds: 86_400,
  /** How long the bus remembers the idempotency key of a message. */
  messageIdempotencySeconds: 3_600,
  /** How long the bus remembers a message after its end; the audit trail remembers it after that. */
  endedMessageSeconds: 120,
  /** Messages in one batch. */
  batchMessages: 1_000,
  /** Longest delay of a message: 7 days. */
  messageDelaySeconds: 604_800,
  /** Longest life of a message to everybody. */
  broadcastSeconds: 86_400,
  /** Messages to everybody that a tenant can have under way. */
  broadcasts: 1_000,
  /** Topics of a tenant. */
  topics: 1_000,
  /** Groups of a topic: each gets a copy of every message. */
  topicGroups: 1_000,
  /** Dead letters that one replay or purge handles. */
  deadLetterItems: 500,
  /** How long a dead letter is kept: 30 days. */
  deadLetterSeconds: 2_592_000,
  /** Longest pause that a consumer can ask for when it gives a message back: 12 hours. */
  nackDelaySeconds: 43_200,
  /** Longest reason that a consumer can give with a message that it gives back, in characters. */
  nackReasonCharacters: 256,
  /** Longest pause before a message that was given back can be fetched again, where its consumer named none. */
  backoffSeconds: 60,
  /** Longest long-poll wait of an inbox. */
  inboxWaitSeconds: 30,
  /** Messages handed out by one fetch of an inbox. */
  inboxFetchItems: 100,
  /** Deliveries that a subscription may have in flight: handed out and not yet settled. */
  subscriptionCredits: 1_000,
  /** Streams and connections of one caller at one gateway. */
  streamsPerCaller: 16,
  /** Messages in one inbox, or of one group of a topic in one partition, dead letters included, before further ones are refused. */
  inboxMessages: 10_000,
  /** Longest lease on a delivered message. */
  leaseSeconds: 600,
  /** Deliveries of one message before it counts as failed. */
  deliveryAttempts: 5,
  /** Largest context of a CloudEvent, in bytes of the names and values of its attributes. */
  eventAttributeBytes: 65_536,
  /** CloudEvents in one batch that is sent. */
  eventBatchItems: 1_000,
  /** Longest time to live of a message: 30 days. */
  messageTtlSeconds: 2_592_000,
  /** Agents of a tenant that speak Redis Streams. */
  bridges: 100,
  /** Entries that wait in one stream of such an agent, on the way in or out. */
  bridgeEntries: 10_000,
  /** Subjects of a tenant that have limits of their own. */
  limitSettings: 1_000,
  /** Largest policy, in bytes of its JSON. */
  policyBytes: 65_536,
  /** Largest schema of payloads, in bytes of its JSON. */
  schemaBytes: 65_536,
  /** Payload types with a schema in one tenant, versions of one, and bytes of all of them. */
  schemaTypes: 1_000,
  schemaVersions: 100,
  schemaStoreBytes: 33_554_432,
  /** How old the latest version of a schema can be that a gateway checks by. */
  schemaAgeMs: 500,
  /** Schedules of one owner, those of one tenant, and bytes of the messages that they send. */
  schedulesPerOwner: 100,
  schedules: 1_000,
  scheduleStoreBytes: 33_554_432,
  /** Shortest time between two firings of a schedule. */
  scheduleEverySeconds: 10,
  /** Farthest time of a schedule: a year. */
  scheduleAheadSeconds: 31_536_000,
  /** Active legal holds of one tenant. */
  legalHolds: 1_000,
  /** Refusals in a row after which a schedule pauses. */
  scheduleRefusals: 5,
  /** Largest `details`, `parameters` or `result` of a governance record, in bytes of its JSON. */
  governanceDetailBytes: 16_384,
  /** Lines of an older audit log in one import, and bytes of one. */
  importLines: 100,
  importLineBytes: 16_384,
  /** Controllers above an agent: its own, that one's own, and so on. */
  controllerDepth: 8,
  /** Keys that an identity can have in its life. */
  agentKeys: 1_000,
  /** Types that an operator can define in one tenant. */
  agentTypes: 256,
  /** Credentials in one report of who was seen. */
  seenItems: 1_000,
  /** Windows of an agent that the next one is compared with. */
  anomalyHistoryWindows: 96,
  /** Agents of a tenant with rules of their own for anomalies. */
  anomalyOverrides: 200,
  /** Counterparties of an agent that are told apart; of one that has more, new ones are nothing new. */
  counterparties: 5_000,
  /** How old `lastSeen` can be while the agent is active: gateways report so often. */
  lastSeenSeconds: 10,
  /** A gateway refuses when its directory is older than this (rule 13 of the architecture). */
  directoryAgeMs: 1_000,
  /** So long a request waits for a directory that is older; after a pause of the gateway the next beat is near. */
  directoryWaitMs: 500,
});
