-- What happens on the day: readings, arrivals, tickets, calls, registrations,
-- the closing of the day and its report. Written by the package hall.

-- +goose Up

-- One measurement of one person. A wrong reading is corrected by a new row that
-- supersedes it; the row that nothing supersedes holds. The person is a party's
-- place in an appointment or a staff account: no name, no document.
CREATE TABLE temperature (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind           text        NOT NULL CHECK (kind IN ('party', 'companion', 'staff')),
	office_id      text        NOT NULL REFERENCES office,
	day            date        NOT NULL, -- at the office
	appointment_id bigint      REFERENCES appointment,
	role           smallint    CHECK (role IN (1, 2)),
	staff_id       text        CHECK (staff_id <> ''),
	decicelsius    smallint    NOT NULL CHECK (decicelsius BETWEEN 340 AND 430),
	threshold      smallint    NOT NULL, -- the office's limit when this was measured
	abnormal       boolean     GENERATED ALWAYS AS (decicelsius >= threshold) STORED,
	device         text        NOT NULL CHECK (device <> ''),
	supersedes     bigint      UNIQUE CHECK (supersedes < id),
	recorded_by    text        NOT NULL CHECK (recorded_by <> ''),
	at             timestamptz NOT NULL DEFAULT clock_now(),
	-- Whose chain this is a link of; companions have none.
	chain          text        GENERATED ALWAYS AS (
		CASE kind
			WHEN 'party' THEN 'party:' || appointment_id::text || ':' || role::text
			WHEN 'staff' THEN 'staff:' || staff_id
		END) STORED,
	CONSTRAINT names_whom CHECK (CASE kind
		WHEN 'party' THEN appointment_id IS NOT NULL AND role IS NOT NULL AND staff_id IS NULL
		WHEN 'companion' THEN appointment_id IS NOT NULL AND role IS NULL AND staff_id IS NULL AND supersedes IS NULL
		WHEN 'staff' THEN appointment_id IS NULL AND role IS NULL AND staff_id IS NOT NULL
	END),
	UNIQUE (id, chain, day),
	CONSTRAINT same_chain FOREIGN KEY (supersedes, chain, day) REFERENCES temperature (id, chain, day)
);
-- A person's readings of a day are one chain, and it has one beginning.
CREATE UNIQUE INDEX one_first_reading ON temperature (chain, day) WHERE supersedes IS NULL;
CREATE INDEX temperature_chain ON temperature (chain, day);
CREATE INDEX temperature_appointment ON temperature (appointment_id);
CREATE INDEX temperature_office_day ON temperature (office_id, day);
SELECT keep_for_ever('temperature');

-- The arrival of a couple. It waits for a second reading or is decided, and
-- what is decided stays.
CREATE TABLE visit (
	appointment_id   bigint      PRIMARY KEY REFERENCES appointment,
	office_id        text        NOT NULL REFERENCES office,
	day              date        NOT NULL,
	arrived_at       timestamptz NOT NULL,
	outcome          text        NOT NULL CHECK (outcome IN ('recheck', 'admitted', 'late', 'deferred')),
	ticket           text        CHECK (ticket ~ '^[AB][0-9]{3,}$'),
	recheck_at       timestamptz,
	companions       smallint    NOT NULL CHECK (companions >= 0), -- let in
	turned_away      smallint    NOT NULL CHECK (turned_away >= 0), -- companions with a fever
	companion_reason text        NOT NULL,
	recorded_by      text        NOT NULL CHECK (recorded_by <> ''),
	CONSTRAINT ticket_once UNIQUE (office_id, day, ticket),
	CONSTRAINT ticket_if_let_in CHECK ((ticket IS NOT NULL) = (outcome IN ('admitted', 'late'))),
	CONSTRAINT recheck_has_time CHECK ((recheck_at IS NOT NULL) = (outcome = 'recheck'))
);

-- The last ticket of an office's day: series A is the booked, B who came late
-- and waits in walk-in order. A row is locked by whoever draws a ticket, so no
-- number is given twice.
CREATE TABLE ticket_series (
	office_id text NOT NULL REFERENCES office,
	day       date NOT NULL,
	series    text NOT NULL CHECK (series IN ('A', 'B')),
	last      int  NOT NULL CHECK (last > 0),
	PRIMARY KEY (office_id, day, series)
);

-- A couple asked to a counter, or sitting down at it.
CREATE TABLE counter_call (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	appointment_id bigint      NOT NULL REFERENCES appointment,
	step           text        NOT NULL CHECK (step IN ('called', 'in_service')),
	counter        text        NOT NULL CHECK (counter ~ '^[0-9A-Za-z]{1,8}$'),
	actor          text        NOT NULL CHECK (actor <> ''),
	at             timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX counter_call_appointment ON counter_call (appointment_id, id DESC);
SELECT keep_for_ever('counter_call');

-- What the counter did for a couple. The certificate's number comes from the
-- national system; services that end without a certificate have none.
CREATE TABLE registration (
	id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	appointment_id  bigint      NOT NULL CONSTRAINT registration_once UNIQUE REFERENCES appointment,
	number          text        NOT NULL, -- of the appointment
	service_id      text        NOT NULL REFERENCES service,
	certificate     bytea,                -- sealed; the number on it
	certificate_key bytea       CHECK (length(certificate_key) = 32), -- keyed hash of the number
	nationwide      boolean     NOT NULL, -- the number has the present form
	office_id       text        NOT NULL REFERENCES office,
	day             date        NOT NULL, -- at the office
	registrar       text        NOT NULL CHECK (registrar <> ''),
	at              timestamptz NOT NULL DEFAULT clock_now(),
	CONSTRAINT sealed_with_key CHECK ((certificate IS NULL) = (certificate_key IS NULL)),
	CONSTRAINT nationwide_with_key CHECK (certificate_key IS NOT NULL OR NOT nationwide)
);
-- Numbers of the present form are the nation's and are given once. Older and
-- local forms belong to one office's habit and may recur.
CREATE UNIQUE INDEX certificate_once ON registration (certificate_key) WHERE nationwide;
CREATE INDEX registration_office_day ON registration (office_id, day);
SELECT keep_for_ever('registration');

-- Why a couple who was received left without what they came for.
CREATE TABLE refusal (
	appointment_id bigint      PRIMARY KEY REFERENCES appointment,
	reason         text        NOT NULL CHECK (reason <> ''),
	actor          text        NOT NULL CHECK (actor <> ''),
	at             timestamptz NOT NULL DEFAULT clock_now()
);
SELECT keep_for_ever('refusal');

-- A day that is over, as it stood when it was last closed.
CREATE TABLE day_close (
	office_id  text        NOT NULL REFERENCES office,
	day        date        NOT NULL,
	closed_at  timestamptz NOT NULL DEFAULT clock_now(), -- the first time
	closed_by  text        NOT NULL CHECK (closed_by <> ''),
	no_shows   int         NOT NULL DEFAULT 0 CHECK (no_shows >= 0),
	deferred   int         NOT NULL DEFAULT 0 CHECK (deferred >= 0),
	still_open int         NOT NULL DEFAULT 0 CHECK (still_open >= 0), -- received, neither served nor refused
	PRIMARY KEY (office_id, day)
);

-- The daily report (日报告) as it was submitted, one row per version: a correction
-- is another version (domain rule 77). No row means that nothing was submitted,
-- which is never taken for a zero report (零报告; rule 76). What was counted may be
-- contradicted by a figure with a reason, and stays beside it.
CREATE TABLE daily_report (
	office_id   text        NOT NULL REFERENCES office,
	day         date        NOT NULL,
	version     int         NOT NULL CHECK (version > 0),
	zero_report boolean     NOT NULL,
	counts      jsonb       NOT NULL, -- at that moment
	remarks     text        NOT NULL,
	differs     jsonb       NOT NULL, -- count -> {"value", "because"}
	standing    text        NOT NULL CHECK (standing IN ('on_time', 'late')), -- by the office's report_time
	reporter    text        NOT NULL CHECK (reporter <> ''),
	at          timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (office_id, day, version),
	CONSTRAINT zero_is_zero CHECK (NOT zero_report OR (
		(counts ->> 'abnormal')::int = 0
		AND (counts ->> 'staff_abnormal')::int = 0
		AND coalesce((differs -> 'abnormal' ->> 'value')::int, 0) = 0
		AND coalesce((differs -> 'staff_abnormal' ->> 'value')::int, 0) = 0))
);
SELECT keep_for_ever('daily_report');

-- What a staff member's request was answered, for the same request sent again.
CREATE TABLE hall_request (
	actor  text        NOT NULL,
	key    text        NOT NULL, -- the client's Idempotency-Key
	body   bytea       NOT NULL CHECK (length(body) = 32), -- digest of the request
	answer jsonb       NOT NULL,
	at     timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (actor, key)
);
CREATE INDEX hall_request_at ON hall_request (at);

-- The booked of past days, which the closing of the day looks for.
CREATE INDEX appointment_still_booked ON appointment (day) WHERE status = 'booked';

-- +goose StatementBegin
CREATE FUNCTION visit_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.outcome <> 'recheck' OR NEW.arrived_at <> OLD.arrived_at OR NEW.appointment_id <> OLD.appointment_id THEN
		RAISE EXCEPTION 'the outcome of a visit stays' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;

CREATE FUNCTION visit_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit('visit', 'visit:' || NEW.appointment_id,
		CASE TG_OP WHEN 'UPDATE' THEN OLD.outcome END, NEW.outcome, NEW.ticket);
	RETURN NULL;
END
$$;

CREATE FUNCTION day_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit('day_closed', 'day:' || NEW.office_id || ':' || NEW.day, NULL, NULL, NULL);
	RETURN NULL;
END
$$;

CREATE FUNCTION report_submitted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit('report_submitted', 'day:' || NEW.office_id || ':' || NEW.day, NULL, NULL, 'version ' || NEW.version);
	RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER moves BEFORE UPDATE ON visit FOR EACH ROW EXECUTE FUNCTION visit_moves();
CREATE TRIGGER changed AFTER INSERT OR UPDATE ON visit FOR EACH ROW EXECUTE FUNCTION visit_changed();
CREATE TRIGGER kept_rows BEFORE DELETE ON visit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON visit EXECUTE FUNCTION refuse_change();
CREATE TRIGGER closed AFTER INSERT ON day_close FOR EACH ROW EXECUTE FUNCTION day_closed();
CREATE TRIGGER submitted AFTER INSERT ON daily_report FOR EACH ROW EXECUTE FUNCTION report_submitted();

-- +goose Down
DROP INDEX appointment_still_booked;
DROP TABLE hall_request, daily_report, day_close, refusal, registration, counter_call, ticket_series, visit, temperature;
DROP FUNCTION report_submitted, day_closed, visit_changed, visit_moves;
