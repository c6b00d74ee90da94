import { ConcordatError, type ExchangeEvent, TokenExchanged } from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

export type ExchangeToken = ExchangeEvent['data'];

/** The token that was issued, or undefined. */
export type ExchangeState = ExchangeToken | undefined;

/** One command, one token: the stream is named by the token, whose id comes from the command. */
export const exchangeDecider: Decider<ExchangeToken, ExchangeEvent, ExchangeState> = {
  initialState: undefined,
  decide: (command, state) => {
    // The token was shown with the event, also when nobody remembers the command any more.
    if (state) throw new ConcordatError('SECRET_ALREADY_SHOWN');
    return [{ type: TokenExchanged.type, data: command }];
  },
  evolve: (_state, event) => event.data,
};
