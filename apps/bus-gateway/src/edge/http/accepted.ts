import { ConcordatError, type HttpBinding } from '@concordat/contracts';

/** What the stream of a binding is answered as. */
const mediaTypesOf = ({ lines }: HttpBinding): readonly string[] =>
  lines?.mediaTypes ?? ['text/event-stream'];

/** @throws ConcordatError MEDIA_TYPE_NOT_ACCEPTABLE when the caller takes no such stream (RFC 9110 §12.5.1) */
export function requireAccepted(http: HttpBinding, accept: string | undefined): void {
  const offered = mediaTypesOf(http).map((mediaType) => mediaType.split(';')[0]!);
  const ranges = ['*/*', ...offered, ...offered.map((mediaType) => mediaType.replace(/\/.*/, '/*'))];
  const taken = (accept ?? '*/*').split(',').map((range) => range.trim().toLowerCase());
  const isTaken = (range: string): boolean => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const isRefused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    return ranges.includes(type) && !isRefused;
  };
  if (!taken.some(isTaken)) throw new ConcordatError('MEDIA_TYPE_NOT_ACCEPTABLE');
}
