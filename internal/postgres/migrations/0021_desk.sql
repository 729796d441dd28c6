-- Desks that went on while the server was away: whose letter a ticket bears, and
-- what could not be done afterwards as it was done at the desk. Written by hall.

-- +goose Up

-- The letter of a desk's own tickets on a day. No two desks share one, so what they
-- give out without asking anybody never collides.
CREATE TABLE desk_letter (
	office_id text        NOT NULL REFERENCES office,
	day       date        NOT NULL,
	letter    text        NOT NULL CHECK (letter ~ '^[C-Z]$'),
	desk      text        NOT NULL CHECK (length(desk) BETWEEN 20 AND 64), -- a browser's random name
	actor     text        NOT NULL CHECK (actor <> ''),
	at        timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (office_id, day, letter),
	CONSTRAINT one_letter UNIQUE (office_id, day, desk, actor)
);
SELECT keep_for_ever('desk_letter');

-- Something that was done at a desk and could not be done again here: somebody looks
-- at it and says what came of it. What was measured stays sealed until then.
CREATE TABLE desk_conflict (
	id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	office_id   text        NOT NULL REFERENCES office,
	actor       text        NOT NULL CHECK (actor <> ''),  -- whoever did it
	key         text        NOT NULL CHECK (key <> ''),    -- of what was done
	kind        text        NOT NULL CHECK (kind IN ('check-in', 'enter')),
	number      text        NOT NULL CHECK (number ~ '^[1-9][0-9]{7}$'), -- as it was read; perhaps of no appointment
	ticket      text        CHECK (ticket ~ '^[C-Z][0-9]{3,}$'),         -- that was given out
	happened_at timestamptz NOT NULL,
	code        text        NOT NULL CHECK (code <> ''),   -- of the fault
	sealed      bytea,                                     -- all of it
	at          timestamptz NOT NULL DEFAULT clock_now(),
	word        text        CHECK (word <> ''),            -- what came of it
	settled_by  text        CHECK (settled_by <> ''),
	settled_at  timestamptz,
	CONSTRAINT conflict_once UNIQUE (actor, key),
	CONSTRAINT settled_whole CHECK (num_nulls(word, settled_by, settled_at) IN (0, 3)),
	CONSTRAINT settled_forgets CHECK ((sealed IS NULL) = (word IS NOT NULL))
);
CREATE INDEX desk_conflict_open ON desk_conflict (office_id, id) WHERE word IS NULL;

-- +goose StatementBegin

-- conflict_moves: a conflict is settled once, and is otherwise as it was.
CREATE FUNCTION conflict_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.word IS NOT NULL OR NEW.word IS NULL
		OR (to_jsonb(OLD) - '{sealed,word,settled_by,settled_at}'::text[]) <> (to_jsonb(NEW) - '{sealed,word,settled_by,settled_at}'::text[]) THEN
		RAISE EXCEPTION 'a conflict is settled once' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;

CREATE FUNCTION conflict_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit(CASE WHEN NEW.word IS NULL THEN 'desk_conflict' ELSE 'desk_conflict_settled' END,
		'desk_conflict:' || NEW.id, NULL, NULL, NEW.code);
	RETURN NULL;
END
$$;

-- visit_told_later: a visit that is entered after it happened says when it did.
CREATE FUNCTION visit_told_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit('visit_told_later', 'visit:' || NEW.appointment_id, NULL, NEW.outcome,
		to_char(NEW.arrived_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
	RETURN NULL;
END
$$;

-- The outcome of a visit stays, but for those whom the leader on duty lets in. A
-- ticket that was drawn here gives way once to the one that a desk, which had no
-- answer, has put into the couple's hands.
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

CREATE TRIGGER told_later AFTER INSERT ON visit FOR EACH ROW
	WHEN (NEW.arrived_at < clock_now() - interval '1 minute') EXECUTE FUNCTION visit_told_later();
CREATE TRIGGER moves BEFORE UPDATE ON desk_conflict FOR EACH ROW EXECUTE FUNCTION conflict_moves();
CREATE TRIGGER kept_rows BEFORE DELETE ON desk_conflict FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON desk_conflict EXECUTE FUNCTION refuse_change();
CREATE TRIGGER changed AFTER INSERT OR UPDATE ON desk_conflict FOR EACH ROW EXECUTE FUNCTION conflict_changed();

-- +goose Down
DROP TRIGGER told_later ON visit;
DROP TABLE desk_conflict, desk_letter;
DROP FUNCTION visit_told_later, conflict_changed, conflict_moves;
-- +goose StatementBegin
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
-- +goose StatementEnd
