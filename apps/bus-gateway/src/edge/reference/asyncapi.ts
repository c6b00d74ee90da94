import { apiInfo } from '../http/openapi';
import type { Json } from '../http/openapi-parts';
import { eventChannels } from './asyncapi-events';
import { grpcChannels } from './asyncapi-grpc';
import { httpChannels } from './asyncapi-http';
import type { Channels } from './channels';

const localhost = { default: 'localhost', description: 'Host that the door listens on.' };

const servers = {
  http: { host: '{host}:7400', protocol: 'http', variables: { host: localhost } },
  grpc: { host: '{host}:7401', protocol: 'grpc', variables: { host: localhost } },
  events: {
    host: '{host}:6379',
    protocol: 'redis',
    variables: { host: { default: 'localhost', description: 'Host of the durable Redis.' } },
    description: 'Inside of the system only: the streams that the services publish their events on.',
  },
};

/**
 * The catalogue as AsyncAPI 3.0, from the side of Concordat: what it receives of agents and sends to them, at each door,
 * and the events that its services send.
 */
export function asyncApiDocument(): Json {
  const parts = [httpChannels(), grpcChannels(), eventChannels()];
  const all = (kind: keyof Channels): Json => Object.assign({}, ...parts.map((part) => part[kind])) as Json;
  return {
    asyncapi: '3.0.0',
    info: {
      ...apiInfo,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers,
    channels: all('channels'),
    operations: all('operations'),
    components: {
      messages: all('messages'),
      schemas: all('schemas'),
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        apiKey: { type: 'httpApiKey', in: 'header', name: 'Authorization', description: '`ApiKey <key>`' },
      },
    },
  };
}
