import { Counter, Gauge } from 'prom-client';
import type { PartitionLook } from './partition-look';

/** Partitions are few, tenants and agents are not: those are no labels. A sample that is not known is not there. */
const ofPartition = (name: string, help: string): Gauge =>
  new Gauge({ name: `concordat_bus_${name}`, help, labelNames: ['partition'] });

const gauges = {
  messages: ofPartition('messages', 'Messages that wait or are leased.'),
  leased: ofPartition('leased_messages', 'Messages that a consumer has under a lease.'),
  delayed: ofPartition('delayed_messages', 'Messages that wait for their time.'),
  deadLetters: ofPartition('dead_letters', 'Messages that were given up after their last attempt.'),
  oldestSeconds: ofPartition(
    'oldest_wait_seconds',
    'Time since the oldest message next in line was accepted.',
  ),
  feedLength: ofPartition('feed_events', 'Events in the audit feed of the partition.'),
};
type Figure = keyof typeof gauges;

export const publishedMessages = new Counter({
  name: 'concordat_bus_published_messages_total',
  help: 'Messages that this gateway has sent to the bus, repetitions and refused ones included.',
});

export const deliveredMessages = new Counter({
  name: 'concordat_bus_delivered_messages_total',
  help: 'Messages that this gateway has handed out under a lease.',
});

export const waitingReaders = new Gauge({
  name: 'concordat_bus_waiting_readers',
  help: 'Requests and streams that wait for messages at this gateway.',
});

export const openStreams = new Gauge({
  name: 'concordat_bus_open_streams',
  help: 'Streams and connections that are open at this gateway.',
});

/** What this gateway has seen of a partition. */
export function showPartition(look: PartitionLook): void {
  const labels = { partition: look.partition };
  for (const figure of Object.keys(gauges) as Figure[]) {
    const value = look[figure];
    if (value === undefined) gauges[figure].remove(labels);
    else gauges[figure].set(labels, value);
  }
}

/** Nothing is known of the partition: another gateway is on the watch, or Redis does not answer. */
export function hidePartition(partition: number): void {
  for (const gauge of Object.values(gauges)) gauge.remove({ partition });
}
