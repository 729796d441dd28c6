-- Which of the staff saw whose data, what is odd about it, and a chain that shows
-- whether the audit is as it was written. Written by the package server/watch.

-- +goose Up

-- Appointments that nobody has a reason to open (honey records). The newest row
-- of an appointment says whether it is one.
CREATE TABLE honey (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	appointment_id bigint      NOT NULL REFERENCES appointment,
	marked         boolean     NOT NULL,
	actor          text        NOT NULL CHECK (actor <> ''),
	at             timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX honey_appointment ON honey (appointment_id, id);
SELECT keep_for_ever('honey');

-- What the security administrator has to look at. It names nobody but who looked.
CREATE TABLE alarm (
	id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at      timestamptz NOT NULL DEFAULT clock_now(),
	kind    text        NOT NULL CHECK (kind IN ('many_records', 'own_family_name', 'honey_record')),
	actor   text        NOT NULL CHECK (actor <> ''), -- who looked
	subject text        NOT NULL, -- at what; where it was many records, the actor again
	UNIQUE (id, actor)
);
CREATE INDEX alarm_actor ON alarm (actor, at);
SELECT keep_for_ever('alarm');

-- What came of an alarm: said once, and never by the one whom it is about.
CREATE TABLE alarm_answer (
	alarm_id bigint      PRIMARY KEY,
	about    text        NOT NULL,
	outcome  text        NOT NULL CHECK (outcome IN ('false_alarm', 'explained', 'followed_up')),
	reason   text        NOT NULL CHECK (reason <> ''),
	actor    text        NOT NULL CHECK (actor <> ''),
	at       timestamptz NOT NULL DEFAULT clock_now(),
	FOREIGN KEY (alarm_id, about) REFERENCES alarm (id, actor),
	CONSTRAINT alarm_answered_by_another CHECK (actor <> about)
);
SELECT keep_for_ever('alarm_answer');

-- What staff saw, to be counted for each of them; what couples do is not in it,
-- and costs nothing.
CREATE INDEX audit_reads ON audit (actor, at) WHERE action IN ('read', 'unmasked');
CREATE INDEX audit_at ON audit USING brin (at) WITH (pages_per_range = 16, autosummarize = on);

-- The chain: each seal covers the audit rows of transactions that had ended and were
-- not covered before, and the seal before it. Who changes a row has to make all
-- seals since anew, and the newest hash is in the log of every minute. Transactions
-- are numbered anew where a database is restored elsewhere: base is the last row
-- that is from before that.
CREATE TABLE audit_seal (
	id       bigint      PRIMARY KEY CHECK (id > 0),
	at       timestamptz NOT NULL DEFAULT clock_now(),
	from_tx  bigint      NOT NULL,
	to_tx    bigint      NOT NULL, -- the first that is not in it
	base     bigint      NOT NULL,
	last_row bigint      NOT NULL, -- the highest id in this seal or one before
	ids      bigint[]    NOT NULL,
	hashes   bytea[]     NOT NULL, -- one for each row
	previous bytea       NOT NULL,
	hash     bytea       NOT NULL CHECK (length(hash) = 32)
);
SELECT keep_for_ever('audit_seal');
CREATE INDEX audit_tx ON audit USING brin ((txid::text::bigint)) WITH (pages_per_range = 16, autosummarize = on);

CREATE FUNCTION audit_hash(a audit) RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT sha256(convert_to(jsonb_build_array(a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
		a.actor, a.action, a.subject, a.old_status, a.new_status, a.detail, a.txid::text)::text, 'UTF8'))
$$;

CREATE FUNCTION seal_hash(s audit_seal) RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT sha256(s.previous
		|| convert_to(jsonb_build_array(s.id, s.from_tx, s.to_tx, s.base, s.last_row, s.ids)::text, 'UTF8')
		|| (SELECT string_agg(h, '' ORDER BY n) FROM unnest(s.hashes) WITH ORDINALITY AS of (h, n)))
$$;

CREATE FUNCTION is_honey(appointment bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT coalesce((
		SELECT marked
		FROM honey
		WHERE appointment_id = appointment
		ORDER BY id DESC
		LIMIT 1), false)
$$;

-- +goose StatementBegin

-- note_reads writes one audit row for each subject that somebody is about to see,
-- and the alarms that this raises, which it returns. kin is the subjects that bear
-- the reader's own family name. Alarmed is who has opened more than so many records
-- within a while. The same alarm is not raised again within that while, nor, where
-- it is about one record, within a day. The reads of one person take turns, so that
-- none is counted too few.
CREATE FUNCTION note_reads(who text, what text, why text, subjects text[], kin text[], most int, within interval)
RETURNS TABLE (alarm bigint, kind text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	now timestamptz;
	opened int := 0;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('reads by ' || who, 0));
	PERFORM set_actor(who);
	PERFORM record_audit(what, s, NULL, NULL, why) FROM unnest(subjects) AS asked (s);
	IF what NOT IN ('read', 'unmasked') THEN
		RETURN;
	END IF;
	now := clock_now();
	SELECT count(DISTINCT subject) INTO opened
	FROM audit
	WHERE actor = who
	  AND action IN ('read', 'unmasked')
	  AND at > now - within;
	RETURN QUERY
	INSERT INTO alarm AS raised (kind, actor, subject)
	SELECT DISTINCT odd.kind, who, odd.subject
	FROM (
		SELECT 'many_records', who, within
		WHERE opened > most
		UNION ALL
		SELECT 'own_family_name', s, interval '1 day'
		FROM unnest(kin) AS asked (s)
		UNION ALL
		SELECT 'honey_record', s, interval '1 day'
		FROM unnest(subjects) AS asked (s)
		WHERE is_honey(substr(s, length('appointment:') + 1)::bigint)
	) AS odd (kind, subject, quiet)
	WHERE NOT EXISTS (
		SELECT
		FROM alarm AS before
		WHERE before.actor = who
		  AND before.kind = odd.kind
		  AND before.subject = odd.subject
		  AND before.at > now - odd.quiet)
	RETURNING raised.id, raised.kind;
END
$$;

-- seal_audit makes the next seal, if there is anything to be sealed: then it is not
-- null. It waits for nobody who writes the audit, and nobody waits for it.
CREATE FUNCTION seal_audit() RETURNS SETOF audit_seal LANGUAGE plpgsql AS $$
DECLARE
	last audit_seal;
	made audit_seal;
	now_at pg_snapshot;
	next_tx bigint;
	restored boolean;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('seal the audit', 0));
	SELECT * INTO last FROM audit_seal ORDER BY id DESC LIMIT 1;
	now_at := pg_current_snapshot();
	next_tx := pg_snapshot_xmax(now_at)::text::bigint;
	made.id := coalesce(last.id, 0) + 1;
	made.at := clock_now();
	made.from_tx := coalesce(last.to_tx, 0);
	made.to_tx := pg_snapshot_xmin(now_at)::text::bigint; -- whatever began before has ended
	made.base := coalesce(last.base, 0);
	made.previous := coalesce(last.hash, '');
	restored := made.to_tx < made.from_tx;
	IF restored THEN
		made.from_tx := 0;
		SELECT max(a.id) INTO made.base FROM audit AS a WHERE a.id <= last.last_row OR a.txid::text::bigint >= next_tx;
		SELECT array_agg(a.id ORDER BY a.id), array_agg(audit_hash(a) ORDER BY a.id)
		INTO made.ids, made.hashes
		FROM audit AS a
		WHERE (a.id <= made.base OR a.txid::text::bigint < made.to_tx)
		  AND NOT EXISTS (SELECT FROM (SELECT unnest(ids) AS id FROM audit_seal) AS sealed WHERE sealed.id = a.id);
	ELSE
		SELECT array_agg(a.id ORDER BY a.id), array_agg(audit_hash(a) ORDER BY a.id)
		INTO made.ids, made.hashes
		FROM audit AS a
		WHERE a.txid::text::bigint >= made.from_tx
		  AND a.txid::text::bigint < made.to_tx
		  AND a.id > made.base;
	END IF;
	IF made.ids IS NULL THEN
		RETURN;
	END IF;
	made.last_row := greatest(last.last_row, made.ids[cardinality(made.ids)]);
	made.hash := seal_hash(made);
	RETURN QUERY
	INSERT INTO audit_seal
	SELECT made.*
	RETURNING *;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION seal_audit, seal_hash, audit_hash, note_reads, is_honey;
DROP INDEX audit_reads, audit_at, audit_tx;
DROP TABLE audit_seal, alarm_answer, alarm, honey;
