import { type AlgorithmValue, ConcordatError, type Service } from '@concordat/contracts';
import {
  answerOffer,
  type SealedSession,
  type SessionHello,
  type SessionOffer,
  type Signer,
} from '@concordat/crypto';
import type { RedisConnection } from '../redis-connection';
import { fromRedisError } from '../redis-error';
import { streamKeys } from '../keys';
import { offerSchema } from './frames';

/** A session with one instance of a service, as the caller holds it. */
export interface ClientSession {
  readonly session: SealedSession;
  readonly commandsKey: string;
  readonly createdAtMs: number;
  /** Sent along until the service has shown that it knows the session. */
  hello: SessionHello | undefined;
}

export interface SessionMakerOptions {
  readonly redis: RedisConnection;
  readonly service: Service;
  readonly caller: Service;
  readonly instance: string;
  readonly signer: Signer;
  readonly trusted: readonly AlgorithmValue[];
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Answers the freshest offer of a service that is signed by its pinned identity. Offers of instances that are gone
 * expire; with several instances the last to renew its offer is taken, which spreads callers over them.
 * @throws ConcordatError SERVICE_UNAVAILABLE when there is none
 */
export async function makeClientSession(options: SessionMakerOptions): Promise<ClientSession> {
  const { service, caller, instance, trusted, signer, onError } = options;
  const nowMs = options.nowMs();
  for (const offer of await readOffers(options)) {
    if (offer.expiresAtMs <= nowMs) continue;
    try {
      const { hello, session } = await answerOffer(
        offer,
        { service, caller, instance, nowMs },
        trusted,
        signer,
      );
      return {
        session,
        hello,
        createdAtMs: nowMs,
        commandsKey: streamKeys.commands(service, offer.instance),
      };
    } catch (error) {
      onError(error);
    }
  }
  throw new ConcordatError('SERVICE_UNAVAILABLE', `${service} is not there.`);
}

async function readOffers({ redis, service }: SessionMakerOptions): Promise<SessionOffer[]> {
  try {
    const texts = Object.values(await redis.hgetall(streamKeys.offers(service)));
    const offers = texts.flatMap((text) => {
      const parsed = offerSchema.safeParse(safeJson(text));
      return parsed.success ? [parsed.data] : [];
    });
    return offers.sort((a, b) => b.expiresAtMs - a.expiresAtMs);
  } catch (error) {
    throw fromRedisError(error);
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
