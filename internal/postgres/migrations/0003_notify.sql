-- Who is told: the outbox, what became of every attempt, phone codes, and the
-- list of those who have to be called. Written by the package notify.
--
-- Nothing here sends NOTIFY: it would make all commits take turns. Whoever has
-- committed wakes the workers afterwards.

-- +goose Up

-- What is still to be done about a change, written in the transaction of the
-- change. It names things and holds no personal data: a text is made when it is
-- sent. It has no foreign keys: what it names may have been purged since.
CREATE TABLE outbox (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id       uuid        NOT NULL UNIQUE DEFAULT gen_random_uuid(),
	topic          text        NOT NULL CHECK (topic IN ('settle', 'message', 'code')),
	kind           text        NOT NULL CHECK (kind IN ('settle', 'code', 'booked', 'moved', 'cancelled',
		'cancelled_by_office', 'no_show', 'health_deferred', 'reminder')),
	appointment_id bigint,
	quota_id       text        COLLATE "C",
	code_id        bigint,
	at             timestamptz NOT NULL DEFAULT clock_now(),
	due_at         timestamptz NOT NULL DEFAULT clock_now(),
	leased_until   timestamptz, -- a worker has it in hand
	attempts       int         NOT NULL DEFAULT 0, -- how often it has been taken in hand; tells a late worker that it is late
	state          text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'failed', 'dropped')),
	CONSTRAINT topic_has_subject CHECK (CASE topic
		WHEN 'settle' THEN quota_id IS NOT NULL
		WHEN 'message' THEN appointment_id IS NOT NULL
		ELSE code_id IS NOT NULL END)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX outbox_due ON outbox (topic, due_at, id) WHERE state = 'pending';
CREATE INDEX outbox_appointment ON outbox (appointment_id, id) WHERE appointment_id IS NOT NULL;
CREATE INDEX outbox_at ON outbox (at) WHERE state <> 'pending';

-- One row per handing over to the channel, committed before it happens. A row
-- that has stayed 'sending' may or may not have reached the channel.
CREATE TABLE attempt (
	outbox_id bigint      NOT NULL REFERENCES outbox ON DELETE CASCADE,
	n         int         NOT NULL,
	state     text        NOT NULL DEFAULT 'sending' CHECK (state IN ('sending', 'sent', 'failed')),
	reference uuid        NOT NULL UNIQUE, -- under which the channel knows it
	error     text,                        -- refused, busy, unknown: never the channel's own words
	at        timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (outbox_id, n)
);

-- Codes sent to phones (domain rule 93). The newest of a phone is the only one
-- that can be spent. request_key is a hash of the client's Idempotency-Key.
CREATE TABLE phone_code (
	id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	phone_key   bytea       NOT NULL CHECK (length(phone_key) = 32),
	code_mac    bytea       NOT NULL CHECK (length(code_mac) = 32),
	sealed      bytea,      -- phone and code, until they are handed to the channel
	locale      text        NOT NULL CHECK (locale IN ('zh', 'en')),
	created_at  timestamptz NOT NULL DEFAULT clock_now(),
	expires_at  timestamptz NOT NULL CHECK (expires_at > created_at),
	tries       smallint    NOT NULL DEFAULT 0, -- wrong ones
	spent_by    uuid,
	request_key bytea       CONSTRAINT phone_code_request UNIQUE CHECK (length(request_key) = 32)
);
CREATE INDEX phone_code_newest ON phone_code (phone_key, id DESC);
CREATE INDEX phone_code_created ON phone_code (created_at);

-- The call list (domain rules 7, 57, 92): who has to be told by phone, and of
-- what (a kind of message). A row stays open until somebody has been reached.
CREATE TABLE contact (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	appointment_id bigint      NOT NULL,
	reason         text        NOT NULL CHECK (reason <> ''),
	created_at     timestamptz NOT NULL DEFAULT clock_now(),
	open           boolean     NOT NULL DEFAULT true,
	tries          smallint    NOT NULL DEFAULT 0,
	outcome        text        CHECK (outcome IN ('reached', 'no_answer', 'wrong_number', 'given_up')), -- of the last call
	tried_at       timestamptz,
	CONSTRAINT tried_has_outcome CHECK ((tries = 0) = (outcome IS NULL) AND (tries = 0) = (tried_at IS NULL)),
	CONSTRAINT open_until_ended CHECK (open = (outcome IS NULL OR outcome NOT IN ('reached', 'given_up')))
);
CREATE UNIQUE INDEX contact_once ON contact (appointment_id, reason) WHERE open;

-- What the development channel would have sent. Only demo mode and tests write
-- here, about people who do not exist; so the phone and the text are readable.
CREATE TABLE dev_message (
	id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at        timestamptz NOT NULL DEFAULT clock_now(),
	phone     text        NOT NULL,
	kind      text        NOT NULL,
	text      text        NOT NULL,
	code      text        NOT NULL DEFAULT '',
	reference uuid        NOT NULL UNIQUE
);
CREATE INDEX dev_message_phone ON dev_message (phone, id DESC);

-- enqueue_settle asks that Redis be told how quota q stands now.
CREATE FUNCTION enqueue_settle(q text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO outbox (topic, kind, quota_id) VALUES ('settle', 'settle', q)
$$;

-- add_contact puts an appointment on the call list, once per reason.
CREATE FUNCTION add_contact(appointment bigint, reason text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO contact (appointment_id, reason) VALUES (appointment, reason) ON CONFLICT DO NOTHING
$$;

-- +goose StatementBegin

-- enqueue_message asks that those who hold an appointment be told of a change.
-- A cancellation by the office is also put on the call list (domain rule 57).
CREATE FUNCTION enqueue_message(kind text, appointment bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (topic, kind, appointment_id) VALUES ('message', enqueue_message.kind, appointment);
	IF enqueue_message.kind = 'cancelled_by_office' THEN
		PERFORM add_contact(appointment, enqueue_message.kind);
	END IF;
END
$$;

-- spend_code uses up the code that was sent to a phone, once: ok, code_wrong,
-- code_expired (or spent, replaced, never sent) or code_used_up (after five
-- wrong tries). The spender is the hold or request that it is spent for; the
-- same one gets ok again, so that a twin of a request is not refused. It counts
-- a wrong try, so the caller commits whatever the answer.
CREATE FUNCTION spend_code(phone bytea, code bytea, spender uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	newest record;
BEGIN
	IF EXISTS (SELECT FROM phone_code WHERE phone_key = phone AND code_mac = code AND spent_by = spender) THEN
		RETURN 'ok'; -- even if another has been sent since
	END IF;
	SELECT id, code_mac, expires_at, tries, spent_by
	INTO newest
	FROM phone_code
	WHERE phone_key = phone
	ORDER BY id DESC
	LIMIT 1
	FOR UPDATE; -- spenders of one code take turns
	IF NOT FOUND OR newest.spent_by <> spender THEN
		RETURN 'code_expired';
	END IF;
	IF newest.spent_by = spender THEN
		RETURN CASE WHEN newest.code_mac = code THEN 'ok' ELSE 'code_wrong' END;
	END IF;
	IF newest.tries >= 5 THEN
		RETURN 'code_used_up';
	END IF;
	IF newest.expires_at <= clock_now() THEN
		RETURN 'code_expired';
	END IF;
	IF newest.code_mac <> code THEN
		UPDATE phone_code SET tries = tries + 1 WHERE id = newest.id;
		RETURN 'code_wrong';
	END IF;
	UPDATE phone_code SET spent_by = spender WHERE id = newest.id;
	RETURN 'ok';
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION spend_code, enqueue_message, add_contact, enqueue_settle;
DROP TABLE dev_message, contact, phone_code, attempt, outbox;
