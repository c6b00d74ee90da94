import { protoDir, protoFiles } from '@concordat/contracts';
import { verifyInclusionBundle } from '@concordat/crypto';
import { eventually, newAgent, rotation, type TestAgent } from '@concordat/testing';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { System } from './system';

type Fields = Record<string, unknown>;
type Method = (
  request: Fields,
  metadata: Metadata,
  done: (error: ServiceError | null, answer: Fields) => void,
) => void;

const definition = loadPackageDefinition(
  loadSync(protoFiles, { includeDirs: [protoDir], longs: Number, defaults: true, oneofs: false }),
);
type Client = Record<string, Method> & { close(): void };
const { v1 } = definition['concordat'] as unknown as {
  v1: Record<string, new (address: string, credentials: unknown) => Client>;
};

/** google.protobuf.Value of a string. */
const text = (stringValue: string): Fields => ({ stringValue });

describe('the main job over gRPC, through two gateways', () => {
  let system: System;
  const clients: Client[] = [];
  beforeAll(async () => void (system = await System.start()));
  afterAll(async () => {
    clients.forEach((client) => client.close());
    await system.stop();
  });

  /** Calls a method at a gateway with a client made of nothing but the `.proto` files. */
  function caller(gateway: number, authorization?: string) {
    const services = new Map<string, Client>();
    return (service: string, method: string, request: Fields = {}): Promise<Fields> => {
      const client =
        services.get(service) ?? new v1[service]!(system.run.grpc[gateway]!, credentials.createInsecure());
      if (!services.has(service)) clients.push(client);
      services.set(service, client);
      const metadata = new Metadata();
      if (authorization !== undefined) metadata.set('authorization', authorization);
      return new Promise((resolve, reject) =>
        client[method]!(request, metadata, (error, answer) => (error ? reject(error) : resolve(answer))),
      );
    };
  }

  async function loggedIn(agent: TestAgent, gateway: number) {
    const ask = caller(gateway);
    const { challengeId, challenge } = await ask('IdentityService', 'CreateChallenge', { did: agent.did });
    const proof = { challengeId, signature: agent.sign(String(challenge)) };
    const { tokenType, accessToken } = await ask('IdentityService', 'CreateToken', proof);
    return caller(gateway, `${String(tokenType)} ${String(accessToken)}`);
  }

  it('a managed identity gets another key, and loses its controller', async () => {
    const admin = caller(0, `ApiKey ${system.adminKey}`);
    const [boss, first, next] = [newAgent(), newAgent(), newAgent()];
    const register = (agent: TestAgent, more: Fields): Promise<Fields> => {
      const facts = { name: 'Cleo', type: 'SERVICE', publicKey: agent.publicKeyText };
      return admin('IdentityService', 'RegisterAgent', { ...facts, ...more });
    };
    await register(boss, {});
    const made = await register(first, { didMethod: 'web', controllerDid: boss.did });
    const did = String(made['did']);
    const answer = await admin(
      'IdentityService',
      'RotateAgentKey',
      rotation(did, String(made['authKeyId']), next),
    );
    expect(answer).toMatchObject({ did, controllerDid: boss.did, version: 2 });
    const asNext = await loggedIn({ ...next, did }, 1);
    expect(await asNext('IdentityService', 'WhoAmI')).toMatchObject({ id: did });
    const free = await admin('IdentityService', 'UpdateAgent', { did, removeController: true });
    expect(free).toMatchObject({ controllerDid: '', version: 3 });
    const { items } = await asNext('IdentityService', 'ListAgentKeys', { did });
    expect(items).toMatchObject([{ kid: made['authKeyId'] }, { kid: answer['authKeyId'], validUntil: '' }]);
  });

  it('an agent registers, proves who it is, sends, receives, acknowledges, remembers, and proves it all', async () => {
    const [ada, ben] = [newAgent(), newAgent()];
    const admin = caller(0, `ApiKey ${system.adminKey}`);
    for (const { publicKeyText } of [ada, ben])
      await admin('IdentityService', 'RegisterAgent', {
        name: 'a',
        type: 'CLAUDE',
        publicKey: publicKeyText,
      });
    const [asAda, asBen] = [await loggedIn(ada, 1), await loggedIn(ben, 0)];

    const sent = await asAda('BusService', 'Publish', { to: ben.did, type: 'QUERY', payload: text('who?') });
    const { items } = await asBen('BusService', 'FetchInbox', { waitSeconds: 5 });
    const [message] = items as Fields[];
    expect(message).toMatchObject({ id: sent['id'], from: ada.did, payload: text('who?') });
    const acked = await asBen('BusService', 'AckInbox', { tokens: [message!['deliveryToken']] });
    expect(acked).toEqual({ acked: [sent['id']] });

    const memory = { persona: ada.did, key: 'k' };
    await asAda('VaultService', 'PutMemory', { ...memory, content: text('secret') });
    expect(await asAda('VaultService', 'GetMemory', memory)).toMatchObject({
      content: text('secret'),
      version: 1,
    });
    await expect(asBen('VaultService', 'GetMemory', memory)).rejects.toMatchObject({ code: 7 });

    await eventually(async () => {
      const { items: found } = await admin('AuditService', 'ListMessages', { agent: ada.did });
      expect(found).toMatchObject([{ messageId: sent['id'], status: 'DELIVERED' }]);
    });
    const { items: events } = await admin('AuditService', 'ListEvents', { limit: 1 });
    const { id } = (events as Fields[])[0] as { id: string };
    const bundle = await admin('AuditService', 'GetInclusionProof', { eventId: id });
    expect(verifyInclusionBundle(bundle as never, system.vkey)).toMatchObject({ ok: true });
  });

  it('a stranger is refused', async () => {
    const stranger = newAgent();
    await expect(loggedIn(stranger, 0)).rejects.toMatchObject({ code: 16 });
    await expect(caller(1)('IdentityService', 'ListAgents')).rejects.toMatchObject({ code: 16 });
  });
});
