-- How many an agent has made that have not ended is asked before each further one.
CREATE INDEX delegations_live ON delegations (tenant, from_did, expires_at) WHERE status = 'active';
