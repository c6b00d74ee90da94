import {
  type AttributeProblem,
  type CloudEventContext,
  ConcordatError,
  type JsonValue,
} from '@concordat/contracts';

/** The data of an event: a JSON value (a string is also how the JSON format holds text), or bytes in base64. */
export type EventData =
  | { readonly encoding: 'json'; readonly value: JsonValue }
  | { readonly encoding: 'base64'; readonly value: string };

/** A CloudEvent 1.0, in whatever mode it comes or goes. */
export interface CloudEvent {
  readonly context: CloudEventContext;
  /** Left out when there are none, which is not the same as null. */
  readonly data?: EventData | undefined;
}

/** How a mode names the place of an attribute, so that its sender finds it. */
export type Place = (attribute: string) => string;

export const inHeader: Place = (attribute) =>
  attribute === 'datacontenttype' ? 'content-type' : attribute === '' ? '' : `ce-${attribute}`;
export const inJson: Place = (attribute) => (attribute === '' ? '' : `/${attribute}`);

/** Names what is wrong, and where, in the words of the mode. */
export function invalidEvent(problems: readonly AttributeProblem[], place: Place): ConcordatError {
  const errors = problems.map(({ attribute, message }) => ({ pointer: place(attribute), message }));
  const told = errors.slice(0, 3).map(({ pointer, message }) => `${pointer || 'the event'} ${message}`);
  const more = errors.length > told.length ? '; …' : '';
  return new ConcordatError('CLOUD_EVENT_INVALID', `Not valid: ${told.join('; ')}${more}.`, { errors });
}
