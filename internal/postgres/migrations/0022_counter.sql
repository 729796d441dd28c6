-- What the counter notes: why somebody was not accepted, numbers that were put
-- right, and which certificate numbers are taken. Written by hall.

-- +goose Up

-- A reason is one of a few; in words only where none of them fits.
ALTER TABLE refusal
	ADD COLUMN code text NOT NULL DEFAULT 'other'
		CHECK (code IN ('documents', 'photos', 'mismatch', 'one_missing', 'not_eligible', 'no_answer', 'other')),
	DROP CONSTRAINT refusal_reason_check,
	ADD CONSTRAINT other_in_words CHECK (reason <> '' OR code <> 'other');

-- A certificate number that a manager put right once it could not be undone any
-- more. The registration keeps what was noted first, and each correction its own
-- number: the newest counts.
CREATE TABLE amendment (
	registration_id bigint      NOT NULL REFERENCES registration,
	n               smallint    NOT NULL CHECK (n > 0), -- 1, 2 and so on
	certificate     bytea       NOT NULL,               -- sealed
	certificate_key bytea       NOT NULL CHECK (length(certificate_key) = 32),
	nationwide      boolean     NOT NULL,
	reason          text        NOT NULL CHECK (reason <> ''),
	actor           text        NOT NULL CHECK (actor <> ''),
	at              timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (registration_id, n)
);
SELECT keep_for_ever('amendment');
CREATE INDEX amendment_certificate ON amendment (certificate_key);
CREATE INDEX registration_certificate ON registration (certificate_key);

-- Registrations that stand, each with the number that counts. n is 0 where none was
-- put right.
CREATE VIEW standing_registration AS
SELECT r.id, r.appointment_id, r.number, r.service_id, r.office_id, r.day, r.registrar, r.at,
	coalesce(m.certificate, r.certificate) AS certificate,
	coalesce(m.certificate_key, r.certificate_key) AS certificate_key,
	coalesce(m.nationwide, r.nationwide) AS nationwide,
	coalesce(m.n, 0) AS n
FROM registration AS r
LEFT JOIN LATERAL (
	SELECT certificate, certificate_key, nationwide, n
	FROM amendment
	WHERE registration_id = r.id
	ORDER BY n DESC
	LIMIT 1
) AS m ON true
WHERE r.undone_at IS NULL;

-- The numbers of the present form that are taken, each by one registration that
-- stands: also those that were put right.
CREATE TABLE certificate_taken (
	registration_id bigint PRIMARY KEY REFERENCES registration,
	certificate_key bytea  NOT NULL
);
INSERT INTO certificate_taken (registration_id, certificate_key)
SELECT id, certificate_key
FROM registration
WHERE nationwide
  AND undone_at IS NULL;
DROP INDEX certificate_once;
ALTER TABLE certificate_taken ADD CONSTRAINT certificate_once UNIQUE (certificate_key);

-- +goose StatementBegin
CREATE FUNCTION take_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.nationwide THEN
		INSERT INTO certificate_taken (registration_id, certificate_key)
		VALUES (NEW.id, NEW.certificate_key);
	END IF;
	RETURN NULL;
END
$$;

CREATE FUNCTION give_back_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM certificate_taken
	WHERE registration_id = NEW.id;
	RETURN NULL;
END
$$;

CREATE FUNCTION amend_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	appointment bigint := (SELECT appointment_id FROM registration WHERE id = NEW.registration_id);
BEGIN
	DELETE FROM certificate_taken
	WHERE registration_id = NEW.registration_id;
	IF NEW.nationwide THEN
		INSERT INTO certificate_taken (registration_id, certificate_key)
		VALUES (NEW.registration_id, NEW.certificate_key);
	END IF;
	PERFORM record_audit('certificate_amended', 'appointment:' || appointment, NULL, NULL, NULL);
	RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER taken AFTER INSERT ON registration FOR EACH ROW EXECUTE FUNCTION take_certificate();
CREATE TRIGGER given_back AFTER UPDATE OF undone_at ON registration FOR EACH ROW EXECUTE FUNCTION give_back_certificate();
CREATE TRIGGER taken AFTER INSERT ON amendment FOR EACH ROW EXECUTE FUNCTION amend_certificate();

-- +goose Down
DROP TRIGGER given_back ON registration;
DROP TRIGGER taken ON registration;
DROP VIEW standing_registration;
DROP TABLE certificate_taken, amendment;
DROP FUNCTION amend_certificate, give_back_certificate, take_certificate;
DROP INDEX registration_certificate;
CREATE UNIQUE INDEX certificate_once ON registration (certificate_key) WHERE nationwide AND undone_at IS NULL;
ALTER TABLE refusal
	DROP CONSTRAINT other_in_words,
	DROP COLUMN code,
	ADD CONSTRAINT refusal_reason_check CHECK (reason <> '') NOT VALID;
