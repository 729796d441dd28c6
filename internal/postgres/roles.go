package postgres

import (
	"context"
	"fmt"
)

// Role is whom a connection works as. The tables belong to the user of the
// database's address, who alone may change their form.
type Role string

// The roles. Neither can sign in by itself.
const (
	Owner  Role = ""             // the user of the address
	App    Role = "hunyue_app"   // what is served: it cannot change what is append-only
	Purger Role = "hunyue_purge" // takes from old readings whose they were, ends the audit, and can do nothing else
)

// Roles makes App and Purger where the user of db may, gives them what they need,
// and reports whether they can be worked as. It is for the owner of the tables.
func Roles(ctx context.Context, db Querier) (bool, error) {
	var there bool
	if err := db.GetContext(ctx, &there, `SELECT make_roles()`); err != nil {
		return false, fmt.Errorf("roles of the database: %w", err)
	}
	return there, nil
}
