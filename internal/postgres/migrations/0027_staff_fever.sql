-- A member of staff with two fevers on a day is an incident as a couple is: the health
-- authority takes over in time (domain rules 66 and 67). Written by hall.

-- +goose Up

ALTER TABLE incident
	ADD COLUMN staff_id text CHECK (staff_id <> ''), -- of a member of staff; null: of a couple
	DROP CONSTRAINT about_somebody,
	ADD CONSTRAINT about_somebody CHECK (CASE
		WHEN staff_id IS NULL THEN (appointment_id IS NULL) = (unlinked_at IS NOT NULL)
		ELSE appointment_id IS NULL AND unlinked_at IS NULL
	END);
CREATE UNIQUE INDEX incident_of_staff ON incident (staff_id, day) WHERE staff_id IS NOT NULL;

-- staff_feverish reports whether somebody had two fevers on a day, not counting what
-- was corrected.
CREATE FUNCTION staff_feverish(staff text, on_day date) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT count(*) >= 2
	FROM temperature AS t
	WHERE t.chain = 'staff:' || staff
	  AND t.day = on_day
	  AND t.abnormal
	  AND NOT EXISTS (SELECT FROM temperature AS c WHERE c.supersedes = t.id AND c.reason IS NOT NULL)
$$;

-- +goose Down
DROP FUNCTION staff_feverish;
DROP INDEX incident_of_staff;
ALTER TABLE incident
	DROP CONSTRAINT about_somebody,
	DROP COLUMN staff_id,
	ADD CONSTRAINT about_somebody CHECK ((appointment_id IS NULL) = (unlinked_at IS NOT NULL)) NOT VALID; -- those of staff do not fit it
