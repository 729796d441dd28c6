-- The call list is worked off by several operators at once (domain rules 7, 57,
-- 92). Written by the package notify.

-- +goose Up

-- An entry is in the hands of one operator at a time, and an operator has one
-- entry in hand at a time. A lease that has run out is anybody's.
ALTER TABLE contact
	ADD COLUMN due_at     timestamptz, -- not to be called again before; NULL: at once
	ADD COLUMN holder     text CONSTRAINT one_call_each UNIQUE CHECK (holder <> ''),
	ADD COLUMN held_until timestamptz,
	ADD CONSTRAINT held_while_open CHECK ((holder IS NULL) = (held_until IS NULL) AND (open OR holder IS NULL)),
	ADD CONSTRAINT given_up_after_three CHECK (outcome <> 'given_up' OR tries >= 3);
CREATE INDEX contact_tried ON contact (tried_at) WHERE NOT open;

-- Every call that was made, and the end of trying. The key is that of the form
-- in which it was recorded.
CREATE TABLE contact_call (
	request_key uuid        PRIMARY KEY,
	contact_id  bigint      NOT NULL REFERENCES contact ON DELETE CASCADE,
	actor       text        NOT NULL CHECK (actor <> ''),
	outcome     text        NOT NULL CHECK (outcome IN ('reached', 'no_answer', 'wrong_number', 'given_up')),
	at          timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX contact_call_contact ON contact_call (contact_id);

-- The entries that count: an open one as long as it is news. When a visit is has
-- to be said once, by the newest entry that says it, and only while it is to come.
CREATE VIEW call_entry AS
	SELECT c.id, a.office_id, c.appointment_id, a.number, a.day, a.starts_at, c.reason, c.created_at, c.open,
		c.tries, c.outcome, c.tried_at, c.due_at, c.holder, c.held_until, stop.id AS suspension_id
	FROM contact AS c
	JOIN appointment AS a ON a.id = c.appointment_id
	LEFT JOIN LATERAL (
		SELECT s.id
		FROM suspension AS s
		WHERE c.reason = 'cancelled_by_office'
		  AND s.office_id = a.office_id
		  AND s.mode = 'full'
		  AND a.service_id = ANY (s.services)
		  AND s.from_day <= a.day
		  AND s.at <= c.created_at
		  AND (s.to_day IS NULL OR s.to_day >= a.day OR EXISTS (
			SELECT
			FROM suspension_change
			WHERE suspension_id = s.id
			  AND (to_day IS NULL OR to_day >= a.day)))
		ORDER BY s.id DESC
		LIMIT 1
	) AS stop ON true
	WHERE NOT c.open
	   OR a.erased_at IS NULL AND CASE
		WHEN c.reason IN ('booked', 'moved', 'reminder') THEN
			a.status = 'booked' AND a.starts_at > (SELECT clock_now()) AND NOT EXISTS (
				SELECT
				FROM contact AS later
				WHERE later.appointment_id = c.appointment_id
				  AND later.id > c.id
				  AND later.reason IN ('booked', 'moved', 'reminder'))
		WHEN c.reason = 'tried' THEN is_active(a.status)
		ELSE true
	END;

-- +goose StatementBegin

-- add_contact puts an appointment on the call list, once per reason. Whoever was
-- reached about a cancellation by the office is not called again because the text
-- failed afterwards.
CREATE OR REPLACE FUNCTION add_contact(appointment bigint, reason text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO contact (appointment_id, reason)
	SELECT appointment, add_contact.reason
	WHERE add_contact.reason <> 'cancelled_by_office'
	   OR NOT EXISTS (
		SELECT
		FROM contact
		WHERE appointment_id = appointment
		  AND contact.reason = add_contact.reason)
	ON CONFLICT DO NOTHING
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION add_contact(appointment bigint, reason text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO contact (appointment_id, reason) VALUES (appointment, reason) ON CONFLICT DO NOTHING
$$;
-- +goose StatementEnd
DROP VIEW call_entry;
DROP TABLE contact_call;
DROP INDEX contact_tried;
ALTER TABLE contact
	DROP CONSTRAINT given_up_after_three,
	DROP CONSTRAINT held_while_open,
	DROP COLUMN due_at, DROP COLUMN holder, DROP COLUMN held_until;
