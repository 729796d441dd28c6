-- Who has it: appointments, their parties and what became of every hold.
-- Written by the package booking. A hold itself is in Redis only.

-- +goose Up

-- What an appointment may become. The whole truth: the trigger below, the
-- package booking and the tests read this table. Who was received may leave with
-- a reason at any step, and is registered only by the counter that serves them.
CREATE TABLE status_move (
	old_status text NOT NULL,
	new_status text NOT NULL,
	PRIMARY KEY (old_status, new_status)
);
INSERT INTO status_move (old_status, new_status) VALUES
	('booked',     'checked_in'),
	('booked',     'late'),
	('booked',     'cancelled'),
	('booked',     'cancelled_by_office'),
	('booked',     'no_show'),
	('booked',     'health_deferred'),
	('late',       'called'),
	('late',       'not_accepted'),
	('late',       'health_deferred'),
	('late',       'cancelled_by_office'),
	('checked_in', 'called'),
	('checked_in', 'not_accepted'),
	('checked_in', 'health_deferred'),
	('checked_in', 'cancelled_by_office'),
	('called',     'checked_in'), -- a missed call is put back into the line
	('called',     'in_service'),
	('called',     'not_accepted'),
	('in_service', 'completed'),
	('in_service', 'not_accepted');

CREATE TABLE appointment (
	id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	number      text        NOT NULL UNIQUE CHECK (number ~ '^[1-9][0-9]{7}$'),
	hold_id     uuid        NOT NULL CONSTRAINT appointment_hold_once UNIQUE,
	office_id   text        NOT NULL REFERENCES office,
	quota_id    text        COLLATE "C" NOT NULL REFERENCES quota,
	service_id  text        NOT NULL REFERENCES service,
	biz_group   text        NOT NULL,
	day         date        NOT NULL,
	starts_at   timestamptz NOT NULL,
	ends_at     timestamptz NOT NULL,
	status      text        NOT NULL DEFAULT 'booked' CHECK (status IN ('booked', 'checked_in', 'called', 'in_service',
		'completed', 'not_accepted', 'cancelled', 'cancelled_by_office', 'late', 'no_show', 'health_deferred')),
	version     int         NOT NULL DEFAULT 1,
	reschedules int         NOT NULL DEFAULT 0,
	reminded_of date,       -- the day of the visit that a reminder has been asked for
	channel     text        NOT NULL CHECK (channel IN ('web', 'phone', 'counter')),
	caller      bytea,      -- sealed; who asked, where somebody else typed
	phone_key   bytea       NOT NULL CHECK (length(phone_key) = 32),
	contact     bytea       NOT NULL, -- sealed
	locale      text        NOT NULL CHECK (locale IN ('zh', 'en')),
	consents    jsonb       NOT NULL,
	created_at  timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX appointment_office_day ON appointment (office_id, day);
CREATE INDEX appointment_quota ON appointment (quota_id);
CREATE INDEX appointment_phone ON appointment (phone_key);

CREATE TABLE party (
	appointment_id bigint   NOT NULL REFERENCES appointment,
	role           smallint NOT NULL CHECK (role IN (1, 2)),
	person         bytea    NOT NULL CHECK (length(person) = 32), -- keyed hash of the identity document
	biz_group      text     NOT NULL,
	active         boolean  NOT NULL DEFAULT true,
	sealed         bytea    NOT NULL, -- name, document, sex, birth date
	PRIMARY KEY (appointment_id, role)
);
-- Nobody is in two active appointments of a business group (domain rule 31).
CREATE UNIQUE INDEX one_active_per_person ON party (person, biz_group) WHERE active;

-- The one end of a hold: C(onfirmed), R(eleased) or X (refused for good).
CREATE TABLE hold_outcome (
	hold_id        uuid        PRIMARY KEY,
	outcome        char(1)     NOT NULL CHECK (outcome IN ('C', 'R', 'X')),
	quota_id       text        COLLATE "C" NOT NULL,
	appointment_id bigint,
	reason         text,
	at             timestamptz NOT NULL DEFAULT clock_now()
);

CREATE TABLE idempotency (
	key     text        PRIMARY KEY, -- who asked for what, and the client's key
	body    bytea       NOT NULL,    -- keyed hash of the request
	hold_id uuid        NOT NULL,
	at      timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX idempotency_at ON idempotency (at);

-- +goose StatementBegin
CREATE FUNCTION appointment_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status = OLD.status AND NEW.quota_id = OLD.quota_id THEN
		RETURN NEW;
	END IF;
	IF NEW.status <> OLD.status AND NOT EXISTS (
		SELECT FROM status_move
		WHERE old_status = OLD.status
		  AND new_status = NEW.status
	) THEN
		RAISE EXCEPTION 'no move from % to %', OLD.status, NEW.status USING ERRCODE = 'HY004';
	END IF;
	NEW.version := OLD.version + 1;
	RETURN NEW;
END
$$;

CREATE FUNCTION is_active(status text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT status IN ('booked', 'late', 'checked_in', 'called', 'in_service')
$$;

-- Every change of state has one audit row and, where somebody must be told,
-- one message, in the same transaction.
CREATE FUNCTION appointment_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		PERFORM record_audit('booked', 'appointment:' || NEW.id, NULL, NEW.status, NEW.quota_id);
		PERFORM enqueue_message('booked', NEW.id);
		RETURN NULL;
	END IF;
	IF NEW.quota_id <> OLD.quota_id THEN
		PERFORM record_audit('moved', 'appointment:' || NEW.id, OLD.status, NEW.status, OLD.quota_id || ' ' || NEW.quota_id);
		PERFORM enqueue_message('moved', NEW.id);
	END IF;
	IF NEW.status <> OLD.status THEN
		PERFORM record_audit(NEW.status, 'appointment:' || NEW.id, OLD.status, NEW.status, NULL);
		IF is_active(OLD.status) AND NOT is_active(NEW.status) THEN
			UPDATE party SET active = false WHERE appointment_id = NEW.id;
		END IF;
		IF NEW.status IN ('cancelled', 'cancelled_by_office', 'no_show', 'health_deferred') THEN
			PERFORM enqueue_message(NEW.status, NEW.id);
		END IF;
	END IF;
	RETURN NULL;
END
$$;

CREATE TRIGGER moves BEFORE UPDATE ON appointment FOR EACH ROW EXECUTE FUNCTION appointment_moves();
CREATE TRIGGER changed AFTER INSERT OR UPDATE ON appointment FOR EACH ROW EXECUTE FUNCTION appointment_changed();

-- confirm makes an appointment of a hold, in one statement and one round trip.
--
-- Results: ok, replay (it was made before, for the same persons: the stored one),
-- other (it was made before, for other persons or by a move), void (the hold was
-- released or refused, for the reason given), gone (fresh is false and nothing was
-- made of it), key_reused, code_wrong, code_expired. Raised: HY001 expired, HY002
-- person busy, HY003 full, HY005 too many with this phone, HY006 key reused, HY008
-- closed.
--
-- The order matters. Replay comes before expiry, or a couple whose answer was
-- lost would be told "expired" and lose what they have. Persons come before
-- the quota, so that no refused request ever counts; the hot row comes last.
CREATE FUNCTION confirm(
	h uuid, fresh boolean, q text, ep int, expires timestamptz,
	idem text, body bytea, code bytea, actor text, per_phone int,
	service text, channel text, numbers text[], caller bytea, phone bytea, contact bytea, locale text, consents jsonb,
	persons bytea[], sealed bytea[],
	OUT result text, OUT reason text, OUT number text, OUT appointment bigint, OUT status text, OUT starts timestamptz, OUT ends timestamptz,
	OUT lines text[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	before record;
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

-- void_hold ends a hold as released (R) or refused (X) and returns how it has
-- really ended: 'C' means too late, it is an appointment.
CREATE FUNCTION void_hold(h uuid, q text, ending char, why text, OUT ended char, OUT lines text[]) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO hold_outcome (hold_id, outcome, quota_id, reason) VALUES (h, ending, q, why) ON CONFLICT DO NOTHING;
	SELECT outcome INTO ended FROM hold_outcome WHERE hold_id = h;
	lines := quota_lines(q);
END
$$;

-- end_appointment moves an appointment to a final status that frees its place,
-- which cools until the given instant (null: at once on sale). The result is
-- ok, or noop where it had that status before.
CREATE FUNCTION end_appointment(a bigint, ending text, cool_until timestamptz, actor text, OUT result text, OUT lines text[]) LANGUAGE plpgsql AS $$
DECLARE
	q text;
BEGIN
	PERFORM set_actor(actor);
	UPDATE appointment SET status = ending WHERE id = a AND status <> ending RETURNING quota_id INTO q;
	IF NOT FOUND THEN
		result := 'noop';
		lines := '{}';
		RETURN;
	END IF;
	PERFORM enqueue_settle(q);
	lines := free_place(q, cool_until);
	result := 'ok';
END
$$;

-- end_appointments does so for those of many appointments that are still booked,
-- in one go and without cooling, and returns the new lines.
CREATE FUNCTION end_appointments(these bigint[], ending text, actor text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	freed text[];
BEGIN
	PERFORM set_actor(actor);
	WITH ended AS (
		UPDATE appointment
		SET status = ending
		WHERE id = ANY (these)
		  AND status = 'booked'
		RETURNING quota_id
	)
	SELECT coalesce(array_agg(quota_id), '{}') INTO freed FROM ended;
	PERFORM enqueue_settle(q) FROM (SELECT DISTINCT unnest(freed) AS q) AS each;
	RETURN free_places(freed);
END
$$;

-- move_appointment takes the held place q and gives the old one back, in one
-- transaction: the old place is kept until the new one is sure (domain rule 35).
-- Results: ok, replay, other (the hold is another appointment's), void. Raised:
-- HY001, HY003, HY004 not booked, HY007 moved too often, HY008.
CREATE FUNCTION move_appointment(a bigint, h uuid, q text, ep int, expires timestamptz, most int, cool_until timestamptz, actor text,
	OUT result text, OUT lines text[]) LANGUAGE plpgsql AS $$
DECLARE
	before record;
	ended  record;
BEGIN
	SELECT outcome, appointment_id INTO ended FROM hold_outcome WHERE hold_id = h;
	IF NOT FOUND THEN
		IF clock_now() >= expires THEN
			RAISE EXCEPTION 'hold expired' USING ERRCODE = 'HY001';
		END IF;
		INSERT INTO hold_outcome (hold_id, outcome, quota_id, appointment_id) VALUES (h, 'C', q, a) ON CONFLICT DO NOTHING;
		IF NOT FOUND THEN
			SELECT outcome, appointment_id INTO ended FROM hold_outcome WHERE hold_id = h;
		END IF;
	END IF;
	IF ended.outcome IS NOT NULL THEN
		result := CASE WHEN ended.outcome <> 'C' THEN 'void' WHEN ended.appointment_id = a THEN 'replay' ELSE 'other' END;
		lines := quota_lines(q);
		RETURN;
	END IF;
	PERFORM set_actor(actor);
	SELECT quota_id, reschedules, service_id INTO before FROM appointment WHERE id = a AND status = 'booked' FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'not booked' USING ERRCODE = 'HY004';
	END IF;
	IF before.reschedules >= most THEN
		RAISE EXCEPTION 'moved too often' USING ERRCODE = 'HY007';
	END IF;
	PERFORM id
	FROM quota
	WHERE id IN (q, before.quota_id)
	   OR id = ANY ((SELECT parents FROM quota WHERE id = q)::text[])
	   OR id = ANY ((SELECT parents FROM quota WHERE id = before.quota_id)::text[])
	ORDER BY id
	FOR UPDATE;
	lines := take_place(q, ep) || free_place(before.quota_id, cool_until);
	IF service_suspended(q, before.service_id) THEN
		RAISE EXCEPTION 'closed' USING ERRCODE = 'HY008';
	END IF;
	UPDATE appointment
	SET quota_id = q, day = slot.day, starts_at = slot.starts_at, ends_at = slot.ends_at, reschedules = reschedules + 1
	FROM quota
	JOIN slot ON slot.id = quota.slot_id
	WHERE appointment.id = a
	  AND quota.id = q;
	PERFORM enqueue_settle(q);
	PERFORM enqueue_settle(before.quota_id);
	result := 'ok';
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION move_appointment, end_appointments, end_appointment, void_hold, confirm;
DROP TABLE idempotency, hold_outcome, party, appointment, status_move;
DROP FUNCTION appointment_changed, appointment_moves, is_active;
