-- The end of a session is a withdrawal of its tokens, which doors forget when the last of them has ended (900 s and 5 s for
-- clocks that differ).
INSERT INTO withdrawals (tenant, name, until, epoch, position)
SELECT tenant, 'session:' || id, strftime('%Y-%m-%dT%H:%M:%fZ', ended_at, '+905 seconds'), epoch, position
FROM sessions WHERE ended_at IS NOT NULL
ON CONFLICT DO NOTHING;

DROP INDEX sessions_by_end;
