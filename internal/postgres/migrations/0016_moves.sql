-- Moves of an appointment that the day at the hall needs. Written by booking.

-- +goose Up

INSERT INTO status_move (old_status, new_status) VALUES
	('in_service',      'checked_in'), -- parked, or sent on to another counter
	('completed',       'in_service'), -- undone at once: only where the hall has undone its registration
	('health_deferred', 'checked_in'), -- let in by the leader on duty
	('health_deferred', 'late');

-- +goose StatementBegin

-- moves_again says which moves out of an end need more than a line in
-- status_move: what is completed stays so unless its registration was undone, and
-- whoever was sent home comes in only if somebody took that on themselves.
CREATE FUNCTION moves_again() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- active_again makes the persons of an appointment that goes on those of an active
-- one: they may have booked anew meanwhile, which is refused as anybody's second
-- appointment is.
CREATE FUNCTION active_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE party SET active = true WHERE appointment_id = NEW.id;
	RETURN NULL;
EXCEPTION WHEN unique_violation THEN
	RAISE EXCEPTION 'person busy' USING ERRCODE = 'HY002';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER moves_again BEFORE UPDATE OF status ON appointment FOR EACH ROW
	WHEN (NOT is_active(OLD.status) AND is_active(NEW.status)) EXECUTE FUNCTION moves_again();
CREATE TRIGGER active_again AFTER UPDATE OF status ON appointment FOR EACH ROW
	WHEN (NOT is_active(OLD.status) AND is_active(NEW.status)) EXECUTE FUNCTION active_again();

-- +goose Down
DROP TRIGGER active_again ON appointment;
DROP TRIGGER moves_again ON appointment;
DROP FUNCTION active_again, moves_again;
DELETE FROM status_move
WHERE (old_status, new_status) IN (('in_service', 'checked_in'), ('completed', 'in_service'),
	('health_deferred', 'checked_in'), ('health_deferred', 'late'));
