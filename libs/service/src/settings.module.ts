import { type DynamicModule, Global, Module } from '@nestjs/common';

/**
 * The settings of a service, for all of its modules. Apart from the root module, because Nest starts global modules first
 * and stops them last: the doors are to open when everything behind them runs, and to close before it stops.
 */
@Global()
@Module({})
export class SettingsModule {
  static for(token: symbol, settings: object): DynamicModule {
    const provider = { provide: token, useValue: settings };
    return { module: SettingsModule, providers: [provider], exports: [token] };
  }
}
