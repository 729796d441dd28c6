-- What couples may do about their own data, how long it is kept, and who is
-- kept from booking online. Written by the package booking.

-- +goose Up

-- An ended appointment whose data were erased keeps its row, its figures and its
-- states; contact and sealed are then empty, and the keys are nobody's.
ALTER TABLE appointment
	ADD COLUMN erased_at timestamptz,
	ADD COLUMN former_contact bytea; -- sealed; the phone before this one, until it has been told
CREATE INDEX appointment_to_erase ON appointment (day) WHERE erased_at IS NULL AND NOT is_active(status); -- a new one is not in it

-- Where data are erased while a missed appointment still counts, its mark stays
-- until it does not (domain rule 50): see missed_mark.
ALTER TABLE party ADD COLUMN counts_until date;
CREATE INDEX party_counts_until ON party (counts_until) WHERE counts_until IS NOT NULL;
CREATE INDEX party_person_before ON party (person) WHERE NOT active;

-- Missed appointments that count for nothing, by a decision of staff (domain
-- rules 51 and 53).
CREATE TABLE excuse (
	appointment_id bigint      PRIMARY KEY REFERENCES appointment,
	reason         text        NOT NULL CHECK (reason <> ''),
	actor          text        NOT NULL CHECK (actor <> ''),
	at             timestamptz NOT NULL DEFAULT clock_now()
);
SELECT keep_for_ever('excuse');

-- The messages that go with it: somebody has tried to book with a document that
-- is booked with, or that is kept from booking, and the phone was changed.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('settle', 'code', 'booked', 'moved', 'cancelled',
	'cancelled_by_office', 'no_show', 'health_deferred', 'reminder', 'tried', 'restricted', 'phone_changed'));

-- nobody is a key that belongs to nobody and to no other row.
CREATE FUNCTION nobody() RETURNS bytea LANGUAGE sql VOLATILE AS $$
	SELECT sha256(uuid_send(gen_random_uuid()))
$$;

-- missed_mark stands for a person's key in a missed appointment whose data were
-- erased: it counts, and leads to nobody who is looked for.
CREATE FUNCTION missed_mark(person bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT sha256('missed'::bytea || person)
$$;

-- restricted_until is the last day on which a person cannot book online: so many
-- days (the third of misses) after as many missed appointments (the first) as
-- lie within so many days (the second). Null: there was never such a day. Counted
-- is who was named first in the booking (domain rules 50 to 54).
CREATE FUNCTION restricted_until(who bytea, misses int[]) RETURNS date LANGUAGE sql STABLE AS $$
	SELECT max(day) + misses[3]
	FROM (
		SELECT a.day, lag(a.day, misses[1] - 1) OVER (ORDER BY a.day, a.id) AS since
		FROM party AS p
		JOIN appointment AS a ON a.id = p.appointment_id
		WHERE p.person IN (who, missed_mark(who))
		  AND NOT p.active
		  AND p.role = 1
		  AND a.status = 'no_show'
		  AND NOT EXISTS (SELECT FROM excuse AS e WHERE e.appointment_id = a.id)
	) AS missed
	WHERE since >= day - misses[2]
$$;

-- restricted reports whether one of persons cannot book a place of quota q
-- online today. Null or a count of 0 restricts nobody.
CREATE FUNCTION restricted(persons bytea[], misses int[], q text) RETURNS boolean LANGUAGE sql VOLATILE AS $$
	SELECT coalesce(misses[1] > 0 AND misses[3] > 0 AND EXISTS (
		SELECT
		FROM unnest(persons) AS asked (who)
		WHERE restricted_until(who, misses) >= (
			SELECT (clock_now() AT TIME ZONE o.time_zone)::date
			FROM quota
			JOIN office AS o ON o.id = quota.office_id
			WHERE quota.id = q)), false)
$$;

-- +goose StatementBegin

-- enqueue_once asks for a message that an appointment gets once in a day at most.
-- Two who ask take turns.
CREATE FUNCTION enqueue_once(kind text, appointment bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended(kind || ' ' || appointment, 0));
	IF NOT EXISTS (
		SELECT
		FROM outbox AS o
		WHERE o.appointment_id = appointment
		  AND o.kind = enqueue_once.kind
		  AND o.at > clock_now() - interval '1 day'
	) THEN
		PERFORM enqueue_message(kind, appointment);
	END IF;
END
$$;

-- explain_refusal tells those whom a refused confirmation is about: at the phone
-- that they left with an appointment, never at the phone that asked. The code
-- that asked is used up. If the phone is the same one, that is theirs; until is
-- then the last day on which they cannot book online, or null.
CREATE FUNCTION explain_refusal(persons bytea[], misses int[], q text, phone bytea, code bytea, spender uuid,
	OUT theirs boolean, OUT until date) LANGUAGE plpgsql AS $$
DECLARE
	about record;
BEGIN
	IF code IS NOT NULL THEN
		PERFORM spend_code(phone, code, spender);
	END IF;
	theirs := false;
	FOR about IN
		SELECT a.id, 'tried' AS kind, a.phone_key, NULL::date AS last
		FROM party AS p
		JOIN appointment AS a ON a.id = p.appointment_id
		WHERE p.active
		  AND p.person = ANY (persons)
		  AND p.biz_group = (SELECT biz_group FROM quota WHERE id = q)
		UNION
		SELECT (
				SELECT max(a.id)
				FROM party AS p
				JOIN appointment AS a ON a.id = p.appointment_id
				WHERE p.person = who
				  AND p.role = 1
				  AND a.status = 'no_show'
				  AND a.erased_at IS NULL
			), 'restricted', NULL, restricted_until(who, misses)
		FROM unnest(persons) AS asked (who)
		WHERE restricted(ARRAY[who], misses, q)
		ORDER BY id
	LOOP
		IF about.kind = 'restricted' THEN
			SELECT a.phone_key INTO about.phone_key FROM appointment AS a WHERE a.id = about.id;
		END IF;
		IF about.phone_key = phone THEN
			theirs := true;
			until := greatest(until, about.last);
		ELSIF about.id IS NOT NULL THEN
			PERFORM enqueue_once(about.kind, about.id);
		END IF;
	END LOOP;
END
$$;

-- erase_appointment takes out of an appointment that has ended whatever names or
-- finds a person, and reports whether it was there until now. Raised: HY004, it
-- is still active. A miss counts until the day given.
CREATE FUNCTION erase_appointment(a bigint, miss_counts_until date, actor text, why text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	erased record;
	counts date;
BEGIN
	PERFORM set_actor(actor);
	UPDATE appointment
	SET erased_at = clock_now(), phone_key = nobody(), contact = '', caller = NULL, former_contact = NULL
	WHERE id = a
	  AND erased_at IS NULL
	  AND NOT is_active(status)
	RETURNING hold_id, status INTO erased;
	IF NOT FOUND THEN
		IF EXISTS (SELECT FROM appointment WHERE id = a AND erased_at IS NULL) THEN
			RAISE EXCEPTION 'still active' USING ERRCODE = 'HY004';
		END IF;
		RETURN false;
	END IF;
	IF erased.status = 'no_show' AND miss_counts_until >= clock_now()::date THEN
		counts := miss_counts_until;
	END IF;
	UPDATE party
	SET sealed = '',
	    person = CASE WHEN role = 1 AND counts IS NOT NULL THEN missed_mark(person) ELSE nobody() END,
	    counts_until = CASE WHEN role = 1 THEN counts END
	WHERE appointment_id = a;
	DELETE FROM idempotency WHERE hold_id = erased.hold_id;
	PERFORM record_audit('data_erased', 'appointment:' || a, NULL, NULL, why);
	RETURN true;
END
$$;

-- confirm is that of 0004 with one more question: whether somebody is kept from
-- booking online. It has the result that somebody busy has.
DROP FUNCTION confirm;
CREATE FUNCTION confirm(
	h uuid, fresh boolean, q text, ep int, expires timestamptz,
	idem text, body bytea, code bytea, actor text, per_phone int,
	service text, channel text, numbers text[], caller bytea, phone bytea, contact bytea, locale text, consents jsonb,
	persons bytea[], sealed bytea[], misses int[],
	OUT result text, OUT reason text, OUT number text, OUT appointment bigint, OUT status text, OUT starts timestamptz, OUT ends timestamptz,
	OUT lines text[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	before record;
	kept_out boolean;
BEGIN
	IF EXISTS (SELECT FROM idempotency AS i WHERE i.key = idem AND i.body <> confirm.body) THEN
		result := 'key_reused';
		RETURN;
	END IF;

	SELECT o.outcome, o.appointment_id, o.quota_id, o.reason INTO before FROM hold_outcome AS o WHERE o.hold_id = h;
	IF NOT FOUND THEN
		IF NOT fresh THEN
			result := 'gone';
			RETURN;
		END IF;
		IF clock_now() >= expires THEN
			RAISE EXCEPTION 'hold expired' USING ERRCODE = 'HY001';
		END IF;
		IF code IS NOT NULL THEN
			result := spend_code(phone, code, h);
			IF result <> 'ok' THEN
				RETURN;
			END IF;
		END IF;
		INSERT INTO hold_outcome (hold_id, outcome, quota_id) VALUES (h, 'C', q) ON CONFLICT DO NOTHING; -- waits for a twin
		IF NOT FOUND THEN
			SELECT o.outcome, o.appointment_id, o.quota_id, o.reason INTO before FROM hold_outcome AS o WHERE o.hold_id = h;
		END IF;
	END IF;
	IF before.outcome IS NOT NULL THEN
		lines := quota_lines(before.quota_id);
		SELECT a.id, a.number, a.status, a.starts_at, a.ends_at
		INTO appointment, number, status, starts, ends
		FROM appointment AS a
		WHERE a.id = before.appointment_id
		  AND a.hold_id = h
		  AND (SELECT array_agg(p.person ORDER BY p.person) FROM party AS p WHERE p.appointment_id = a.id)
		    = (SELECT array_agg(person ORDER BY person) FROM unnest(persons) AS asked (person));
		result := CASE WHEN before.outcome <> 'C' THEN 'void' WHEN FOUND THEN 'replay' ELSE 'other' END;
		reason := before.reason;
		RETURN;
	END IF;

	PERFORM set_actor(actor);
	IF per_phone > 0 THEN
		PERFORM pg_advisory_xact_lock(hashtextextended(encode(phone, 'hex'), 0)); -- two bookings by one phone take turns
		IF (SELECT count(*) FROM appointment AS a WHERE a.phone_key = phone AND is_active(a.status)) >= per_phone THEN
			RAISE EXCEPTION 'too many with this phone' USING ERRCODE = 'HY005';
		END IF;
	END IF;
	kept_out := restricted(persons, misses, q);
	SELECT n INTO number
	FROM unnest(numbers) WITH ORDINALITY AS c (n, rank)
	WHERE NOT EXISTS (SELECT FROM appointment AS a WHERE a.number = n)
	ORDER BY rank
	LIMIT 1;
	INSERT INTO appointment (number, hold_id, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at,
		channel, caller, phone_key, contact, locale, consents)
	SELECT confirm.number, h, quota.office_id, q, service, quota.biz_group, quota.day, slot.starts_at, slot.ends_at,
		confirm.channel, confirm.caller, phone, confirm.contact, confirm.locale, confirm.consents
	FROM quota
	JOIN slot ON slot.id = quota.slot_id
	WHERE quota.id = q
	RETURNING id, appointment.status, starts_at, ends_at INTO appointment, status, starts, ends;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'closed' USING ERRCODE = 'HY008'; -- the slot has been withdrawn
	END IF;
	BEGIN
		INSERT INTO party (appointment_id, role, person, biz_group, sealed)
		SELECT confirm.appointment, p.role, p.person, a.biz_group, p.sealed
		FROM unnest(persons, confirm.sealed) WITH ORDINALITY AS p (person, sealed, role)
		JOIN appointment AS a ON a.id = confirm.appointment
		ORDER BY p.person; -- one order for all, so that couples who share a person cannot deadlock
	EXCEPTION WHEN unique_violation THEN
		RAISE EXCEPTION 'person busy' USING ERRCODE = 'HY002';
	END;
	IF kept_out THEN -- as late and in the same words as somebody busy: nobody can tell one from the other
		RAISE EXCEPTION 'person busy' USING ERRCODE = 'HY002';
	END IF;
	UPDATE hold_outcome SET appointment_id = confirm.appointment WHERE hold_id = h;
	INSERT INTO idempotency (key, body, hold_id) VALUES (idem, confirm.body, h) ON CONFLICT DO NOTHING;
	IF NOT FOUND AND EXISTS (SELECT FROM idempotency AS i WHERE i.key = idem AND i.body <> confirm.body) THEN
		RAISE EXCEPTION 'key reused' USING ERRCODE = 'HY006';
	END IF;
	PERFORM enqueue_settle(q);
	lines := take_place(q, ep);
	IF service_suspended(q, service) THEN -- asked once the quota is ours: a suspension locks it as well
		RAISE EXCEPTION 'closed' USING ERRCODE = 'HY008';
	END IF;
	result := 'ok';
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION confirm; -- that of 0004 has to be made anew from that file
DROP FUNCTION erase_appointment, explain_refusal, enqueue_once, restricted, restricted_until, missed_mark, nobody;
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('settle', 'code', 'booked', 'moved', 'cancelled',
	'cancelled_by_office', 'no_show', 'health_deferred', 'reminder')) NOT VALID;
DROP TABLE excuse;
DROP INDEX party_person_before;
ALTER TABLE party DROP COLUMN counts_until;
ALTER TABLE appointment DROP COLUMN former_contact, DROP COLUMN erased_at;
