-- The ledgers of a hall: readings and their corrections, disinfection, couples
-- with a fever and who took them over; and how readings lose whose they were.
-- Written by hall.

-- +goose Up

-- rules_of is the rules of an office for a day as they were known at an instant;
-- what they do not name has its default.
CREATE FUNCTION rules_of(office text, on_day date, known timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT coalesce((
		SELECT rules
		FROM office_rules
		WHERE office_id = office
		  AND effective_from <= on_day
		  AND at <= known
		ORDER BY effective_from DESC, id DESC
		LIMIT 1), '{}')
$$;

-- A reading that was read or typed wrongly is corrected by another that says why.
-- Those of visitors lose whose they are after rules.reading_days (domain rule 70):
-- what remains is the figure, and that it was measured that day.
ALTER TABLE temperature
	ADD COLUMN reason       text CHECK (reason <> ''), -- of a correction, which has the time of what it corrects; null: it was measured
	ADD COLUMN corrected_at timestamptz,
	ADD COLUMN unlinked_at  timestamptz,               -- since when it is nobody's
	DROP CONSTRAINT names_whom,
	ADD CONSTRAINT names_whom CHECK (CASE kind
		WHEN 'party' THEN (appointment_id IS NULL) = (unlinked_at IS NOT NULL) AND role IS NOT NULL AND staff_id IS NULL
		WHEN 'companion' THEN (appointment_id IS NULL) = (unlinked_at IS NOT NULL) AND role IS NULL AND staff_id IS NULL
			AND (supersedes IS NULL OR reason IS NOT NULL)
		WHEN 'staff' THEN appointment_id IS NULL AND unlinked_at IS NULL AND role IS NULL AND staff_id IS NOT NULL
	END),
	ADD CONSTRAINT corrects_one CHECK (reason IS NULL OR supersedes IS NOT NULL),
	ADD CONSTRAINT corrected_then CHECK ((reason IS NULL) = (corrected_at IS NULL)),
	ADD CONSTRAINT supersedes_one FOREIGN KEY (supersedes) REFERENCES temperature; -- also once it has no chain
CREATE INDEX temperature_linked ON temperature (day) WHERE appointment_id IS NOT NULL;

-- What a day's readings of visitors came to, counted before they were unlinked.
CREATE TABLE reading_count (
	office_id text        NOT NULL REFERENCES office,
	day       date        NOT NULL,
	measured  int         NOT NULL CHECK (measured >= 0), -- persons
	abnormal  int         NOT NULL CHECK (abnormal BETWEEN 0 AND measured),
	at        timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (office_id, day)
);
SELECT keep_for_ever('reading_count');

-- Somebody of a couple had a fever twice. The health authority has to take over by
-- due_at (domain rule 66), unless the leader on duty lets the couple in.
CREATE TABLE incident (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	appointment_id bigint      CONSTRAINT incident_once UNIQUE REFERENCES appointment,
	office_id      text        NOT NULL REFERENCES office,
	day            date        NOT NULL,
	opened_by      text        NOT NULL CHECK (opened_by <> ''),
	opened_at      timestamptz NOT NULL DEFAULT clock_now(),
	due_at         timestamptz NOT NULL CHECK (due_at > opened_at),
	unlinked_at    timestamptz,
	CONSTRAINT about_somebody CHECK ((appointment_id IS NULL) = (unlinked_at IS NOT NULL))
);
CREATE INDEX incident_office_day ON incident (office_id, day);

CREATE TABLE handover (
	incident_id bigint      PRIMARY KEY REFERENCES incident,
	authority   text        NOT NULL CHECK (authority <> ''), -- to whom
	handed_at   timestamptz NOT NULL,
	actor       text        NOT NULL CHECK (actor <> ''),
	at          timestamptz NOT NULL DEFAULT clock_now(),
	CONSTRAINT handed_before CHECK (handed_at <= at)
);
SELECT keep_for_ever('handover');

-- An entry of the disinfection ledger (domain rules 71 to 73). A wrong one is
-- corrected by another that says why; the entry that nothing supersedes holds.
CREATE TABLE disinfection (
	id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	office_id       text        NOT NULL REFERENCES office,
	day             date        NOT NULL,
	area            text        NOT NULL CHECK (area <> ''),
	due             smallint    CHECK (due BETWEEN 0 AND 1440), -- minutes of the day by which the plan wanted it; null: beside the plan
	after_couple    boolean     NOT NULL,                       -- a counter, once a couple had left it
	agent           text        NOT NULL CHECK (agent <> ''),
	concentration   text        NOT NULL CHECK (concentration <> ''),
	method          text        NOT NULL CHECK (method IN ('spray', 'wipe', 'soak', 'uv')),
	contact_minutes smallint    NOT NULL CHECK (contact_minutes BETWEEN 1 AND 600),
	from_at         timestamptz NOT NULL,
	to_at           timestamptz NOT NULL CHECK (to_at > from_at),
	operator        text        NOT NULL CHECK (operator <> ''), -- who did it
	recorded_by     text        NOT NULL CHECK (recorded_by <> ''),
	at              timestamptz NOT NULL DEFAULT clock_now(),
	supersedes      bigint      CONSTRAINT entry_corrected_once UNIQUE CHECK (supersedes < id),
	reason          text        CHECK (reason <> ''),
	CONSTRAINT correction_says_why CHECK ((supersedes IS NULL) = (reason IS NULL)),
	CONSTRAINT done_before CHECK (to_at <= at),
	UNIQUE (id, office_id, day),
	UNIQUE (id, recorded_by),
	FOREIGN KEY (supersedes, office_id, day) REFERENCES disinfection (id, office_id, day)
);
CREATE INDEX disinfection_office_day ON disinfection (office_id, day);
SELECT keep_for_ever('disinfection');

-- Somebody else has looked at it, on the same day.
CREATE TABLE disinfection_check (
	disinfection_id bigint      PRIMARY KEY,
	recorded_by     text        NOT NULL,
	checker         text        NOT NULL CHECK (checker <> ''),
	at              timestamptz NOT NULL DEFAULT clock_now(),
	FOREIGN KEY (disinfection_id, recorded_by) REFERENCES disinfection (id, recorded_by),
	CONSTRAINT checked_by_another CHECK (checker <> recorded_by)
);
SELECT keep_for_ever('disinfection_check');

-- +goose StatementBegin

-- may_unlink reports whether what was measured on a day may be nobody's by now.
CREATE FUNCTION may_unlink(office text, day date) RETURNS boolean LANGUAGE sql VOLATILE AS $$
	SELECT (clock_now() AT TIME ZONE o.time_zone)::date
		> day + coalesce((rules_of(office, day, 'infinity') ->> 'reading_days')::int, 30)
	FROM office AS o
	WHERE o.id = office
$$;

-- reading_unlinked lets one role do one thing: take from a visitor's reading, after
-- its days, whose it is and at what minute, once its day has been counted.
CREATE FUNCTION reading_unlinked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	loses  text[] := '{appointment_id,unlinked_at,at,corrected_at,chain,abnormal}'; -- the last two follow from others
	begins timestamptz := (SELECT OLD.day::timestamp AT TIME ZONE o.time_zone FROM office AS o WHERE o.id = OLD.office_id);
BEGIN
	IF current_user <> 'hunyue_purge'
		OR OLD.unlinked_at IS NOT NULL
		OR NEW.unlinked_at IS NULL
		OR (to_jsonb(OLD) - loses) <> (to_jsonb(NEW) - loses)
		OR NEW.at IS DISTINCT FROM begins
		OR NEW.corrected_at <> begins
		OR may_unlink(OLD.office_id, OLD.day) IS NOT TRUE
		OR NOT EXISTS (SELECT FROM reading_count AS c WHERE c.office_id = OLD.office_id AND c.day = OLD.day) THEN
		RAISE EXCEPTION 'temperature keeps what it holds: add a row that corrects it' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;

-- incident_unlinked lets the same role take from an incident whose it was.
CREATE FUNCTION incident_unlinked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	loses text[] := '{appointment_id,unlinked_at}';
BEGIN
	IF current_user <> 'hunyue_purge'
		OR OLD.unlinked_at IS NOT NULL
		OR NEW.unlinked_at IS NULL
		OR (to_jsonb(OLD) - loses) <> (to_jsonb(NEW) - loses)
		OR may_unlink(OLD.office_id, OLD.day) IS NOT TRUE THEN
		RAISE EXCEPTION 'incident keeps what it holds' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;

-- reading_corrected takes a correction of the same person's reading, on its day.
CREATE FUNCTION reading_corrected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (
		SELECT
		FROM temperature AS wrong
		JOIN office AS o ON o.id = wrong.office_id
		WHERE wrong.id = NEW.supersedes
		  AND wrong.office_id = NEW.office_id
		  AND wrong.day = NEW.day
		  AND wrong.at = NEW.at
		  AND wrong.kind = NEW.kind
		  AND (wrong.appointment_id, wrong.role, wrong.staff_id) IS NOT DISTINCT FROM (NEW.appointment_id, NEW.role, NEW.staff_id)
		  AND wrong.day = (clock_now() AT TIME ZONE o.time_zone)::date
	) THEN
		RAISE EXCEPTION 'a reading is corrected on its day, by one of the same person' USING ERRCODE = '55000';
	END IF;
	PERFORM record_audit('reading_corrected', 'temperature:' || NEW.supersedes, NULL, NULL, NULL);
	RETURN NEW;
END
$$;

-- checked_that_day wants the check on the day of the entry, of an entry that holds.
CREATE FUNCTION checked_that_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (
		SELECT
		FROM disinfection AS d
		JOIN office AS o ON o.id = d.office_id
		WHERE d.id = NEW.disinfection_id
		  AND d.day = (clock_now() AT TIME ZONE o.time_zone)::date
		  AND NOT EXISTS (SELECT FROM disinfection AS later WHERE later.supersedes = d.id)
	) THEN
		RAISE EXCEPTION 'an entry is checked on its day' USING ERRCODE = '55000';
	END IF;
	PERFORM record_audit('disinfection_checked', 'disinfection:' || NEW.disinfection_id, NULL, NULL, NULL);
	RETURN NEW;
END
$$;

CREATE FUNCTION ledger_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CASE TG_TABLE_NAME
		WHEN 'incident' THEN PERFORM record_audit('incident_opened', 'incident:' || NEW.id, NULL, NULL, NULL);
		WHEN 'handover' THEN PERFORM record_audit('incident_handed_over', 'incident:' || NEW.incident_id, NULL, NULL, NULL);
		WHEN 'admission' THEN PERFORM record_audit('let_in', 'appointment:' || NEW.appointment_id, NULL, NULL, NULL);
		WHEN 'disinfection' THEN PERFORM record_audit(
			CASE WHEN NEW.supersedes IS NULL THEN 'disinfection_entered' ELSE 'disinfection_corrected' END,
			'disinfection:' || coalesce(NEW.supersedes, NEW.id), NULL, NULL, NULL);
	END CASE;
	RETURN NULL;
END
$$;
-- +goose StatementEnd

DROP TRIGGER kept_rows ON temperature;
CREATE TRIGGER kept_rows BEFORE DELETE ON temperature FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER purged_rows BEFORE UPDATE ON temperature FOR EACH ROW EXECUTE FUNCTION reading_unlinked();
CREATE TRIGGER corrects BEFORE INSERT ON temperature FOR EACH ROW WHEN (NEW.reason IS NOT NULL) EXECUTE FUNCTION reading_corrected();
CREATE TRIGGER kept_rows BEFORE DELETE ON incident FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON incident EXECUTE FUNCTION refuse_change();
CREATE TRIGGER purged_rows BEFORE UPDATE ON incident FOR EACH ROW EXECUTE FUNCTION incident_unlinked();
CREATE TRIGGER checked BEFORE INSERT ON disinfection_check FOR EACH ROW EXECUTE FUNCTION checked_that_day();
CREATE TRIGGER entered AFTER INSERT ON incident FOR EACH ROW EXECUTE FUNCTION ledger_entered();
CREATE TRIGGER entered AFTER INSERT ON handover FOR EACH ROW EXECUTE FUNCTION ledger_entered();
CREATE TRIGGER entered AFTER INSERT ON admission FOR EACH ROW EXECUTE FUNCTION ledger_entered();
CREATE TRIGGER entered AFTER INSERT ON disinfection FOR EACH ROW EXECUTE FUNCTION ledger_entered();

-- +goose Down
DROP TRIGGER entered ON admission;
DROP TABLE disinfection_check, disinfection, handover, incident, reading_count;
DROP TRIGGER corrects ON temperature;
DROP TRIGGER purged_rows ON temperature;
DROP TRIGGER kept_rows ON temperature;
CREATE TRIGGER kept_rows BEFORE UPDATE OR DELETE ON temperature FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION ledger_entered, checked_that_day, reading_corrected, incident_unlinked, reading_unlinked, may_unlink;
DROP INDEX temperature_linked;
ALTER TABLE temperature
	DROP CONSTRAINT supersedes_one,
	DROP CONSTRAINT corrects_one,
	DROP CONSTRAINT corrected_then,
	DROP CONSTRAINT names_whom,
	ADD CONSTRAINT names_whom CHECK (CASE kind
		WHEN 'party' THEN appointment_id IS NOT NULL AND role IS NOT NULL AND staff_id IS NULL
		WHEN 'companion' THEN appointment_id IS NOT NULL AND role IS NULL AND staff_id IS NULL AND supersedes IS NULL
		WHEN 'staff' THEN appointment_id IS NULL AND role IS NULL AND staff_id IS NOT NULL
	END) NOT VALID, -- what was unlinked does not fit it
	DROP COLUMN unlinked_at,
	DROP COLUMN corrected_at,
	DROP COLUMN reason;
DROP FUNCTION rules_of;
