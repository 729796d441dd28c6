-- What a desk did while the server was away counts for its own day also on a later
-- one. Written by booking: the moves of appointments are. The one column of a table
-- of the hall says on whose word a couple counts after the report.

-- +goose Up

INSERT INTO status_move (old_status, new_status) VALUES
	('no_show', 'booked'); -- missed by the clock alone: they had been received

-- taken: what the desk did counts after all, on the word of whoever settled it.
ALTER TABLE desk_conflict
	ADD COLUMN taken boolean NOT NULL DEFAULT false,
	ADD CONSTRAINT taken_is_settled CHECK (NOT taken OR word IS NOT NULL);

-- +goose StatementBegin

-- moves_again: besides, whoever has missed a day has not if a desk had received them,
-- until somebody has closed or reported that day; after that only on somebody's word.
CREATE OR REPLACE FUNCTION moves_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.status = 'completed' AND (
		NOT EXISTS (SELECT FROM registration AS r WHERE r.appointment_id = NEW.id)
		OR EXISTS (SELECT FROM registration AS r WHERE r.appointment_id = NEW.id AND r.undone_at IS NULL)
	) THEN
		RAISE EXCEPTION 'completed is final' USING ERRCODE = 'HY004';
	END IF;
	IF OLD.status = 'health_deferred' AND NOT EXISTS (SELECT FROM admission AS a WHERE a.appointment_id = NEW.id) THEN
		RAISE EXCEPTION 'deferred for their health' USING ERRCODE = 'HY004';
	END IF;
	IF OLD.status = 'no_show' AND (
		NOT EXISTS (SELECT FROM day_close AS d WHERE d.office_id = NEW.office_id AND d.day = NEW.day AND d.closed_by = 'system')
		OR EXISTS (SELECT FROM daily_report AS r WHERE r.office_id = NEW.office_id AND r.day = NEW.day)
	) AND NOT EXISTS (
		SELECT
		FROM desk_conflict AS c
		WHERE c.office_id = NEW.office_id
		  AND c.number = NEW.number
		  AND c.kind = 'check-in'
		  AND c.taken
	) THEN
		RAISE EXCEPTION 'somebody has closed the day' USING ERRCODE = 'HY004';
	END IF;
	RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION conflict_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.word IS NOT NULL OR NEW.word IS NULL
		OR (to_jsonb(OLD) - '{sealed,word,taken,settled_by,settled_at}'::text[]) <> (to_jsonb(NEW) - '{sealed,word,taken,settled_by,settled_at}'::text[]) THEN
		RAISE EXCEPTION 'a conflict is settled once' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION conflict_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit(CASE WHEN NEW.word IS NULL THEN 'desk_conflict' WHEN NEW.taken THEN 'desk_conflict_taken' ELSE 'desk_conflict_settled' END,
		'desk_conflict:' || NEW.id, NULL, NULL, NEW.code);
	RETURN NULL;
END
$$;
-- +goose StatementEnd

-- A day that the clock has closed may be closed by somebody too, who answers for it.
CREATE TRIGGER confirmed AFTER UPDATE OF closed_by ON day_close FOR EACH ROW
	WHEN (NEW.closed_by <> OLD.closed_by) EXECUTE FUNCTION day_closed();

-- +goose Down
DROP TRIGGER confirmed ON day_close;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION conflict_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit(CASE WHEN NEW.word IS NULL THEN 'desk_conflict' ELSE 'desk_conflict_settled' END,
		'desk_conflict:' || NEW.id, NULL, NULL, NEW.code);
	RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION conflict_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.word IS NOT NULL OR NEW.word IS NULL
		OR (to_jsonb(OLD) - '{sealed,word,settled_by,settled_at}'::text[]) <> (to_jsonb(NEW) - '{sealed,word,settled_by,settled_at}'::text[]) THEN
		RAISE EXCEPTION 'a conflict is settled once' USING ERRCODE = '55000';
	END IF;
	RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION moves_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.status = 'completed' AND (
		NOT EXISTS (SELECT FROM registration AS r WHERE r.appointment_id = NEW.id)
		OR EXISTS (SELECT FROM registration AS r WHERE r.appointment_id = NEW.id AND r.undone_at IS NULL)
	) THEN
		RAISE EXCEPTION 'completed is final' USING ERRCODE = 'HY004';
	END IF;
	IF OLD.status = 'health_deferred' AND NOT EXISTS (SELECT FROM admission AS a WHERE a.appointment_id = NEW.id) THEN
		RAISE EXCEPTION 'deferred for their health' USING ERRCODE = 'HY004';
	END IF;
	RETURN NEW;
END
$$;
-- +goose StatementEnd
ALTER TABLE desk_conflict DROP COLUMN taken;
DELETE FROM status_move WHERE (old_status, new_status) = ('no_show', 'booked');
