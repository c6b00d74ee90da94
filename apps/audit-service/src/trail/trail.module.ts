import { Feed } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { Trail } from './trail';

@Module({
  providers: [{ provide: Trail, useFactory: (feed: Feed) => new Trail(feed), inject: [Feed] }],
  exports: [Trail],
})
export class TrailModule {}
