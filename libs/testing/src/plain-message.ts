/** Of the data of `MessageAccepted`, what a message without anything special has. */
export const plainMessage = {
  ...{ correlationId: null, replyTo: null, ttlSeconds: null, delaySeconds: null },
  ...{ key: null, signature: null, schema: null, cloudEvent: null },
} as const;
