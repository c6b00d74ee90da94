import type { CommandContext, EventStore } from '@concordat/eventsourcing';

/**
 * The id of what a command made when it came the first time, found by the name of the stream: ids that hold the time of
 * their making (UUIDv7) cannot be made again from the id of the command.
 * @param room what the stream begins with: `user/`
 */
export async function idMadeBefore(
  store: Pick<EventStore, 'findCommand'>,
  { tenant, command }: CommandContext,
  room: string,
): Promise<string | undefined> {
  const before = command && (await store.findCommand(tenant, command.id));
  return before?.stream.startsWith(room) ? before.stream.slice(room.length) : undefined;
}
