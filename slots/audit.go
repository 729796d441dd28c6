package slots

import (
	"context"
	"encoding/json"
	"fmt"

	"hunyue/internal/postgres"
)

// auditLine is one row of the audit to be written.
type auditLine struct {
	Action  string `json:"action"`
	Subject string `json:"subject"`
	Detail  string `json:"detail"`
}

// capAudit says who changed how many may be sold, and why (domain rule 26).
func capAudit(c Change, why string) auditLine {
	return auditLine{Action: "cap_set", Subject: "quota:" + c.Quota, Detail: fmt.Sprintf("%d -> %d: %s", c.Before, c.After, why)}
}

// audit writes the lines by the actor of tx, all in one statement.
func audit(ctx context.Context, tx postgres.Querier, lines []auditLine) error {
	if len(lines) == 0 {
		return nil
	}
	text, err := json.Marshal(lines)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		SELECT record_audit(action, subject, NULL, NULL, detail)
		FROM jsonb_to_recordset($1) AS line (action text, subject text, detail text)`, string(text))
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}
