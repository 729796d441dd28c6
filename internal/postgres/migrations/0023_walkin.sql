-- Couples who come without an appointment. Written by booking.

-- +goose Up

-- A walk-in has a place of its day as anybody who has booked, and nobody's data: it
-- is as an appointment whose data were erased, from the beginning.
ALTER TABLE appointment
	ADD COLUMN walk_in boolean NOT NULL DEFAULT false,
	ADD CONSTRAINT walk_in_names_nobody CHECK (NOT walk_in OR erased_at IS NOT NULL AND contact = '' AND caller IS NULL);

-- +goose StatementBegin

-- confirm_walk_in makes of a hold the appointment of somebody who is there, with so
-- many parties as the service needs at least and nothing that says who they are.
--
-- Results: ok, replay (it was made before, of this hold), void (the hold was
-- released or refused), key_reused. Raised: HY001 expired, HY003 full, HY006 the
-- same key at the same moment for another place, HY008 closed.
CREATE FUNCTION confirm_walk_in(
	h uuid, q text, ep int, expires timestamptz, idem text, body bytea, actor text, service text, numbers text[], locale text,
	OUT result text, OUT appointment bigint, OUT lines text[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	before record;
	now timestamptz := clock_now();
BEGIN
	IF EXISTS (SELECT FROM idempotency AS i WHERE i.key = idem AND i.body <> confirm_walk_in.body) THEN
		result := 'key_reused';
		RETURN;
	END IF;
	INSERT INTO hold_outcome (hold_id, outcome, quota_id) VALUES (h, 'C', q) ON CONFLICT DO NOTHING; -- waits for a twin
	IF NOT FOUND THEN
		SELECT o.outcome, o.appointment_id INTO before FROM hold_outcome AS o WHERE o.hold_id = h;
		result := CASE WHEN before.outcome = 'C' THEN 'replay' ELSE 'void' END;
		appointment := before.appointment_id;
		lines := quota_lines(q);
		RETURN;
	END IF;
	IF now >= expires THEN
		RAISE EXCEPTION 'hold expired' USING ERRCODE = 'HY001';
	END IF;
	PERFORM set_actor(actor);
	INSERT INTO appointment (number, hold_id, office_id, quota_id, service_id, biz_group, day, starts_at, ends_at,
		channel, phone_key, contact, locale, consents, created_at, erased_at, walk_in)
	SELECT (
			SELECT n
			FROM unnest(numbers) WITH ORDINALITY AS c (n, rank)
			WHERE NOT EXISTS (SELECT FROM appointment AS a WHERE a.number = n)
			ORDER BY rank
			LIMIT 1
		), h, quota.office_id, q, service, quota.biz_group, quota.day, slot.starts_at, slot.ends_at,
		'counter', nobody(), '', confirm_walk_in.locale, '{}', now, now, true
	FROM quota
	JOIN slot ON slot.id = quota.slot_id
	WHERE quota.id = q
	RETURNING id INTO appointment;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'closed' USING ERRCODE = 'HY008'; -- the slot has been withdrawn
	END IF;
	INSERT INTO party (appointment_id, role, person, biz_group, sealed)
	SELECT a.id, n, nobody(), a.biz_group, ''
	FROM appointment AS a
	JOIN service AS s ON s.id = a.service_id
	CROSS JOIN generate_series(1, s.parties_min) AS n
	WHERE a.id = appointment;
	UPDATE hold_outcome SET appointment_id = confirm_walk_in.appointment WHERE hold_id = h;
	INSERT INTO idempotency (key, body, hold_id) VALUES (idem, confirm_walk_in.body, h) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'key reused' USING ERRCODE = 'HY006';
	END IF;
	PERFORM enqueue_settle(q);
	lines := take_place(q, ep);
	IF service_suspended(q, service) THEN
		RAISE EXCEPTION 'closed' USING ERRCODE = 'HY008';
	END IF;
	result := 'ok';
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION confirm_walk_in;
ALTER TABLE appointment DROP COLUMN walk_in;
