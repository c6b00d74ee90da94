/** An event as deciders see it: its type and its data, personal fields included. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

/**
 * The rules of one aggregate, pure: no I/O, no clock, no randomness. Time, ids and actor come in with the command, so a
 * decision can be repeated, tested as given/when/then and simulated.
 */
export interface Decider<Command, Event extends DomainEvent, State> {
  readonly initialState: State;
  /** @throws ConcordatError with a code of the domain when the command is refused; no events means nothing to change */
  decide(command: Command, state: State): readonly Event[];
  /** @param time when the event was appended, RFC 3339 */
  evolve(state: State, event: Event, time: string): State;
  /** The state needs sealed fields in clear. Left out, they come as null and are not decrypted. */
  readonly readsSealedFields?: true;
}
