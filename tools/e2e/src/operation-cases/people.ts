import { randomUUID } from 'node:crypto';
import { type Concordat, isConcordatProblem } from '@concordat/sdk';
import { eventually } from '@concordat/testing';
import { request } from '../http';
import { type CasesOf, type World } from './world';

const password = 'a heron over the lake';
const nobody = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
const newEmail = (): string => `${randomUUID()}@example.org`;

const newUser = async ({ admin }: World, roles: ('user' | 'auditor')[] = ['user']) => {
  const user = await admin.users.create({ email: newEmail(), name: 'Grace', roles, password });
  return { ...user, email: user.email! };
};

/** What the first gateway says to who comes with an access token. */
const whoami = async ({ system }: World, accessToken: string): Promise<unknown> => {
  const headers = { authorization: `Bearer ${accessToken}` };
  return (await request(`${system.url(0)}/v1/auth/whoami`, { headers })).body;
};
const isRefused = (world: World, accessToken: string): Promise<void> =>
  eventually(async () =>
    expect(await whoami(world, accessToken)).toMatchObject({ code: 'CREDENTIAL_INVALID' }),
  );

/** An answer that came too late is asked for again by the client, which is not told the secret a second time. */
async function login(stranger: Concordat, email: string) {
  const ask = () => stranger.sessions.login({ email, password });
  return ask().catch((error: unknown) => {
    if (isConcordatProblem(error, 'SECRET_ALREADY_SHOWN')) return ask();
    throw error;
  });
}

export const people: CasesOf<'user' | 'session'> & Pick<CasesOf<'auth'>, 'auth.login' | 'auth.refresh'> = {
  'user.create': {
    async succeed(world) {
      expect(await newUser(world)).toMatchObject({ name: 'Grace', status: 'active', hasPassword: true });
    },
    async refuse(world) {
      const { email } = await newUser(world);
      return world.admin.users.create({ email: email.toUpperCase(), name: 'x', roles: ['user'] });
    },
    refusal: 'EMAIL_TAKEN',
  },
  'user.get': {
    async succeed(world) {
      const { id, email } = await newUser(world);
      expect(await world.admin.users.get({ id })).toMatchObject({ id, email });
    },
    refuse: ({ admin }) => admin.users.get({ id: nobody }),
    refusal: 'USER_UNKNOWN',
  },
  'user.list': {
    async succeed(world) {
      const { id, email } = await newUser(world);
      expect((await world.admin.users.list({ email })).items.map((user) => user.id)).toEqual([id]);
    },
    refuse: ({ asBob }) => asBob.users.list(),
    refusal: 'SCOPE_MISSING',
  },
  'user.update': {
    async succeed(world) {
      const { id, email } = await newUser(world, ['auditor']);
      const { accessToken } = await login(world.stranger, email);
      await world.admin.users.update({ id, roles: ['user'] });
      await eventually(async () =>
        expect(await whoami(world, accessToken)).toMatchObject({ id, scopes: ['read', 'write'] }),
      );
      await world.admin.users.update({ id, status: 'disabled' });
      await isRefused(world, accessToken);
    },
    refuse: ({ admin }) => admin.users.update({ id: nobody, name: 'x' }),
    refusal: 'USER_UNKNOWN',
  },
  'user.setPassword': {
    async succeed(world) {
      const { id, email } = await newUser(world);
      const { accessToken } = await login(world.stranger, email);
      await world.admin.users.setPassword({ id, password: 'two herons over the lake' });
      await isRefused(world, accessToken);
    },
    async refuse(world) {
      const { id } = await newUser(world);
      return world.admin.users.setPassword({ id, password: 'Password1234' });
    },
    refusal: 'PASSWORD_UNACCEPTABLE',
  },
  'user.erase': {
    async succeed(world) {
      const { id, email } = await newUser(world);
      await world.admin.users.erase({ id });
      expect(await world.admin.users.get({ id })).toMatchObject({
        status: 'erased',
        email: null,
        name: null,
      });
      expect((await world.admin.users.list({ email })).items).toEqual([]);
    },
    refuse: ({ admin }) => admin.users.erase({ id: nobody }),
    refusal: 'USER_UNKNOWN',
  },
  'auth.login': {
    async succeed(world) {
      const { id, email } = await newUser(world);
      const { accessToken } = await login(world.stranger, email);
      expect(await whoami(world, accessToken)).toMatchObject({ kind: 'user', id, scopes: ['read', 'write'] });
    },
    refuse: ({ stranger }) => login(stranger, newEmail()),
    refusal: 'LOGIN_REFUSED',
  },
  'auth.refresh': {
    async succeed(world) {
      const { id, email } = await newUser(world);
      const { refreshToken } = await login(world.stranger, email);
      const { accessToken } = await world.stranger.sessions.refresh({ refreshToken });
      expect(await whoami(world, accessToken)).toMatchObject({ kind: 'user', id });
    },
    async refuse(world) {
      const { email } = await newUser(world);
      const { refreshToken, sessionId } = await login(world.stranger, email);
      await world.admin.sessions.revoke({ id: sessionId });
      return world.stranger.sessions.refresh({ refreshToken });
    },
    refusal: 'REFRESH_REFUSED',
  },
  'session.list': {
    async succeed(world) {
      const { id, email } = await newUser(world);
      const { sessionId } = await login(world.stranger, email);
      const { items } = await world.admin.sessions.list({ userId: id });
      expect(items).toMatchObject([{ id: sessionId, userId: id, status: 'active' }]);
    },
    refuse: ({ admin }) => admin.sessions.list({ userId: nobody }),
    refusal: 'USER_UNKNOWN',
  },
  'session.revoke': {
    async succeed(world) {
      const { email } = await newUser(world);
      const { accessToken, sessionId } = await login(world.stranger, email);
      expect(await world.admin.sessions.revoke({ id: sessionId })).toMatchObject({ status: 'ended' });
      await isRefused(world, accessToken);
    },
    refuse: ({ admin }) => admin.sessions.revoke({ id: nobody }),
    refusal: 'SESSION_UNKNOWN',
  },
};
