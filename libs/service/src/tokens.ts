/** Names under which Nest hands out the parts of a service. Classes that are their own token are not listed. */
export const LOGGER = Symbol('Logger');
export const CLOCK = Symbol('Clock');
/** When the process started; later than any start before it. */
export const STARTED_AT_MS = Symbol('StartedAtMs');
export const SIGNER = Symbol('Signer');
export const PEERS = Symbol('Peers');
export const KEYSTORE = Symbol('Keystore');
/** The handlers of all slices of a service, merged: what its operation server serves. */
export const OPERATION_HANDLERS = Symbol('OperationHandlers');
/** Judges every operation: see OperationAuthorizer. */
export const OPERATION_AUTHORIZER = Symbol('OperationAuthorizer');
/** Called before every operation; throws when the service cannot keep its promises now. */
export const OPERATION_GUARD = Symbol('OperationGuard');
