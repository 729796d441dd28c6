-- What there is: offices, services, calendar, schedules, slots and their quotas.
-- Written by the package slots, and by booking only through take_place and free_place.

-- +goose Up
CREATE TABLE service (
	id          text     PRIMARY KEY,
	biz_group   text     NOT NULL CHECK (biz_group IN ('marriage', 'divorce', 'other')),
	parties_min smallint NOT NULL CHECK (parties_min BETWEEN 0 AND 2),
	parties_max smallint NOT NULL CHECK (parties_max BETWEEN parties_min AND 2),
	name        text     NOT NULL,
	name_en     text     NOT NULL,
	position    smallint NOT NULL UNIQUE
);

CREATE TABLE office (
	id        text     PRIMARY KEY CHECK (id ~ '^[0-9]{6}([0-9]{3})?$'), -- division code
	name      text     NOT NULL,
	name_en   text     NOT NULL,
	address   text     NOT NULL,
	phone     text     NOT NULL,
	time_zone text     NOT NULL DEFAULT 'Asia/Shanghai',
	position  smallint NOT NULL DEFAULT 0
);

CREATE TABLE office_service (
	office_id  text NOT NULL REFERENCES office,
	service_id text NOT NULL REFERENCES service,
	PRIMARY KEY (office_id, service_id)
);

-- The rules of an office, from a date on. The newest row that has begun holds.
CREATE TABLE office_rules (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	office_id      text        NOT NULL REFERENCES office,
	effective_from date        NOT NULL,
	rules          jsonb       NOT NULL,
	note           text        NOT NULL CHECK (note <> ''), -- where the rule comes from
	actor          text        NOT NULL CHECK (actor <> ''),
	at             timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX office_rules_newest ON office_rules (office_id, effective_from DESC, id DESC);
SELECT keep_for_ever('office_rules');

CREATE TABLE calendar_year (
	year      smallint PRIMARY KEY,
	confirmed boolean  NOT NULL, -- published by the State Council
	source    text     NOT NULL
);
CREATE TABLE calendar_day (
	day  date PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('holiday', 'makeup_workday')),
	name text NOT NULL
);

CREATE TABLE schedule (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	office_id      text        NOT NULL REFERENCES office,
	effective_from date        NOT NULL,
	template       jsonb       NOT NULL,
	actor          text        NOT NULL CHECK (actor <> ''),
	at             timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX schedule_newest ON schedule (office_id, effective_from DESC, id DESC);
SELECT keep_for_ever('schedule');

-- What is null here is as the schedule has it.
CREATE TABLE schedule_exception (
	office_id    text        NOT NULL REFERENCES office,
	day          date        NOT NULL,
	hours        jsonb       NOT NULL, -- [] closes the day
	slot_minutes smallint    CHECK (slot_minutes BETWEEN 10 AND 240),
	capacity     jsonb       NOT NULL DEFAULT 'null', -- of the business groups that it names
	reason       text        NOT NULL CHECK (reason <> ''),
	notice       text        NOT NULL DEFAULT '',
	actor        text        NOT NULL CHECK (actor <> ''),
	at           timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (office_id, day)
);

CREATE TABLE suspension (
	id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	office_id text        NOT NULL REFERENCES office,
	from_day  date        NOT NULL,
	to_day    date        CHECK (to_day >= from_day), -- null: until further notice
	mode      text        NOT NULL CHECK (mode IN ('full', 'walk_in_only')),
	services  text[]      NOT NULL CHECK (cardinality(services) > 0),
	groups    text[]      NOT NULL, -- all of whose services these are: their places are closed
	reason    text        NOT NULL CHECK (reason <> ''),
	notice    text        NOT NULL,
	actor     text        NOT NULL CHECK (actor <> ''),
	at        timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX suspension_days ON suspension (office_id, from_day);
SELECT keep_for_ever('suspension');

-- A suspension ends earlier or later: one row per change of its end (domain
-- rule 61). An end before the first day lifts it altogether.
CREATE TABLE suspension_change (
	id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	suspension_id bigint      NOT NULL REFERENCES suspension,
	to_day        date,
	reason        text        NOT NULL CHECK (reason <> ''),
	actor         text        NOT NULL CHECK (actor <> ''),
	at            timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX suspension_change_newest ON suspension_change (suspension_id, id DESC);
SELECT keep_for_ever('suspension_change');

-- The suspensions with the end that they have now.
CREATE VIEW suspension_now AS
	SELECT s.id, s.office_id, s.from_day,
		CASE WHEN c.id IS NULL THEN s.to_day ELSE c.to_day END AS to_day,
		s.mode, s.services, s.groups, s.reason, s.notice, s.actor, s.at
	FROM suspension AS s
	LEFT JOIN LATERAL (
		SELECT id, to_day
		FROM suspension_change
		WHERE suspension_id = s.id
		ORDER BY id DESC
		LIMIT 1
	) AS c ON true;

-- suspended says whether a suspension closes the places of a business group and
-- channel on a day. Mode walk_in_only leaves what can be booked from home.
CREATE FUNCTION suspended(office text, on_day date, of_group text, via text) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (
		SELECT FROM suspension_now
		WHERE office_id = office
		  AND from_day <= on_day
		  AND (to_day IS NULL OR to_day >= on_day)
		  AND of_group = ANY (groups)
		  AND (mode = 'full' OR via = 'counter')
	)
$$;

CREATE TABLE slot (
	id        text        COLLATE "C" PRIMARY KEY, -- 430702-20260520-0900
	office_id text        NOT NULL REFERENCES office,
	day       date        NOT NULL,
	starts_at timestamptz NOT NULL,
	ends_at   timestamptz NOT NULL CHECK (ends_at > starts_at),
	withdrawn boolean     NOT NULL DEFAULT false, -- the schedule has it no longer: nothing in it is sold
	UNIQUE (office_id, starts_at)
);
CREATE INDEX slot_office_day ON slot (office_id, day);

-- A quota (号源) counts what may be sold and what has been. A quota of kind
-- 'place' belongs to one slot, business group and channel; the others cap
-- several of these together and are named in their parents.
CREATE TABLE quota (
	id        text        COLLATE "C" PRIMARY KEY, -- 430702-20260520-0900-marriage-web, -am-marriage, -day-marriage, -hall
	office_id text        NOT NULL REFERENCES office,
	day       date        NOT NULL,
	kind      text        NOT NULL CHECK (kind IN ('place', 'half_day', 'day', 'hall')),
	slot_id   text        COLLATE "C" REFERENCES slot,
	biz_group text        CHECK (biz_group IN ('marriage', 'divorce', 'other')),
	channel   text        CHECK (channel IN ('web', 'phone', 'counter')),
	parents   text[]      COLLATE "C" NOT NULL DEFAULT '{}', -- in id order
	cap       int         NOT NULL CHECK (cap BETWEEN 0 AND 10000),
	planned   int         NOT NULL DEFAULT 0, -- the cap by the schedule, before anything was added, cut or spilled
	booked    int         NOT NULL DEFAULT 0 CHECK (booked >= 0),
	cooling   int         NOT NULL DEFAULT 0 CHECK (cooling >= 0), -- cancelled, not yet on sale again
	excess    int         NOT NULL DEFAULT 0 CHECK (excess >= 0),  -- left by a cut below what was booked
	state     text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
	epoch     int         NOT NULL DEFAULT 1, -- moves when a closure ends all earlier holds
	version   bigint      NOT NULL DEFAULT 1, -- the newest wins in Redis
	published boolean     NOT NULL DEFAULT false, -- has been put into Redis: a loss can have cost holds
	opens_at  timestamptz NOT NULL,
	closes_at timestamptz NOT NULL,
	CONSTRAINT never_oversold CHECK (booked + cooling <= cap + excess),
	CONSTRAINT place_has_slot CHECK ((kind = 'place') = (slot_id IS NOT NULL AND biz_group IS NOT NULL AND channel IS NOT NULL))
) WITH (fillfactor = 70); -- the counters change in place
CREATE INDEX quota_office_day ON quota (office_id, day);
CREATE INDEX quota_slot ON quota (slot_id);

-- service_suspended says whether a suspension keeps a service out of a place,
-- which may be open to the other services of its group.
CREATE FUNCTION service_suspended(q text, service text) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (
		SELECT
		FROM quota
		JOIN suspension_now AS s ON s.office_id = quota.office_id
		WHERE quota.id = q
		  AND s.from_day <= quota.day
		  AND (s.to_day IS NULL OR s.to_day >= quota.day)
		  AND service = ANY (s.services)
		  AND (s.mode = 'full' OR quota.channel = 'counter')
	)
$$;

-- A cancelled place rests here, so that it cannot be steered to a chosen person.
CREATE TABLE cooling (
	id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	quota_id text        COLLATE "C" NOT NULL REFERENCES quota,
	until    timestamptz NOT NULL
);
CREATE INDEX cooling_until ON cooling (until);

-- The days whose unused phone and counter places have gone back to the web, once.
CREATE TABLE spill (
	office_id text        NOT NULL REFERENCES office,
	day       date        NOT NULL,
	at        timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (office_id, day)
);

-- quota_line is a quota as Redis keeps it: "id version cap booked cooling
-- epoch open opens_at closes_at", instants in milliseconds. It is the only
-- place where this form is written; lua/hunyue.lua is where it is read.
CREATE FUNCTION quota_line(q quota) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT concat_ws(' ', q.id, q.version, q.cap, q.booked, q.cooling, q.epoch,
		CASE q.state WHEN 'open' THEN 1 ELSE 0 END, millis(q.opens_at), millis(q.closes_at))
$$;

-- +goose StatementBegin

-- take_place is the final guard against overselling: it counts one more couple
-- in q and in all its parents, or raises HY003 (full) or HY008 (closed: suspended,
-- past, not open yet, or of an older epoch) and counts nothing. Rows are
-- locked in id order, here and everywhere. It returns their new lines.
CREATE FUNCTION take_place(q text, ep int) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	now     timestamptz := clock_now();
	lines   text[];
	line    text;
	above   text[];
	parent  text;
BEGIN
	UPDATE quota
	SET booked = booked + 1, version = version + 1
	WHERE id = q
	  AND state = 'open'
	  AND epoch = ep
	  AND opens_at <= now
	  AND closes_at > now
	  AND booked + cooling < cap
	RETURNING ARRAY[quota_line(quota)], parents INTO lines, above;
	IF NOT FOUND AND EXISTS (
		SELECT
		FROM quota
		WHERE id = q
		  AND state = 'open'
		  AND epoch = ep
		  AND opens_at <= now
		  AND closes_at > now
	) THEN
		RAISE EXCEPTION 'full' USING ERRCODE = 'HY003';
	ELSIF lines IS NULL THEN
		RAISE EXCEPTION 'closed' USING ERRCODE = 'HY008';
	END IF;
	FOREACH parent IN ARRAY above LOOP
		UPDATE quota
		SET booked = booked + 1, version = version + 1
		WHERE id = parent
		  AND state = 'open'
		  AND booked + cooling < cap
		RETURNING quota_line(quota) INTO line;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'full' USING ERRCODE = 'HY003';
		END IF;
		lines := lines || line;
	END LOOP;
	RETURN lines;
END
$$;

-- free_place counts one couple less in q and its parents. What a cut left over
-- (excess) shrinks first; otherwise the place cools until the given instant,
-- or is on sale at once where that is null. It returns the new lines.
CREATE FUNCTION free_place(q text, cool_until timestamptz) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	lines  text[] := '{}';
	line   text;
	member text;
	cools  boolean;
BEGIN
	PERFORM id FROM quota WHERE id = q FOR NO KEY UPDATE; -- whoever gives it other parents has come before or comes after
	FOR member IN SELECT unnest(array_prepend(id, parents)) FROM quota WHERE id = q LOOP
		UPDATE quota AS new
		SET booked  = new.booked - 1,
		    excess  = greatest(0, new.excess - 1),
		    cooling = new.cooling + CASE WHEN new.excess = 0 AND cool_until IS NOT NULL THEN 1 ELSE 0 END,
		    version = new.version + 1
		FROM (SELECT id, excess FROM quota WHERE id = member FOR UPDATE) AS old
		WHERE new.id = old.id
		RETURNING quota_line(new), old.excess = 0 AND cool_until IS NOT NULL INTO line, cools;
		IF cools THEN
			INSERT INTO cooling (quota_id, until) VALUES (member, cool_until);
		END IF;
		lines := lines || line;
	END LOOP;
	RETURN lines;
END
$$;

-- free_places counts one couple less for every time that a quota is named, in it
-- and in its parents, in one go: a suspension frees hundreds. The places are on
-- sale at once, unless the suspension has closed them. It returns the new lines.
CREATE FUNCTION free_places(named text[]) RETURNS text[] LANGUAGE sql AS $$
	SELECT id
	FROM quota
	WHERE id = ANY (named)
	   OR id = ANY (SELECT unnest(parents) FROM quota WHERE id = ANY (named))
	ORDER BY id
	FOR NO KEY UPDATE;

	WITH freed AS (
		SELECT member, count(*)::int AS places
		FROM unnest(named) AS name
		JOIN quota ON quota.id = name
		CROSS JOIN unnest(array_prepend(quota.id, quota.parents)) AS member
		GROUP BY member
	), counted AS (
		UPDATE quota
		SET booked = booked - places, excess = greatest(0, excess - places), version = version + 1
		FROM freed
		WHERE quota.id = freed.member
		RETURNING quota_line(quota) AS line
	)
	SELECT coalesce(array_agg(line), '{}') FROM counted;
$$;
-- +goose StatementEnd

-- quota_lines is the lines of q and its parents as they stand.
CREATE FUNCTION quota_lines(q text) RETURNS text[] LANGUAGE sql STABLE AS $$
	SELECT coalesce(array_agg(quota_line(m) ORDER BY m.id), '{}')
	FROM quota AS m
	WHERE m.id = q
	   OR m.id = ANY ((SELECT parents FROM quota WHERE id = q)::text[])
$$;

-- set_cap sets how many may be sold. A cut below what is booked cancels
-- nobody: it leaves an excess, which cancellations use up (domain rule 26).
CREATE FUNCTION set_cap(q text, n int) RETURNS text LANGUAGE sql AS $$
	UPDATE quota
	SET cap = n, excess = greatest(0, booked + cooling - n), version = version + 1
	WHERE id = q
	RETURNING quota_line(quota)
$$;

INSERT INTO service (position, id, biz_group, parties_min, parties_max, name, name_en) VALUES
	(1,  'marriage',         'marriage', 2, 2, '结婚登记',     'Marriage registration'),
	(2,  'remarriage',       'marriage', 2, 2, '复婚登记',     'Remarriage to the same spouse'),
	(3,  'marriage_makeup',  'marriage', 2, 2, '补办结婚登记', 'Late marriage registration'),
	(4,  'divorce_apply',    'divorce',  2, 2, '离婚登记申请', 'Divorce application'),
	(5,  'divorce_withdraw', 'divorce',  1, 1, '撤回离婚登记申请', 'Withdrawal of a divorce application'),
	(6,  'divorce_issue',    'divorce',  2, 2, '申请发给离婚证', 'Issue of a divorce certificate'),
	(7,  'reissue_marriage', 'other',    1, 2, '补领结婚证',   'Re-issue of a marriage certificate'),
	(8,  'reissue_divorce',  'other',    1, 2, '补领离婚证',   'Re-issue of a divorce certificate'),
	(9,  'archive_query',    'other',    1, 2, '婚姻登记档案查询', 'Archive enquiry'),
	(10, 'counselling',      'other',    1, 2, '婚姻家庭辅导', 'Family counselling'),
	(11, 'ceremony',         'other',    2, 2, '颁证仪式',     'Certificate ceremony');

-- +goose Down
DROP FUNCTION service_suspended, set_cap, quota_lines, free_places, free_place, take_place, quota_line;
DROP TABLE spill, cooling, quota, slot;
DROP FUNCTION suspended;
DROP VIEW suspension_now;
DROP TABLE suspension_change, suspension, schedule_exception, schedule, calendar_day, calendar_year,
	office_rules, office_service, office, service;
