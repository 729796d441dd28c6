-- Who is here and has still to be measured, and what of a visit may change. Written by
-- hall.

-- +goose Up

ALTER TABLE visit
	DROP CONSTRAINT visit_outcome_check,
	ADD CONSTRAINT visit_outcome_check CHECK (outcome IN ('noted', 'recheck', 'admitted', 'late', 'deferred'));

-- +goose StatementBegin

-- The outcome of a visit stays, but for those whom the leader on duty lets in. A
-- ticket that was drawn here gives way once to the one that a desk, which had no
-- answer, has put into the couple's hands. Whoever came along may turn out to have a
-- fever, or none: as many persons as before are counted. A visit of which nothing was
-- decided ends with its day: on the day to which its appointment was moved they come
-- anew.
CREATE OR REPLACE FUNCTION visit_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.ticket ~ '^[AB]' AND NEW.ticket ~ '^[C-Z]'
		AND (to_jsonb(OLD) - '{ticket,recorded_by}'::text[]) = (to_jsonb(NEW) - '{ticket,recorded_by}'::text[]) THEN
		RETURN NEW;
	END IF;
	IF NEW.companions + NEW.turned_away = OLD.companions + OLD.turned_away
		AND (to_jsonb(OLD) - '{companions,turned_away}'::text[]) = (to_jsonb(NEW) - '{companions,turned_away}'::text[]) THEN
		RETURN NEW;
	END IF;
	IF NEW.arrived_at <> OLD.arrived_at AND NEW.day = OLD.day OR NEW.appointment_id <> OLD.appointment_id
		OR OLD.outcome NOT IN ('noted', 'recheck', 'deferred')
		OR OLD.outcome <> 'noted' AND NEW.outcome = 'noted' AND NEW.day = OLD.day
		OR OLD.outcome = 'deferred' AND NOT EXISTS (SELECT FROM admission AS a WHERE a.appointment_id = NEW.appointment_id) THEN
		RAISE EXCEPTION 'the outcome of a visit stays' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION visit_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.ticket ~ '^[AB]' AND NEW.ticket ~ '^[C-Z]'
		AND (to_jsonb(OLD) - '{ticket,recorded_by}'::text[]) = (to_jsonb(NEW) - '{ticket,recorded_by}'::text[]) THEN
		RETURN NEW;
	END IF;
	IF NEW.arrived_at <> OLD.arrived_at OR NEW.appointment_id <> OLD.appointment_id
		OR OLD.outcome NOT IN ('recheck', 'deferred')
		OR OLD.outcome = 'deferred' AND NOT EXISTS (SELECT FROM admission AS a WHERE a.appointment_id = NEW.appointment_id) THEN
		RAISE EXCEPTION 'the outcome of a visit stays' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;
-- +goose StatementEnd
ALTER TABLE visit
	DROP CONSTRAINT visit_outcome_check,
	ADD CONSTRAINT visit_outcome_check CHECK (outcome IN ('recheck', 'admitted', 'late', 'deferred')) NOT VALID;
