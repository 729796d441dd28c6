-- Which of the staff saw whose data, and what is odd about it. Written by the
-- package server/watch.

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
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION note_reads, is_honey;
DROP INDEX audit_reads, audit_at;
DROP TABLE alarm_answer, alarm, honey;
