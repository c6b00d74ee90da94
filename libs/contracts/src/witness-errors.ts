import { define, unavailable } from './error-definition';

/** Of the witness of other logs; the statuses are those of C2SP tlog-witness. */
export const witnessErrors = define({
  WITNESS_LOG_UNKNOWN: {
    status: 404,
    grpc: 'NOT_FOUND',
    title: 'This witness does not know the log of the checkpoint.',
    fix: 'Have the operator name its verifier key in the file of `CONCORDAT_WITNESSED_LOGS_FILE`.',
  },
  WITNESS_SIGNATURE_INVALID: {
    status: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'The checkpoint is not signed by the key of its log.',
    fix: 'Send it as the log has signed it.',
  },
  WITNESS_PROOF_INVALID: {
    status: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The checkpoint does not continue the one that was cosigned last.',
    fix: 'Send a consistency proof (RFC 6962 §2.1.2) from the old size. Is there none, the log was forked.',
  },
  WITNESS_REGRESSED: {
    ...unavailable,
    retryAfterSeconds: 30,
    title: 'The database of this witness is older than what it has cosigned.',
    fix: 'An operator restores a later state of the database, or ends this witness: without `witness.key` and the folder `witnessed` of its data directory it begins as another one, whose key the logs have to be given.',
  },
});
