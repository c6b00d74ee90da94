import { fromBase64url, type LogFiles } from '@concordat/crypto';
import { type Concordat, isConcordatProblem } from '@concordat/sdk';

/** The log as a gateway serves it. */
export const gatewayLog = ({ audit }: Concordat): LogFiles => ({
  read: async (path) => {
    try {
      const { body } = await ask(audit, path);
      return fromBase64url(body);
    } catch (error) {
      if (isConcordatProblem(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  },
});

function ask(audit: Concordat['audit'], path: string): Promise<{ body: string }> {
  if (path === 'checkpoint') return audit.checkpoint({});
  if (path === 'vkey') return audit.key({});
  const [, level = '', index = ''] = /^tile\/([^/]+)\/(.+)$/.exec(path) ?? [];
  return audit.tile({ level, index });
}
