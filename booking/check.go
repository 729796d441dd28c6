package booking

import (
	"context"
	"fmt"

	"hunyue/internal/postgres"
)

// Assertion is one thing that must always hold, with the number of rows for
// which it does not.
type Assertion struct {
	Name string
	Bad  int
}

// assertions count the rows that break an invariant. They read the truth as
// it lies there and share no code with what wrote it.
var assertions = []struct{ name, query string }{
	{"never_oversold", `
		SELECT count(*)
		FROM quota
		WHERE booked + cooling > cap + excess`},
	{"booked_equals_appointments", `
		SELECT count(*)
		FROM quota AS q
		WHERE kind = 'place'
		  AND booked <> (
			SELECT count(*)
			FROM appointment AS a
			WHERE a.quota_id = q.id
			  AND a.status NOT IN ('cancelled', 'cancelled_by_office'))`},
	{"caps_equal_their_places", `
		SELECT count(*)
		FROM quota AS above
		WHERE kind <> 'place'
		  AND booked <> (
			SELECT coalesce(sum(booked), 0)
			FROM quota AS q
			WHERE q.office_id = above.office_id
			  AND q.day = above.day
			  AND above.id = ANY (q.parents))`},
	{"cooling_equals_its_rows", `
		SELECT count(*)
		FROM quota AS q
		WHERE cooling <> (SELECT count(*) FROM cooling AS c WHERE c.quota_id = q.id)`},
	{"offered_places_are_kept", `
		SELECT count(*)
		FROM wait_offer AS o
		FULL JOIN (SELECT offer, max(id) FILTER (WHERE quota_id IN (SELECT id FROM quota WHERE kind = 'place')) AS place
			FROM cooling WHERE offer IS NOT NULL GROUP BY offer) AS c ON c.offer = o.id
		WHERE (coalesce(o.state, '') = 'open') <> (c.offer IS NOT NULL)
		   OR o.state = 'open' AND c.place IS DISTINCT FROM o.cooling_id`},
	{"offered_has_its_offer", `
		SELECT count(*)
		FROM waiter AS w
		WHERE (w.state = 'offered') <> EXISTS (SELECT FROM wait_offer AS o WHERE o.waiter_id = w.id AND o.state = 'open')
		   OR (w.state = 'accepted') <> EXISTS (
			SELECT
			FROM wait_offer AS o
			JOIN appointment AS a ON a.hold_id = o.id
			WHERE o.waiter_id = w.id
			  AND o.state = 'accepted'
			  AND a.id = w.appointment_id)`},
	{"who_waits_no_more_is_nobody", `
		SELECT count(*)
		FROM waiter_person AS p
		JOIN waiter AS w ON w.id = p.waiter_id
		WHERE w.ended_at IS NOT NULL
		  AND (p.waits OR length(p.sealed) > 0 OR w.caller IS NOT NULL)`},
	{"person_in_one_active_appointment", `
		SELECT count(*)
		FROM (
			SELECT person, biz_group
			FROM party
			WHERE active
			GROUP BY person, biz_group
			HAVING count(*) > 1) AS twice`},
	{"party_active_with_its_appointment", `
		SELECT count(*)
		FROM party AS p
		JOIN appointment AS a ON a.id = p.appointment_id
		WHERE p.active <> (NOT p.unconfirmed AND a.status IN ('booked', 'late', 'checked_in', 'called', 'in_service'))`},
	{"unconfirmed_is_let_in_for_a_reason_alone", `
		SELECT count(*)
		FROM party AS p
		JOIN appointment AS a ON a.id = p.appointment_id
		LEFT JOIN second_person AS s ON s.appointment_id = p.appointment_id
		WHERE p.unconfirmed
		  AND (s.appointment_id IS NULL
		    OR s.confirmed_at IS NOT NULL
		    OR s.waived IS NULL AND a.status IN ('late', 'checked_in', 'called', 'in_service', 'completed', 'not_accepted'))`},
	{"confirmed_second_person_is_one", `
		SELECT count(*)
		FROM second_person AS s
		LEFT JOIN party AS p ON p.appointment_id = s.appointment_id AND p.role = 2
		WHERE p.person IS NULL
		   OR (s.confirmed_at IS NULL) <> p.unconfirmed`},
	{"parties_differ", `
		SELECT count(*)
		FROM (
			SELECT appointment_id
			FROM party
			GROUP BY appointment_id
			HAVING count(DISTINCT person) < count(*)) AS same`},
	{"parties_are_as_many_as_the_service_needs", `
		SELECT count(*)
		FROM appointment AS a
		JOIN service AS s ON s.id = a.service_id
		WHERE (SELECT count(*) FROM party AS p WHERE p.appointment_id = a.id) NOT BETWEEN s.parties_min AND s.parties_max`},
	{"hold_has_one_outcome", `
		SELECT count(*)
		FROM appointment AS a
		LEFT JOIN hold_outcome AS o ON o.hold_id = a.hold_id
		WHERE o.outcome IS DISTINCT FROM 'C'
		   OR o.appointment_id IS DISTINCT FROM a.id`},
	{"confirmed_hold_has_its_appointment", `
		SELECT count(*)
		FROM hold_outcome AS o
		WHERE outcome = 'C'
		  AND NOT EXISTS (SELECT FROM appointment AS a WHERE a.id = o.appointment_id)`},
	{"every_change_is_audited_once", `
		SELECT count(*)
		FROM appointment AS a
		WHERE a.created_at > (SELECT coalesce(max(until), '-infinity') FROM audit_removal)
		  AND a.version <> (
			SELECT count(*)
			FROM audit AS s
			WHERE s.subject = 'appointment:' || a.id
			  AND s.new_status IS NOT NULL)`},
	{"audit_ends_where_the_appointment_stands", `
		SELECT count(*)
		FROM appointment AS a
		WHERE a.created_at > (SELECT coalesce(max(until), '-infinity') FROM audit_removal)
		  AND a.status IS DISTINCT FROM (
			SELECT s.new_status
			FROM audit AS s
			WHERE s.subject = 'appointment:' || a.id
			  AND s.new_status IS NOT NULL
			ORDER BY s.id DESC
			LIMIT 1)`},
	{"audit_names_an_actor", `SELECT count(*) FROM audit WHERE actor = ''`},
	{"every_booking_has_its_message", `
		SELECT count(*)
		FROM appointment AS a
		WHERE a.created_at > (SELECT clock_now()) - interval '7 days'
		  AND NOT EXISTS (SELECT FROM outbox AS o WHERE o.appointment_id = a.id AND o.kind = 'booked')`},
	{"erased_data_are_gone", `
		SELECT count(*)
		FROM appointment AS a
		JOIN party AS p ON p.appointment_id = a.id
		WHERE a.erased_at IS NOT NULL
		  AND (length(a.contact) > 0 OR a.caller IS NOT NULL OR a.former_contact IS NOT NULL OR length(p.sealed) > 0 OR p.active AND NOT a.walk_in
		    OR EXISTS (SELECT FROM second_person AS s WHERE s.appointment_id = a.id AND (s.link IS NOT NULL OR s.phone_key IS NOT NULL)))`},
	{"appointment_stands_in_its_slot", `
		SELECT count(*)
		FROM appointment AS a
		JOIN quota AS q ON q.id = a.quota_id
		JOIN slot AS s ON s.id = q.slot_id
		WHERE a.day <> q.day
		   OR a.office_id <> q.office_id
		   OR a.biz_group <> q.biz_group
		   OR a.starts_at <> s.starts_at`},
	{"slots_do_not_overlap", `
		SELECT count(*)
		FROM slot AS a
		JOIN slot AS b ON b.office_id = a.office_id
			AND b.day = a.day
			AND b.starts_at > a.starts_at
			AND b.starts_at < a.ends_at
		WHERE EXISTS (SELECT FROM quota AS q WHERE q.slot_id = a.id AND q.state = 'open')
		  AND EXISTS (SELECT FROM quota AS q WHERE q.slot_id = b.id AND q.state = 'open')`},
	{"nobody_booked_in_a_suspension", `
		SELECT count(*)
		FROM appointment AS a
		JOIN quota AS q ON q.id = a.quota_id
		JOIN suspension_now AS s ON s.office_id = a.office_id
			AND s.mode = 'full'
			AND a.biz_group = ANY (s.groups)
			AND a.day BETWEEN s.from_day AND coalesce(s.to_day, 'infinity')
		WHERE a.status = 'booked'
		  AND q.state = 'closed'`},
	{"temperature_chains_unbroken", `
		SELECT count(*)
		FROM (
			SELECT supersedes
			FROM temperature
			WHERE supersedes IS NOT NULL
			GROUP BY supersedes
			HAVING count(*) > 1) AS forked`},
	{"received_were_measured_or_let_in", `
		SELECT count(*)
		FROM visit AS v
		JOIN party AS p ON p.appointment_id = v.appointment_id
		WHERE v.outcome IN ('admitted', 'late')
		  AND coalesce(rules_of(v.office_id, v.day, v.arrived_at) ->> 'screening', 'required') = 'required'
		  AND coalesce(rules_of(v.office_id, v.day, 'infinity') ->> 'screening', 'required') = 'required' -- nobody has switched it off since
		  AND NOT EXISTS (SELECT FROM reading_count AS c WHERE c.office_id = v.office_id AND c.day = v.day)
		  AND NOT EXISTS (SELECT FROM admission AS let WHERE let.appointment_id = v.appointment_id)
		  AND NOT EXISTS (SELECT FROM incident AS i WHERE i.appointment_id = v.appointment_id)
		  AND NOT EXISTS (
			SELECT
			FROM temperature AS t
			WHERE t.appointment_id = v.appointment_id
			  AND t.role = p.role
			  AND t.day = v.day
			  AND NOT t.abnormal
			  AND NOT EXISTS (SELECT FROM temperature AS later WHERE later.supersedes = t.id))`},
	{"second_fevers_are_incidents", `
		SELECT count(*)
		FROM visit AS v
		WHERE v.outcome = 'deferred'
		  AND NOT EXISTS (SELECT FROM incident AS i WHERE i.appointment_id = v.appointment_id)
		  AND EXISTS (
			SELECT
			FROM temperature AS t
			WHERE t.appointment_id = v.appointment_id
			  AND t.kind = 'party'
			  AND t.abnormal
			  AND NOT EXISTS (SELECT FROM temperature AS c WHERE c.supersedes = t.id AND c.reason IS NOT NULL)
			GROUP BY t.role
			HAVING count(*) > 1)`},
	{"readings_are_nobodys_after_their_days", `
		SELECT count(*)
		FROM temperature
		WHERE appointment_id IS NOT NULL
		  AND may_unlink(office_id, day + 1)`}, // the job has a day for it
	{"counts_of_readings_remain", `
		SELECT count(*)
		FROM (SELECT DISTINCT office_id, day FROM temperature WHERE unlinked_at IS NOT NULL) AS d
		LEFT JOIN reading_count AS c USING (office_id, day)
		CROSS JOIN LATERAL (
			SELECT count(*) AS measured, count(*) FILTER (WHERE t.abnormal) AS abnormal
			FROM temperature AS t
			WHERE t.office_id = d.office_id
			  AND t.day = d.day
			  AND t.kind <> 'staff'
			  AND NOT EXISTS (SELECT FROM temperature AS later WHERE later.supersedes = t.id)) AS now
		WHERE (c.measured, c.abnormal) IS DISTINCT FROM (now.measured, now.abnormal)`},
	{"completed_has_its_registration", `
		SELECT count(*)
		FROM appointment AS a
		FULL JOIN (SELECT appointment_id FROM registration WHERE undone_at IS NULL) AS r ON r.appointment_id = a.id
		WHERE (a.status = 'completed') IS DISTINCT FROM (r.appointment_id IS NOT NULL)`},
	{"inside_as_counted", `
		SELECT count(*)
		FROM hall_day AS d
		WHERE d.inside <> (
			SELECT count(*)
			FROM line_place AS p
			JOIN appointment AS a ON a.id = p.appointment_id
			WHERE p.office_id = d.office_id
			  AND p.day = d.day
			  AND p.inside
			  AND a.status IN ('late', 'checked_in', 'called', 'in_service'))`},
	{"every_ticket_has_its_place", `
		SELECT count(*)
		FROM visit AS v
		FULL JOIN line_place AS p ON p.appointment_id = v.appointment_id
		WHERE (v.ticket IS NOT NULL) IS DISTINCT FROM (p.appointment_id IS NOT NULL)`},
	{"called_has_a_counter", `
		SELECT count(*)
		FROM appointment AS a
		LEFT JOIN line_place AS p ON p.appointment_id = a.id
		WHERE a.status IN ('called', 'in_service')
		  AND (p.counter IS NULL OR p.serving <> (a.status = 'in_service'))`},
}

// Check counts, for every invariant, the rows that break it. All counts are 0
// or something is wrong that nobody has noticed. holds may be nil; otherwise
// Redis is compared too, quota by quota.
func Check(ctx context.Context, db postgres.Querier, holds *Holds) ([]Assertion, error) {
	out := make([]Assertion, 0, len(assertions)+1)
	for _, a := range assertions {
		var bad int
		if err := db.GetContext(ctx, &bad, a.query); err != nil {
			return nil, fmt.Errorf("check %s: %w", a.name, err)
		}
		out = append(out, Assertion{Name: a.name, Bad: bad})
	}
	if holds == nil {
		return out, nil
	}
	differ, err := redisDiffers(ctx, db, holds)
	if err != nil {
		return nil, err
	}
	return append(out, Assertion{Name: "redis_equals_postgres", Bad: differ}), nil
}

// redisDiffers counts the quotas that Redis has otherwise than Postgres. An
// office-day that Redis does not know is no difference: it is filled on demand.
func redisDiffers(ctx context.Context, db postgres.Querier, holds *Holds) (int, error) {
	days, err := comingDays(ctx, db)
	if err != nil {
		return 0, err
	}
	bad := 0
	for _, of := range days {
		lines, err := linesOf(ctx, db, of.Office, of.Day, of.Day)
		if err != nil {
			return 0, err
		}
		known, differ, err := holds.compare(ctx, lines)
		if err != nil {
			return 0, err
		}
		if known {
			bad += len(differ)
		}
	}
	return bad, nil
}
