import { badRequest, define } from '../error-definition';

/** What is wrong with an event, or with how it is asked for. */
export const cloudEventErrors = define({
  CLOUD_EVENT_INVALID: {
    ...badRequest,
    title: 'The event is no valid CloudEvent, or not one that can be sent here.',
    fix: 'Correct the attributes listed in `errors`, as CloudEvents 1.0.2 and docs/cloud-events.md say.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    grpc: 'INVALID_ARGUMENT',
    title: 'The answer does not come in a media type that is accepted.',
    fix: 'Send an `Accept` with one of the media types named in `detail`, or none.',
  },
});
