import { badRequest, conflict, type ErrorDefinition, notFound, unavailable } from './error-definition';

const full = { status: 409, grpc: 'FAILED_PRECONDITION' } as const;

/** What is refused of messages, topics and dead letters; part of the catalogue. */
export const busErrors = {
  RECIPIENT_UNKNOWN: {
    ...notFound,
    title: 'There is no active agent with the DID of the recipient.',
    fix: 'Check `to`; GET /v1/agents lists the agents.',
  },
  MESSAGE_UNKNOWN: {
    ...notFound,
    title: 'There is no such message, or it ended a while ago.',
    fix: 'Check the id; only its sender, its recipient and an administrator can see a message. GET /v1/audit/messages knows those that have ended.',
  },
  MESSAGE_SIGNATURE_INVALID: {
    ...badRequest,
    title: 'The signature of the message is not one of its sender.',
    fix: 'Sign `messageSigningText` of the message, as it is sent, with the current key of the agent that sends it, and name that key in `kid`.',
  },
  DELIVERY_TOKEN_STALE: {
    ...conflict,
    title: 'The delivery token is no longer valid.',
    fix: 'The lease ended and the message was handed out again, or it was acknowledged before; fetch again.',
  },
  INBOX_FULL: {
    ...unavailable,
    retryAfterSeconds: 5,
    title: 'The inbox of the recipient, or a group of the topic in the partition of the message, is full.',
    fix: 'Wait until its consumers have caught up, or replay or purge its dead letters, then send again.',
  },
  TOPIC_UNKNOWN: {
    ...notFound,
    title: 'There is no such topic.',
    fix: 'Check the name; GET /v1/topics lists the topics, POST /v1/topics creates one.',
  },
  TOPICS_FULL: {
    ...full,
    title: 'The tenant has as many topics as it can have.',
    fix: 'Delete one that is not used: DELETE /v1/topics/{name}; docs/limits.md has the bound (`topics`).',
  },
  TOPIC_GROUPS_FULL: {
    ...full,
    title: 'The topic has as many groups as it can have.',
    fix: 'Remove one that is not used: DELETE /v1/topics/{name}/subscriptions/{group}; docs/limits.md has the bound (`topicGroups`).',
  },
  SUBSCRIPTION_UNKNOWN: {
    ...notFound,
    title: 'The topic has no such group.',
    fix: 'Check the name, or make the group: PUT /v1/topics/{name}/subscriptions/{group}.',
  },
  STREAM_UNKNOWN: {
    ...notFound,
    title: 'There is no such stream, or the caller cannot see it.',
    fix: 'Check the name; GET /v1/streams lists the streams. Inboxes of others show to an administrator, feeds to an operator.',
  },
  DEAD_LETTER_UNKNOWN: {
    ...notFound,
    title: 'There is no such dead letter.',
    fix: 'Check the id; GET /v1/dead-letters lists those that the caller may see.',
  },
  DEAD_LETTER_FILTER_MISSING: {
    ...badRequest,
    title: 'Neither messages nor a filter are named.',
    fix: 'Name messages by their ids, or give a filter such as `queue`; `dryRun` shows first what would be changed.',
  },
} as const satisfies Record<string, ErrorDefinition>;
