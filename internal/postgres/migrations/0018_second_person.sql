-- The second person by their own phone: a couple has its place, and whoever was
-- named second is in no appointment until they say so themselves. Written by the
-- package booking.

-- +goose Up

-- Unconfirmed is a second person who has said nothing yet: not active, so that
-- nobody blocks somebody else by typing their document.
ALTER TABLE party ADD COLUMN unconfirmed boolean NOT NULL DEFAULT false;
ALTER TABLE party ADD CONSTRAINT unconfirmed_is_second CHECK (NOT unconfirmed OR role = 2 AND NOT active);

-- How the second person of an appointment is asked, where the office has it so.
CREATE TABLE second_person (
	appointment_id bigint      PRIMARY KEY REFERENCES appointment,
	link           bytea       CONSTRAINT second_person_link UNIQUE CHECK (length(link) = 32), -- a hash of the secret in the link
	tries          int         NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5), -- since the link was last opened rightly
	confirmed_at   timestamptz,
	confirmed_by   text        CHECK (confirmed_by IN ('phone', 'presence')),
	phone_key      bytea       CHECK (length(phone_key) = 32), -- of the phone that they confirmed with
	consents       jsonb,      -- their own, where they gave them online
	waived         text        CHECK (waived <> ''), -- why the hall let the couple in without them being confirmed
	waived_by      text        CHECK (waived_by <> ''),
	CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL)),
	CHECK (confirmed_by IS DISTINCT FROM 'phone' OR consents IS NOT NULL),
	CHECK ((waived IS NULL) = (waived_by IS NULL)),
	CHECK (waived IS NULL OR confirmed_at IS NULL)
);
CREATE INDEX second_person_phone ON second_person (phone_key) WHERE phone_key IS NOT NULL;

-- +goose StatementBegin

-- take_second has the second person in the appointment, from now on. Raised:
-- HY002, they are in another one.
CREATE FUNCTION take_second(a bigint, how text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE party SET active = true, unconfirmed = false WHERE appointment_id = a AND unconfirmed;
	UPDATE second_person SET confirmed_at = clock_now(), confirmed_by = how, waived = NULL, waived_by = NULL WHERE appointment_id = a;
	PERFORM record_audit('second_confirmed', 'appointment:' || a, NULL, NULL, how);
EXCEPTION WHEN unique_violation THEN
	RAISE EXCEPTION 'person busy' USING ERRCODE = 'HY002';
END
$$;

-- confirm_second has the second person confirm with a phone of their own, whose
-- code is spent. Results: ok, replay (they have, with this phone), gone (the link
-- is used up, or what it leads to has ended), and those of spend_code. Raised:
-- HY002 the person is busy or kept from booking online, HY005 too many with this
-- phone.
CREATE FUNCTION confirm_second(given bytea, phone bytea, code bytea, spender uuid, agreed jsonb, per_phone int, misses int[], OUT result text) LANGUAGE plpgsql AS $$
DECLARE
	asked record;
BEGIN
	SELECT a.id, a.status, a.quota_id, s.tries, s.confirmed_at, s.phone_key, p.person INTO asked
	FROM second_person AS s
	JOIN appointment AS a ON a.id = s.appointment_id
	JOIN party AS p ON p.appointment_id = a.id AND p.role = 2
	WHERE s.link = given
	FOR NO KEY UPDATE OF a, s;
	IF NOT FOUND OR asked.status <> 'booked' OR asked.tries >= 5 THEN
		result := 'gone';
		RETURN;
	END IF;
	IF asked.confirmed_at IS NOT NULL THEN
		result := CASE WHEN asked.phone_key = phone THEN 'replay' ELSE 'gone' END;
		RETURN;
	END IF;
	result := spend_code(phone, code, spender);
	IF result <> 'ok' THEN
		RETURN;
	END IF;
	PERFORM set_actor('couple');
	IF per_phone > 0 THEN
		PERFORM pg_advisory_xact_lock(hashtextextended(encode(phone, 'hex'), 0)); -- as those who book with it
		IF (
			SELECT count(*)
			FROM second_person AS s
			JOIN appointment AS a ON a.id = s.appointment_id
			WHERE s.phone_key = phone
			  AND is_active(a.status)
		) >= per_phone THEN
			RAISE EXCEPTION 'too many with this phone' USING ERRCODE = 'HY005';
		END IF;
	END IF;
	UPDATE second_person SET phone_key = phone, consents = agreed WHERE appointment_id = asked.id;
	PERFORM take_second(asked.id, 'phone');
	IF restricted(ARRAY[asked.person], misses, asked.quota_id) THEN -- in the words that somebody busy has
		RAISE EXCEPTION 'person busy' USING ERRCODE = 'HY002';
	END IF;
END
$$;

-- second_present confirms a second person who stands in the hall. If they are in
-- another appointment, that one is the answer and nothing has changed, unless
-- somebody has said, now or before, why the couple is let in all the same: then
-- the second person stays in the other one.
CREATE FUNCTION second_present(a bigint, why text, actor text, OUT number text, OUT office text) LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM party WHERE appointment_id = a AND unconfirmed) THEN
		RETURN;
	END IF;
	BEGIN
		PERFORM take_second(a, 'presence');
		RETURN;
	EXCEPTION WHEN SQLSTATE 'HY002' THEN
		IF why <> '' THEN
			UPDATE second_person SET waived = why, waived_by = actor WHERE appointment_id = a;
			PERFORM record_audit('second_waived', 'appointment:' || a, NULL, NULL, NULL);
		END IF;
	END;
	IF EXISTS (SELECT FROM second_person WHERE appointment_id = a AND waived IS NOT NULL) THEN
		RETURN;
	END IF;
	SELECT other.number, other.office_id INTO number, office
	FROM party AS p
	JOIN party AS q ON q.person = p.person AND q.biz_group = p.biz_group AND q.active
	JOIN appointment AS other ON other.id = q.appointment_id
	WHERE p.appointment_id = a
	  AND p.unconfirmed;
END
$$;

-- active_again is that of 0016; who was never confirmed is not confirmed by it.
CREATE OR REPLACE FUNCTION active_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE party SET active = true WHERE appointment_id = NEW.id AND NOT unconfirmed;
	RETURN NULL;
EXCEPTION WHEN unique_violation THEN
	RAISE EXCEPTION 'person busy' USING ERRCODE = 'HY002';
END
$$;

-- erase_appointment is that of 0008 with what is kept of the second person's
-- phone and link.
CREATE OR REPLACE FUNCTION erase_appointment(a bigint, miss_counts_until date, actor text, why text) RETURNS boolean LANGUAGE plpgsql AS $$
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
	UPDATE second_person SET link = NULL, phone_key = NULL WHERE appointment_id = a;
	DELETE FROM idempotency WHERE hold_id = erased.hold_id;
	PERFORM record_audit('data_erased', 'appointment:' || a, NULL, NULL, why);
	RETURN true;
END
$$;

-- confirm is that of 0008. With a link it leaves the second person unconfirmed: it
-- then asks nothing about them, and so tells nothing about them.
DROP FUNCTION confirm;
CREATE FUNCTION confirm(
	h uuid, fresh boolean, q text, ep int, expires timestamptz,
	idem text, body bytea, code bytea, actor text, per_phone int,
	service text, channel text, numbers text[], caller bytea, phone bytea, contact bytea, locale text, consents jsonb,
	persons bytea[], sealed bytea[], misses int[], link bytea,
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
	kept_out := restricted(CASE WHEN link IS NULL THEN persons ELSE persons[1:1] END, misses, q);
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
		INSERT INTO party (appointment_id, role, person, biz_group, sealed, active, unconfirmed)
		SELECT confirm.appointment, p.role, p.person, a.biz_group, p.sealed, p.role = 1 OR confirm.link IS NULL, p.role = 2 AND confirm.link IS NOT NULL
		FROM unnest(persons, confirm.sealed) WITH ORDINALITY AS p (person, sealed, role)
		JOIN appointment AS a ON a.id = confirm.appointment
		ORDER BY p.person; -- one order for all, so that couples who share a person cannot deadlock
	EXCEPTION WHEN unique_violation THEN
		RAISE EXCEPTION 'person busy' USING ERRCODE = 'HY002';
	END;
	IF kept_out THEN -- as late and in the same words as somebody busy: nobody can tell one from the other
		RAISE EXCEPTION 'person busy' USING ERRCODE = 'HY002';
	END IF;
	IF confirm.link IS NOT NULL THEN
		INSERT INTO second_person (appointment_id, link) VALUES (confirm.appointment, confirm.link);
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
DROP FUNCTION confirm; -- that of 0008 has to be made anew from that file, as have erase_appointment and active_again of 0016
DROP FUNCTION second_present, confirm_second, take_second;
DROP TABLE second_person;
ALTER TABLE party DROP COLUMN unconfirmed;
