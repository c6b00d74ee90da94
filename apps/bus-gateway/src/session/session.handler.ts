import { anonymous, type OperationOutput } from '@concordat/contracts';
import type { OperationHandlers } from '@concordat/runtime';
import { commandIdFor } from '../edge/command-id';
import type { ServiceCalls } from '../edge/service-calls';

/** The operations `auth.login` and `auth.refresh`: strangers, until iam-service has seen what they bring. */
export function sessionHandlers(services: ServiceCalls) {
  return {
    'auth.login': async (input, context) => {
      const { tenant, email } = input;
      const { output, position } = await services.call(
        'session.open',
        { ...input, source: context.address ?? '' },
        {
          ...context,
          principal: anonymous(tenant),
          commandId: commandIdFor(context.commandId!, tenant, email),
        },
      );
      return { output: output as OperationOutput<'auth.login'>, position, source: 'iam' };
    },

    'auth.refresh': async (input, context) => {
      const { output, position } = await services.call('session.refresh', input, context);
      return { output: output as OperationOutput<'auth.refresh'>, position, source: 'iam' };
    },
  } satisfies OperationHandlers;
}
