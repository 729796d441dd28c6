-- The line of a day: who waits where, which counters are open, how many couples
-- are inside. Written by hall.

-- +goose Up

-- A day at a hall. Whoever changes anything of the day locks this row first, so
-- that its line has one order and no two counters call the same couple.
CREATE TABLE hall_day (
	office_id text NOT NULL REFERENCES office,
	day       date NOT NULL,
	inside    int  NOT NULL DEFAULT 0 CHECK (inside >= 0), -- couples
	room      int  CHECK (room >= 0),                      -- for so many; null: for all
	batch     int  NOT NULL DEFAULT 0 CHECK (batch >= 0),  -- may still enter of those who are let in together
	PRIMARY KEY (office_id, day)
);

-- A couple with a ticket.
CREATE TABLE line_place (
	appointment_id bigint      PRIMARY KEY REFERENCES appointment,
	office_id      text        NOT NULL,
	day            date        NOT NULL,
	turn_at        timestamptz NOT NULL,                   -- the line is in this order
	calls          smallint    NOT NULL DEFAULT 0,         -- in this round
	rounds         smallint    NOT NULL DEFAULT 0,         -- in which nobody came
	counter        text,                                   -- that called or serves them
	serving        boolean     NOT NULL DEFAULT false,     -- there
	for_counter    text,                                   -- sent on to this one alone
	parked         boolean     NOT NULL DEFAULT false,     -- not to be called for now
	inside         boolean     NOT NULL DEFAULT false,
	FOREIGN KEY (office_id, day) REFERENCES hall_day,
	CONSTRAINT serving_somewhere CHECK (counter IS NOT NULL OR NOT serving)
);
CREATE INDEX line_place_day ON line_place (office_id, day, turn_at);
-- A counter serves one couple at a time.
CREATE UNIQUE INDEX one_at_a_counter ON line_place (office_id, day, counter) WHERE serving;

-- What happened to a place in the line, besides calls.
CREATE TABLE line_step (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	appointment_id bigint      NOT NULL REFERENCES appointment,
	step           text        NOT NULL CHECK (step IN ('entered', 'left', 'recalled', 'passed', 'parked', 'resumed', 'forwarded', 'undone')),
	counter        text        CHECK (counter ~ '^[0-9A-Za-z]{1,8}$'),
	actor          text        NOT NULL CHECK (actor <> ''),
	at             timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX line_step_appointment ON line_step (appointment_id, id);
SELECT keep_for_ever('line_step');

-- A counter that is open, or was, and who sits there.
CREATE TABLE counter_session (
	id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	office_id text        NOT NULL,
	day       date        NOT NULL,
	counter   text        NOT NULL CHECK (counter ~ '^[0-9A-Za-z]{1,8}$'),
	registrar text        NOT NULL CHECK (registrar <> ''),
	opened_at timestamptz NOT NULL DEFAULT clock_now(),
	closed_at timestamptz,
	FOREIGN KEY (office_id, day) REFERENCES hall_day
);
CREATE UNIQUE INDEX counter_open_once ON counter_session (office_id, day, counter) WHERE closed_at IS NULL;

-- A couple with a fever that the leader on duty let in all the same.
CREATE TABLE admission (
	appointment_id bigint      PRIMARY KEY REFERENCES appointment,
	reason         text        NOT NULL CHECK (reason <> ''),
	actor          text        NOT NULL CHECK (actor <> ''),
	at             timestamptz NOT NULL DEFAULT clock_now()
);
SELECT keep_for_ever('admission');

-- Tickets: A is the booked, B walk-in order, C to Z the desks that went on while
-- the server was away.
ALTER TABLE visit
	DROP CONSTRAINT visit_ticket_check,
	ADD CONSTRAINT visit_ticket_check CHECK (ticket ~ '^[A-Z][0-9]{3,}$');
ALTER TABLE ticket_series
	DROP CONSTRAINT ticket_series_series_check,
	ADD CONSTRAINT ticket_series_series_check CHECK (series ~ '^[A-Z]$');

-- A registration may be undone for five minutes, and stays as it was beside the
-- one that takes its place.
ALTER TABLE registration
	ADD COLUMN undone_at timestamptz,
	ADD COLUMN undone_by text,
	ADD CONSTRAINT undone_by_somebody CHECK ((undone_at IS NULL) = (undone_by IS NULL)),
	DROP CONSTRAINT registration_once;
CREATE UNIQUE INDEX registration_once ON registration (appointment_id) WHERE undone_at IS NULL;
DROP INDEX certificate_once;
CREATE UNIQUE INDEX certificate_once ON registration (certificate_key) WHERE nationwide AND undone_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION registration_undone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL
		OR (to_jsonb(OLD) - '{undone_at,undone_by}'::text[]) <> (to_jsonb(NEW) - '{undone_at,undone_by}'::text[]) THEN
		RAISE EXCEPTION 'registration keeps what it holds: undo it' USING ERRCODE = '55000';
	END IF;
	IF clock_now() > OLD.at + interval '5 minutes' THEN
		RAISE EXCEPTION 'a registration stands after five minutes' USING ERRCODE = '55000';
	END IF;
	PERFORM record_audit('registration_undone', 'appointment:' || NEW.appointment_id, NULL, NULL, NULL);
	RETURN NEW;
END
$$;

-- The outcome of a visit stays, but for those whom the leader on duty lets in.
CREATE OR REPLACE FUNCTION visit_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.arrived_at <> OLD.arrived_at OR NEW.appointment_id <> OLD.appointment_id
		OR OLD.outcome NOT IN ('recheck', 'deferred')
		OR OLD.outcome = 'deferred' AND NOT EXISTS (SELECT FROM admission AS a WHERE a.appointment_id = NEW.appointment_id) THEN
		RAISE EXCEPTION 'the outcome of a visit stays' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;

-- count_inside keeps hall_day.inside, and lets nobody in for whom there is no room
-- (domain rule 68).
CREATE FUNCTION count_inside() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	was boolean := TG_OP = 'UPDATE' AND OLD.inside;
BEGIN
	IF NEW.inside AND NOT was THEN
		UPDATE hall_day
		SET inside = inside + 1
		WHERE office_id = NEW.office_id
		  AND day = NEW.day
		  AND (room IS NULL OR inside < room);
		IF NOT FOUND THEN
			RAISE EXCEPTION 'the hall is full' USING ERRCODE = 'HY011';
		END IF;
	ELSIF was AND NOT NEW.inside THEN
		UPDATE hall_day
		SET inside = inside - 1
		WHERE office_id = NEW.office_id
		  AND day = NEW.day;
	END IF;
	RETURN NEW;
END
$$;

-- leave_line: whose visit ends, however it ends, is no longer inside or at a counter.
CREATE FUNCTION leave_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	WITH gone AS (
		UPDATE line_place
		SET inside = false, serving = false, parked = false, for_counter = NULL
		WHERE appointment_id = NEW.id
		  AND (inside OR serving OR parked OR for_counter IS NOT NULL)
		RETURNING appointment_id
	)
	INSERT INTO line_step (appointment_id, step, actor)
	SELECT appointment_id, 'left', current_setting('hunyue.actor', true)
	FROM gone;
	RETURN NULL;
END
$$;

CREATE FUNCTION counter_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit(CASE WHEN NEW.closed_at IS NULL THEN 'counter_opened' ELSE 'counter_closed' END,
		'counter:' || NEW.office_id || ':' || NEW.day || ':' || NEW.counter, NULL, NULL, NEW.registrar);
	RETURN NULL;
END
$$;
-- +goose StatementEnd

DROP TRIGGER kept_rows ON registration;
CREATE TRIGGER kept_rows BEFORE DELETE ON registration FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER undone BEFORE UPDATE ON registration FOR EACH ROW EXECUTE FUNCTION registration_undone();
CREATE TRIGGER counted BEFORE INSERT OR UPDATE OF inside ON line_place FOR EACH ROW EXECUTE FUNCTION count_inside();
CREATE TRIGGER kept_rows BEFORE DELETE ON line_place FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON line_place EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leaves AFTER UPDATE OF status ON appointment FOR EACH ROW
	WHEN (is_active(OLD.status) AND NOT is_active(NEW.status)) EXECUTE FUNCTION leave_line();
CREATE TRIGGER opened AFTER INSERT OR UPDATE ON counter_session FOR EACH ROW EXECUTE FUNCTION counter_opened();

-- Couples that are here while this is put in.
INSERT INTO hall_day (office_id, day)
SELECT DISTINCT office_id, day FROM visit WHERE ticket IS NOT NULL;
INSERT INTO line_place (appointment_id, office_id, day, turn_at, counter, serving)
SELECT v.appointment_id, v.office_id, v.day, v.arrived_at, at.counter,
	a.status = 'in_service' AND 1 = row_number() OVER (PARTITION BY v.office_id, v.day, at.counter, a.status ORDER BY at.id DESC)
FROM visit AS v
JOIN appointment AS a ON a.id = v.appointment_id
LEFT JOIN (
	SELECT DISTINCT ON (appointment_id) appointment_id, counter, id
	FROM counter_call
	ORDER BY appointment_id, id DESC
) AS at ON at.appointment_id = v.appointment_id
WHERE v.ticket IS NOT NULL;

-- +goose Down
DROP TRIGGER leaves ON appointment;
DROP TRIGGER undone ON registration;
DROP TRIGGER kept_rows ON registration;
CREATE TRIGGER kept_rows BEFORE UPDATE OR DELETE ON registration FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TABLE admission, counter_session, line_step, line_place, hall_day;
DROP FUNCTION counter_opened, leave_line, count_inside, registration_undone;
DROP INDEX certificate_once, registration_once;
ALTER TABLE registration
	DROP COLUMN undone_by,
	DROP COLUMN undone_at,
	ADD CONSTRAINT registration_once UNIQUE (appointment_id);
CREATE UNIQUE INDEX certificate_once ON registration (certificate_key) WHERE nationwide;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION visit_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.outcome <> 'recheck' OR NEW.arrived_at <> OLD.arrived_at OR NEW.appointment_id <> OLD.appointment_id THEN
		RAISE EXCEPTION 'the outcome of a visit stays' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;
-- +goose StatementEnd
ALTER TABLE ticket_series
	DROP CONSTRAINT ticket_series_series_check,
	ADD CONSTRAINT ticket_series_series_check CHECK (series IN ('A', 'B'));
ALTER TABLE visit
	DROP CONSTRAINT visit_ticket_check,
	ADD CONSTRAINT visit_ticket_check CHECK (ticket ~ '^[AB][0-9]{3,}$');
