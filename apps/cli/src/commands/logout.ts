import { isConcordatProblem } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { addUrl, Connection, type ConnectionOptions } from '../client/connection';
import type { Context } from '../context';
import { visible } from '../output';

/** `logout`: ends the session of the user who is logged in here, and forgets the user. */
export function register(command: Command, context: () => Context): void {
  addUrl(command).action(act((options: ConnectionOptions) => logout(context(), options)));
}

async function logout(context: Context, options: ConnectionOptions): Promise<void> {
  const { output, progress } = context;
  const connection = new Connection(context, options);
  const user = await connection.user.peek().catch(() => undefined);
  let hasEnded = false;
  if (user !== undefined && Date.parse(user.expiresAt) > Date.now()) {
    const client = await connection.withToken(user.accessToken);
    hasEnded = await during(
      progress,
      'ending the session',
      client.sessions.revoke({ id: user.sessionId }),
    ).then(
      () => true,
      (error: unknown) => {
        // Ended from elsewhere: then there is nothing more to end.
        if (isConcordatProblem(error, 'CREDENTIAL_INVALID') || isConcordatProblem(error, 'TOKEN_EXPIRED'))
          return false;
        throw error;
      },
    );
  }
  await connection.user.remove();
  output.data({ email: user?.email ?? null, sessionEnded: hasEnded }, () =>
    user === undefined
      ? 'Nobody was logged in.'
      : `${visible(user.email)} is logged out${hasEnded ? ', and the session has ended' : ''}.`,
  );
}
