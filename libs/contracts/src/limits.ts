/**
 * Every bound of the system that more than one process must agree on, by name. Reaching one refuses the
 * request with a clear error; nothing is ever trimmed to make room.
 */
export const limits = Object.freeze({
  /** Largest JSON text accepted anywhere, in bytes of UTF-8. */
  jsonBytes: 1_048_576,
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
  /** Longest long-poll wait of an inbox. */
  inboxWaitSeconds: 30,
  /** Messages handed out by one fetch of an inbox. */
  inboxFetchItems: 100,
  /** Messages waiting in one inbox before further ones are refused. */
  inboxMessages: 10_000,
  /** Longest lease on a delivered message. */
  leaseSeconds: 600,
  /** Deliveries of one message before it counts as failed. */
  deliveryAttempts: 5,
  /** Longest time to live of a message: 30 days. */
  messageTtlSeconds: 2_592_000,
  /** Largest policy, in bytes of its JSON. */
  policyBytes: 65_536,
  /** Controllers above an agent: its own, that one's own, and so on. */
  controllerDepth: 8,
  /** Keys that an identity can have in its life. */
  agentKeys: 1_000,
  /** Types that an operator can define in one tenant. */
  agentTypes: 256,
  /** Credentials in one report of who was seen. */
  seenItems: 1_000,
  /** How old `lastSeen` can be while the agent is active: gateways report so often. */
  lastSeenSeconds: 10,
  /** A gateway refuses when its directory is older than this (rule 13 of the architecture). */
  directoryAgeMs: 1_000,
});
