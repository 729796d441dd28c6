-- The waiting list (候补): couples whose day is full, what they wish, and the
-- cancelled places that they were offered (domain rule 37). Written by the package
-- booking. The place itself rests in cooling, which is written by slots.

-- +goose Up

-- A cooling place that is offered is kept for that offer: until is then the end of
-- the offer. Its caps' rows have the same mark.
ALTER TABLE cooling ADD COLUMN offer uuid;
CREATE UNIQUE INDEX cooling_offer ON cooling (offer, quota_id) WHERE offer IS NOT NULL;

-- A couple on the list of an office. As soon as it has ended whatever names or finds
-- a person is gone; the phone goes once the last text is sent.
CREATE TABLE waiter (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of joining
	entry          uuid        NOT NULL UNIQUE, -- what its sealed columns belong to
	number         text        NOT NULL UNIQUE CHECK (number ~ '^[1-9][0-9]{7}$'),
	office_id      text        NOT NULL REFERENCES office,
	service_id     text        NOT NULL REFERENCES service,
	biz_group      text        NOT NULL,
	channel        text        NOT NULL CHECK (channel IN ('web', 'phone')),
	caller         bytea,      -- sealed; who asked, where somebody else typed
	phone_key      bytea       NOT NULL CHECK (length(phone_key) = 32),
	contact        bytea       NOT NULL, -- sealed; empty once nobody is to be told any more
	locale         text        NOT NULL CHECK (locale IN ('zh', 'en')),
	consents       jsonb       NOT NULL,
	state          text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'offered', 'accepted', 'left', 'expired')),
	misses         smallint    NOT NULL DEFAULT 0 CHECK (misses BETWEEN 0 AND 2), -- offers that were not answered
	appointment_id bigint      REFERENCES appointment,
	joined_at      timestamptz NOT NULL DEFAULT clock_now(),
	ended_at       timestamptz,
	CONSTRAINT waiter_accepted_has_its_appointment CHECK ((state = 'accepted') = (appointment_id IS NOT NULL)),
	CONSTRAINT waiter_twice_missed_is_off CHECK (misses < 2 OR state = 'expired'),
	CONSTRAINT waiter_ended CHECK ((state IN ('waiting', 'offered')) = (ended_at IS NULL))
);
CREATE INDEX waiter_phone ON waiter (phone_key) WHERE ended_at IS NULL;
CREATE INDEX waiter_line ON waiter (office_id, biz_group, id) WHERE ended_at IS NULL;

CREATE TABLE waiter_person (
	waiter_id bigint   NOT NULL REFERENCES waiter,
	role      smallint NOT NULL CHECK (role IN (1, 2)),
	person    bytea    NOT NULL CHECK (length(person) = 32), -- keyed hash of the identity document
	office_id text     NOT NULL,
	biz_group text     NOT NULL,
	waits     boolean  NOT NULL, -- false: has ended, or is asked themselves once there is a place (0018)
	sealed    bytea    NOT NULL,
	PRIMARY KEY (waiter_id, role)
);
CREATE UNIQUE INDEX waits_once ON waiter_person (person, office_id, biz_group) WHERE waits;

-- What a couple wishes: a morning or an afternoon, as the half-day caps count them.
CREATE TABLE waiter_wish (
	waiter_id bigint      NOT NULL REFERENCES waiter,
	position  smallint    NOT NULL CHECK (position BETWEEN 1 AND 3),
	day       date        NOT NULL,
	half      text        NOT NULL CHECK (half IN ('am', 'pm')),
	closes_at timestamptz NOT NULL, -- from then on nothing is offered any more
	PRIMARY KEY (waiter_id, position),
	UNIQUE (waiter_id, day, half)
);
CREATE INDEX waiter_wish_day ON waiter_wish (day, half);

-- A place that was offered. Its id is the hold that an appointment is made of.
CREATE TABLE wait_offer (
	id         uuid        PRIMARY KEY,
	waiter_id  bigint      NOT NULL REFERENCES waiter,
	quota_id   text        COLLATE "C" NOT NULL REFERENCES quota,
	cooling_id bigint      NOT NULL, -- the place; its row goes with it
	made_at    timestamptz NOT NULL DEFAULT clock_now(),
	until      timestamptz NOT NULL CHECK (until > made_at),
	state      text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'declined', 'missed', 'refused', 'withdrawn')),
	ended_at   timestamptz,
	CONSTRAINT one_offer_of_a_place_each UNIQUE (cooling_id, waiter_id),
	CONSTRAINT wait_offer_ended CHECK ((state = 'open') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX one_open_offer_each ON wait_offer (waiter_id) WHERE state = 'open';
CREATE UNIQUE INDEX one_open_offer_of_a_place ON wait_offer (cooling_id) WHERE state = 'open';
CREATE INDEX wait_offer_until ON wait_offer (until) WHERE state = 'open';

-- The texts that go with it. They are about a couple on the list, not about an
-- appointment.
ALTER TABLE outbox ADD COLUMN waiter_id bigint;
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('settle', 'code', 'booked', 'moved', 'cancelled',
	'cancelled_by_office', 'no_show', 'health_deferred', 'reminder', 'tried', 'restricted', 'phone_changed',
	'wait_joined', 'wait_hit', 'wait_passed', 'wait_ended'));
ALTER TABLE outbox DROP CONSTRAINT topic_has_subject;
ALTER TABLE outbox ADD CONSTRAINT topic_has_subject CHECK (CASE topic
	WHEN 'settle' THEN quota_id IS NOT NULL
	WHEN 'message' THEN (appointment_id IS NULL) <> (waiter_id IS NULL) AND (kind LIKE 'wait\_%') = (waiter_id IS NOT NULL)
	ELSE code_id IS NOT NULL END);
CREATE INDEX outbox_waiter ON outbox (waiter_id) WHERE waiter_id IS NOT NULL AND state = 'pending';

-- +goose StatementBegin
CREATE FUNCTION waiter_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.state = OLD.state THEN
		RETURN NEW;
	END IF;
	IF (OLD.state, NEW.state) NOT IN (
		('waiting', 'offered'), ('waiting', 'left'), ('waiting', 'expired'),
		('offered', 'waiting'), ('offered', 'accepted'), ('offered', 'left'), ('offered', 'expired')
	) THEN
		RAISE EXCEPTION 'no move from % to %', OLD.state, NEW.state USING ERRCODE = 'HY004';
	END IF;
	IF NEW.state NOT IN ('waiting', 'offered') THEN
		NEW.ended_at := clock_now();
		NEW.phone_key := nobody();
		NEW.caller := NULL;
	END IF;
	RETURN NEW;
END
$$;

CREATE FUNCTION waiter_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		PERFORM record_audit('wait_joined', 'waiter:' || NEW.id, NULL, NEW.state, NULL);
	ELSIF NEW.state <> OLD.state THEN
		PERFORM record_audit('wait_' || NEW.state, 'waiter:' || NEW.id, OLD.state, NEW.state, NULL);
		IF NEW.ended_at IS NOT NULL THEN
			UPDATE waiter_person SET person = nobody(), sealed = '', waits = false WHERE waiter_id = NEW.id;
		END IF;
	END IF;
	RETURN NULL;
END
$$;

CREATE FUNCTION wait_offer_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.state <> 'open' OR (to_jsonb(OLD) - '{state,ended_at}'::text[]) <> (to_jsonb(NEW) - '{state,ended_at}'::text[]) THEN
		RAISE EXCEPTION 'an offer ends once' USING ERRCODE = 'HY004';
	END IF;
	IF NEW.state <> 'open' THEN
		NEW.ended_at := clock_now();
		PERFORM record_audit('wait_offer_' || NEW.state, 'waiter:' || NEW.waiter_id, NULL, NULL, NEW.quota_id);
	END IF;
	RETURN NEW;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER moves BEFORE UPDATE ON waiter FOR EACH ROW EXECUTE FUNCTION waiter_moves();
CREATE TRIGGER changed AFTER INSERT OR UPDATE ON waiter FOR EACH ROW EXECUTE FUNCTION waiter_changed();
CREATE TRIGGER moves BEFORE UPDATE ON wait_offer FOR EACH ROW EXECUTE FUNCTION wait_offer_moves();

-- +goose Down
DROP INDEX outbox_waiter;
ALTER TABLE outbox DROP CONSTRAINT topic_has_subject;
ALTER TABLE outbox ADD CONSTRAINT topic_has_subject CHECK (CASE topic
	WHEN 'settle' THEN quota_id IS NOT NULL
	WHEN 'message' THEN appointment_id IS NOT NULL
	ELSE code_id IS NOT NULL END) NOT VALID;
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('settle', 'code', 'booked', 'moved', 'cancelled',
	'cancelled_by_office', 'no_show', 'health_deferred', 'reminder', 'tried', 'restricted', 'phone_changed')) NOT VALID;
ALTER TABLE outbox DROP COLUMN waiter_id;
DROP TABLE wait_offer, waiter_wish, waiter_person, waiter;
DROP FUNCTION wait_offer_moves, waiter_changed, waiter_moves;
DROP INDEX cooling_offer;
ALTER TABLE cooling DROP COLUMN offer;
