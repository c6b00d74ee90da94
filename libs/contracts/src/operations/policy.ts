import { z } from 'zod';
import { limits } from '../limits';
import { expectedVersion, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import { policy, policyDocument, policyId, policyRequest, ruleName, policyLimits } from '../policy';

/** Also of those that come with Concordat. */
const anyPolicyId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1–63 of a–z, 0–9 and -');

const policyInForce = policy.extend({
  id: anyPolicyId,
  /** null for those that come with Concordat */
  updatedAt: timestamp.nullable(),
});

const source = policyDocument.refine(
  (document) => Buffer.byteLength(JSON.stringify(document)) <= limits.policyBytes,
  `must be at most ${limits.policyBytes} bytes of JSON`,
);

const testResult = z.strictObject({
  policy: anyPolicyId,
  name: z.string(),
  passed: z.boolean(),
  /** The rule that decided; null: none. */
  rule: ruleName.nullable(),
  allow: z.boolean(),
});

const subject = policyRequest.shape.subject;
const resource = policyRequest.shape.resource;
const context = policyRequest.shape.context;

export const policyOperations = {
  'policy.put': operation({
    name: 'policy.put',
    service: 'iam',
    summary:
      'Publish a version of a policy: in force at once, if the tests beside the rules of all policies pass.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: {
      method: 'PUT',
      path: '/v1/policies/{id}',
      status: 200,
      headers: { 'if-match': 'ifMatch' },
      etag: 'version',
    },
    input: z.strictObject({ ...source.shape, ifMatch: expectedVersion }),
    output: policyInForce,
    errors: ['POLICY_TESTS_FAILED', 'POLICY_LOCKS_OUT', 'POLICY_LIMIT_REACHED'],
  }),
  'policy.dryRun': operation({
    name: 'policy.dryRun',
    service: 'iam',
    summary: 'Say what a policy would change, and whether all tests would pass, without publishing it.',
    kind: 'query',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'POST', path: '/v1/policies/{id}/dry-run', status: 200 },
    input: source,
    output: z.strictObject({
      results: z.array(testResult),
      /** Where a kind of caller would be let in otherwise than now. */
      changes: z.array(
        z.strictObject({
          who: z.string(),
          action: z.string(),
          before: z.string(),
          after: z.string(),
        }),
      ),
      /** Patterns that fit no operation. */
      idlePatterns: z.array(z.strictObject({ rule: z.string(), pattern: z.string() })),
    }),
    errors: ['POLICY_LIMIT_REACHED'],
  }),
  'policy.get': operation({
    name: 'policy.get',
    service: 'iam',
    summary: 'Read a policy as it is in force.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/policies/{id}', status: 200, etag: 'version' },
    input: z.strictObject({ id: anyPolicyId }),
    output: policyInForce,
    errors: ['POLICY_UNKNOWN'],
  }),
  'policy.list': operation({
    name: 'policy.list',
    service: 'iam',
    summary: 'List the policies in force by id, those that come with Concordat included.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/policies', status: 200 },
    input: z.strictObject({ ...pageInput }),
    output: page(
      policyInForce.omit({ rules: true, tests: true }).extend({
        rules: z.number().int().min(0).max(policyLimits.rulesPerPolicy).max(policyLimits.rulesPerPolicy),
        tests: z.number().int().min(0).max(policyLimits.testsPerPolicy),
      }),
    ),
    errors: [],
  }),
  'policy.remove': operation({
    name: 'policy.remove',
    service: 'iam',
    summary: 'Put a policy out of force.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'DELETE', path: '/v1/policies/{id}', status: 200, headers: { 'if-match': 'ifMatch' } },
    input: z.strictObject({ id: policyId, ifMatch: expectedVersion }),
    output: z.strictObject({ id: policyId, version: z.number().int(), removedAt: timestamp }),
    errors: ['POLICY_UNKNOWN', 'POLICY_TESTS_FAILED', 'POLICY_LOCKS_OUT'],
  }),
  'policy.check': operation({
    name: 'policy.check',
    service: 'iam',
    summary:
      'Ask what the policies of the tenant say of a request, and why: administrators of anybody, others of themselves.',
    kind: 'query',
    caller: 'credential',
    http: { method: 'POST', path: '/v1/policies/check', status: 200 },
    input: z.strictObject({
      /** What is left out, and is known here of the subject or the resource, is filled in. */
      subject: subject.partial({ tenant: true }),
      action: policyRequest.shape.action,
      resource: resource
        .partial({ tenant: true, type: true })
        .default({ id: null, owner: null, controllers: [] }),
      context: context.partial().default({}),
    }),
    output: z.strictObject({
      allow: z.boolean(),
      rule: z.string().nullable(),
      explain: z.array(
        z.strictObject({
          policy: z.string(),
          rule: z.string(),
          effect: z.enum(['allow', 'deny']),
          matched: z.boolean(),
          why: z.string(),
        }),
      ),
    }),
    errors: [],
  }),
};
