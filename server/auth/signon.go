package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// SignOn is a city's single sign-on, by OpenID Connect. It says who somebody
// is; who of them may work here is said by a security administrator, who binds
// an account to them. It makes no accounts.
type SignOn struct {
	Issuer, ClientID, Secret string
	Back                     string // our address that it sends people back to

	mu       sync.Mutex
	provider *oidc.Provider
}

// Outcalls go to the provider alone, and nowhere that it sends us.
var caller = &http.Client{
	Timeout:       5 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// wayLasts is how long somebody may be away at the provider.
const wayLasts = 10 * time.Minute

// Way is what has to be remembered of somebody who is sent to the provider, in
// their own browser: so nobody finishes what another has begun.
type Way struct {
	To     string // where they are sent
	Sealed string // for a cookie
}

type way struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Next     string    `json:"next"`
	Until    time.Time `json:"until"`
}

// known is the provider, asked for once. One that is away stops nothing but
// this.
func (o *SignOn) known(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	// It asks for new keys long after this request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), caller), o.Issuer)
	if err != nil {
		return nil, errors.Join(ErrSignOnAway, err)
	}
	o.provider = found
	return found, nil
}

func (o *SignOn) client(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.ClientID, ClientSecret: o.Secret, Endpoint: p.Endpoint(), RedirectURL: o.Back, Scopes: []string{oidc.ScopeOpenID},
	}
}

// Leave is the way to the provider and back to next.
//
// Faults: ErrSignOnAway.
func (a *Accounts) Leave(ctx context.Context, next string) (Way, error) {
	p, err := a.SignOn.known(ctx)
	if err != nil {
		return Way{}, err
	}
	w := way{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next, Until: a.Clock.Now().Add(wayLasts)}
	plain, err := json.Marshal(w)
	if err != nil {
		return Way{}, err
	}
	sealed, err := a.Keys.Seal(plain, wayRow)
	to := a.SignOn.client(p).AuthCodeURL(w.State, oidc.Nonce(w.Nonce), oauth2.S256ChallengeOption(w.Verifier))
	return Way{To: to, Sealed: encode(sealed)}, err
}

const wayRow = "sign-on"

// Return signs somebody in who comes back from the provider, and says where
// they were going. Who is unknown here is told what the provider calls them.
//
// Faults: ErrLoginFailed; ErrSignOnAway; *UnboundError.
func (a *Accounts) Return(ctx context.Context, sealed, state, code string) (s Session, next string, err error) {
	w, ok := a.open(sealed)
	if !ok || subtle.ConstantTimeCompare([]byte(w.State), []byte(state)) != 1 {
		return Session{}, "", ErrLoginFailed
	}
	subject, err := a.SignOn.subject(ctx, w, code)
	if err != nil {
		return Session{}, "", err
	}
	id, err := a.bound(ctx, a.SignOn.Issuer, subject)
	if err != nil {
		return Session{}, "", err
	}
	s, err = a.admit(ctx, id, proof{factor: bySSO}, false)
	return s, w.Next, err
}

func (a *Accounts) open(sealed string) (w way, ok bool) {
	raw, err := decode(sealed)
	if err != nil {
		return way{}, false
	}
	plain, err := a.Keys.Open(raw, wayRow)
	if err != nil || json.Unmarshal(plain, &w) != nil {
		return way{}, false
	}
	return w, a.Clock.Now().Before(w.Until)
}

// subject is whom the provider's code stands for.
func (o *SignOn) subject(ctx context.Context, w way, code string) (string, error) {
	p, err := o.known(ctx)
	if err != nil {
		return "", err
	}
	ctx = oidc.ClientContext(ctx, caller)
	token, err := o.client(p).Exchange(ctx, code, oauth2.VerifierOption(w.Verifier))
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response.StatusCode < http.StatusInternalServerError {
		return "", ErrLoginFailed
	}
	if err != nil {
		return "", errors.Join(ErrSignOnAway, err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: o.ClientID}).Verify(ctx, raw)
	if err != nil || id.Subject == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(w.Nonce)) != 1 {
		return "", ErrLoginFailed
	}
	return id.Subject, nil
}

// UnboundError is somebody whom the provider knows and who has no account here.
type UnboundError struct{ Subject string }

// Error names nobody: it may be logged.
func (*UnboundError) Error() string { return "nobody is bound to this identity" }

// bound is the account of an identity, or *UnboundError.
func (a *Accounts) bound(ctx context.Context, issuer, subject string) (int64, error) {
	var id int64
	err := a.DB.GetContext(ctx, &id, `
		SELECT account_id
		FROM sign_on
		WHERE issuer = $1
		  AND subject = $2`, issuer, subject)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, &UnboundError{subject}
	}
	if err != nil {
		return 0, fmt.Errorf("find identity: %w", err)
	}
	return id, nil
}

// Bind lets somebody sign in whom the provider calls so, as this account; ""
// ends that. It ends the account's sign-ins.
//
// Faults: ErrNotOneself; ErrNoSuchUser; field subject.
func (a *Accounts) Bind(ctx context.Context, by *Staff, id int64, subject string) error {
	subject = strings.TrimSpace(subject)
	if by.ID == id {
		return ErrNotOneself
	}
	if utf8.RuneCountInString(subject) > 255 {
		return fault.InFields(map[string]string{"subject": "too_long"})
	}
	return postgres.InTx(ctx, a.DB, func(tx postgres.Querier) error {
		if err := nextEpoch(ctx, tx, id); err != nil {
			return err
		}
		if err := audit(ctx, tx, by.Actor(), "sign_on_bound", id); err != nil {
			return err
		}
		return bind(ctx, tx, by, id, a.SignOn.Issuer, subject)
	})
}

func bind(ctx context.Context, tx postgres.Querier, by *Staff, id int64, issuer, subject string) error {
	if subject == "" {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM sign_on
			WHERE account_id = $1`, id)
		if err != nil {
			return fmt.Errorf("unbind identity: %w", err)
		}
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO sign_on (account_id, issuer, subject, bound_by)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id) DO UPDATE
		SET issuer = EXCLUDED.issuer, subject = EXCLUDED.subject, bound_by = EXCLUDED.bound_by, bound_at = clock_now()`,
		id, issuer, subject, by.ID)
	if postgres.Violates(err, "sign_on_once") {
		return fault.InFields(map[string]string{"subject": "repeated"})
	}
	if err != nil {
		return fmt.Errorf("bind identity: %w", err)
	}
	return nil
}
