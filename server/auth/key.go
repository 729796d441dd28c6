package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"hunyue/internal/fault"
	"hunyue/internal/postgres"
)

// keyLasts is how long somebody has to touch their key.
const keyLasts = 10 * time.Minute

// Challenge is what a security key is asked to sign.
type Challenge struct {
	Options string // for the browser, as JSON
	State   string // to be sent back with the answer
}

// relying is the library for the address that people use, or nil for one that
// keys do not work at: browsers want a name, and https unless it is localhost.
func relying(origin string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(origin)
	if err != nil || net.ParseIP(u.Hostname()) != nil || u.Scheme != "https" && u.Hostname() != "localhost" {
		return nil, nil //nolint:nilnil,nilerr // no keys there
	}
	return webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Hunyue", RPOrigins: []string{origin}})
}

// keyholder is a member of staff as the library wants them. Their handle is
// the same for all their keys, and names nobody.
type keyholder struct {
	id          int64
	name        string
	handle      []byte
	credentials []webauthn.Credential
}

func (k keyholder) WebAuthnID() []byte                         { return k.handle }
func (k keyholder) WebAuthnName() string                       { return k.name }
func (k keyholder) WebAuthnDisplayName() string                { return k.name }
func (k keyholder) WebAuthnCredentials() []webauthn.Credential { return k.credentials }

func (a *Accounts) handleOf(id int64) []byte {
	return a.Keys.MAC("security key holder", fmt.Append(nil, id))
}

// AskKey is a challenge for whoever is about to sign in with a key, or none
// where keys do not work. It is the same for everybody, so that it tells nobody
// which accounts there are.
func (a *Accounts) AskKey(origin string) (Challenge, error) {
	w, err := relying(origin)
	if w == nil || err != nil {
		return Challenge{}, err
	}
	asked, session, err := w.BeginDiscoverableLogin()
	if err != nil {
		return Challenge{}, fmt.Errorf("ask for a key: %w", err)
	}
	return a.challenge(asked.Response, session, "key login")
}

// challenge seals what has to be remembered of a challenge until it is
// answered.
func (a *Accounts) challenge(options any, session *webauthn.SessionData, row string) (Challenge, error) {
	said, err := json.Marshal(options)
	if err != nil {
		return Challenge{}, err
	}
	plain, err := json.Marshal(asking{*session, a.Clock.Now().Add(keyLasts)})
	if err != nil {
		return Challenge{}, err
	}
	sealed, err := a.Keys.Seal(plain, row)
	return Challenge{Options: string(said), State: encode(sealed)}, err
}

// asking is a challenge that waits for its answer.
type asking struct {
	Session webauthn.SessionData `json:"session"`
	Until   time.Time            `json:"until"`
}

// asked is the challenge that was sealed, if nobody has answered it before.
func (a *Accounts) asked(ctx context.Context, state, row string) (session webauthn.SessionData, ok bool, err error) {
	sealed, err := decode(state)
	if err != nil {
		return session, false, nil //nolint:nilerr // it is not ours
	}
	var asked asking
	plain, err := a.Keys.Open(sealed, row)
	if err != nil || json.Unmarshal(plain, &asked) != nil || !a.Clock.Now().Before(asked.Until) {
		return session, false, nil //nolint:nilerr // likewise, or too late
	}
	session = asked.Session
	sum := sha256.Sum256([]byte(session.Challenge))
	first, err := a.Redis.SetNX(ctx, a.Prefix+"challenge:"+encode(sum[:]), 1, 2*keyLasts).Result()
	if err != nil {
		return session, false, fmt.Errorf("note challenge: %w", err)
	}
	return session, first, nil
}

// SignInWithKey is SignIn with a security key besides the password. The key is
// looked at after the password, and one refusal stands for both.
//
// Faults: ErrLoginFailed; ErrBusy.
func (a *Accounts) SignInWithKey(ctx context.Context, origin, username, password, state, answer string) (Session, error) {
	id, matches, err := a.check(ctx, username, password)
	if err != nil {
		return Session{}, err
	}
	holder, err := a.answered(ctx, origin, state, answer)
	if err != nil {
		return Session{}, err
	}
	if !matches || holder != id {
		return Session{}, a.refuse(ctx, id)
	}
	s, err := a.admit(ctx, id, proof{factor: byKey}, false)
	if errors.Is(err, ErrLoginFailed) {
		return Session{}, a.refuse(ctx, id)
	}
	return s, err
}

// answered is the account whose key has answered a challenge, or 0.
func (a *Accounts) answered(ctx context.Context, origin, state, answer string) (int64, error) {
	w, err := relying(origin)
	if w == nil || err != nil {
		return 0, err
	}
	session, ok, err := a.asked(ctx, state, "key login")
	if err != nil || !ok {
		return 0, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return 0, nil //nolint:nilerr // no key has said that
	}
	who, err := a.holderOf(ctx, parsed.RawID)
	if err != nil || who.id == 0 {
		return 0, err
	}
	used, err := w.ValidateDiscoverableLogin(func([]byte, []byte) (webauthn.User, error) { return who, nil }, session, parsed)
	if err != nil || used.Authenticator.CloneWarning {
		return 0, nil //nolint:nilerr // it is not theirs, or a copy of it
	}
	return who.id, a.keyUsed(ctx, *used)
}

// holderOf is whose key this is, or nobody.
func (a *Accounts) holderOf(ctx context.Context, key []byte) (keyholder, error) {
	var id int64
	err := a.DB.GetContext(ctx, &id, `
		SELECT account_id
		FROM security_key
		WHERE id = $1`, key)
	if errors.Is(err, sql.ErrNoRows) {
		return keyholder{}, nil
	}
	if err != nil {
		return keyholder{}, fmt.Errorf("find key: %w", err)
	}
	return a.holder(ctx, id, "")
}

func (a *Accounts) holder(ctx context.Context, id int64, name string) (keyholder, error) {
	k := keyholder{id: id, name: name, handle: a.handleOf(id)}
	var all [][]byte
	err := a.DB.SelectContext(ctx, &all, `
		SELECT credential
		FROM security_key
		WHERE account_id = $1`, id)
	if err != nil {
		return keyholder{}, fmt.Errorf("find keys: %w", err)
	}
	for _, raw := range all {
		var c webauthn.Credential
		if err := json.Unmarshal(raw, &c); err != nil {
			return keyholder{}, fmt.Errorf("stored key: %w", err)
		}
		k.credentials = append(k.credentials, c)
	}
	return k, nil
}

// keyUsed keeps the counter of a key, by which a copy of it is noticed.
func (a *Accounts) keyUsed(ctx context.Context, c webauthn.Credential) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = a.DB.ExecContext(ctx, `
		UPDATE security_key
		SET credential = $2
		WHERE id = $1`, c.ID, string(raw))
	if err != nil {
		return fmt.Errorf("note use of key: %w", err)
	}
	return nil
}

// OfferKey is a challenge for a key that a member of staff is about to set up,
// or none where keys do not work.
func (a *Accounts) OfferKey(ctx context.Context, s *Staff, origin string) (Challenge, error) {
	w, err := relying(origin)
	if w == nil || err != nil {
		return Challenge{}, err
	}
	who, err := a.holder(ctx, s.ID, s.Username)
	if err != nil {
		return Challenge{}, err
	}
	var known []protocol.CredentialDescriptor
	for _, c := range who.credentials {
		known = append(known, c.Descriptor())
	}
	asked, session, err := w.BeginRegistration(who,
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired), // so that it answers to no name
		webauthn.WithExclusions(known))
	if err != nil {
		return Challenge{}, fmt.Errorf("offer a key: %w", err)
	}
	return a.challenge(asked.Response, session, keyRow(s.ID))
}

// SetKey makes a security key a second factor of whoever's session this is.
// They get a new session that knows of it; all others of theirs end.
//
// Faults: ErrFactorMistaken; field key_name; ErrForbidden where they have a
// factor and have not signed in with it; ErrLoginRequired.
func (a *Accounts) SetKey(ctx context.Context, token, origin, name, state, answer string) (Session, error) {
	name = strings.TrimSpace(name)
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return Session{}, fault.InFields(map[string]string{"key_name": "required"})
	case n > 40:
		return Session{}, fault.InFields(map[string]string{"key_name": "too_long"})
	}
	s, _, err := a.Admit(ctx, token)
	if err != nil {
		return Session{}, err
	}
	made, err := a.made(ctx, s, origin, state, answer)
	if err != nil {
		return Session{}, err
	}
	return a.promote(ctx, token, "factor_set", func(tx postgres.Querier, who account) (string, error) {
		return byKey, putKey(ctx, tx, who.ID, name, made)
	})
}

// made is the key that has answered the challenge of OfferKey.
func (a *Accounts) made(ctx context.Context, s *Staff, origin, state, answer string) (*webauthn.Credential, error) {
	w, err := relying(origin)
	if err != nil {
		return nil, err
	}
	session, ok, err := a.asked(ctx, state, keyRow(s.ID))
	if err != nil {
		return nil, err
	}
	parsed, refused := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if w == nil || !ok || refused != nil || !bytes.Equal(session.UserID, a.handleOf(s.ID)) {
		return nil, ErrFactorMistaken
	}
	who, err := a.holder(ctx, s.ID, s.Username)
	if err != nil {
		return nil, err
	}
	made, refused := w.CreateCredential(who, session, parsed)
	if refused != nil {
		return nil, ErrFactorMistaken
	}
	return made, nil
}

func putKey(ctx context.Context, tx postgres.Querier, id int64, name string, c *webauthn.Credential) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO security_key (id, account_id, credential, name)
		VALUES ($1, $2, $3, $4)`, c.ID, id, string(raw), name)
	if postgres.Violates(err, "security_key_pkey") {
		return ErrFactorMistaken // somebody's already
	}
	if err != nil {
		return fmt.Errorf("keep key: %w", err)
	}
	return nil
}

func keyRow(id int64) string { return fmt.Sprintf("key offer:%d", id) }

// KeyNames is what a member of staff calls their keys.
func (a *Accounts) KeyNames(ctx context.Context, s *Staff) ([]string, error) {
	var all []string
	err := a.DB.SelectContext(ctx, &all, `
		SELECT name
		FROM security_key
		WHERE account_id = $1
		ORDER BY added_at`, s.ID)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return all, nil
}
