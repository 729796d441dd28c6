package web

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"hunyue/server/auth"
)

// provider is a single sign-on of the test's own. Whoever comes is somebody, and
// is sent back at once.
type provider struct {
	*httptest.Server
	t       *testing.T
	key     *rsa.PrivateKey
	who     string // comes next
	asked   url.Values
	claims  map[string]any // instead of the right ones
	refused bool
}

const clientSecret = "a secret of the test"

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, who: "sub-1"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		say(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		say(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": raw(key.N.Bytes()), "e": raw(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("GET /auth", func(w http.ResponseWriter, r *http.Request) {
		p.asked = r.URL.Query()
		back := p.asked.Get("redirect_uri") + "?" + url.Values{"state": {p.asked.Get("state")}, "code": {"code-1"}}.Encode()
		http.Redirect(w, r, back, http.StatusFound)
	})
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// token hands out a token to who shows the verifier of the challenge.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	_, secret, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if p.refused || r.FormValue("code") != "code-1" || p.asked.Get("code_challenge_method") != "S256" ||
		p.asked.Get("code_challenge") != raw(sum[:]) || secret != url.QueryEscape(clientSecret) {
		w.WriteHeader(http.StatusBadRequest)
		say(w, map[string]any{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{
		"iss": p.URL, "sub": p.who, "aud": "hunyue", "nonce": p.asked.Get("nonce"),
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	maps.Copy(claims, p.claims)
	say(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.signed(claims)})
}

func (p *provider) signed(claims map[string]any) string {
	head, _ := json.Marshal(map[string]any{"alg": "RS256", "kid": "1", "typ": "JWT"})
	body, _ := json.Marshal(claims)
	text := raw(head) + "." + raw(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + raw(signature)
}

func raw(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// signedOn is a town whose staff have a single sign-on.
func signedOn(t *testing.T) (*town, *provider) {
	t.Helper()
	tn, p := secured(t), newProvider(t)
	tn.Accounts.SignOn = &auth.SignOn{Issuer: p.URL, ClientID: "hunyue", Secret: clientSecret, Back: tn.server.URL + "/staff/signon/back"}
	return tn, p
}

func TestTheSingleSignOnLetsInWhoIsBound(t *testing.T) {
	t.Parallel()
	tn, _ := signedOn(t)
	tn.Accounts.SecondFactor = false
	g := tn.staff(auth.SecAdmin)
	tn.staff(auth.Operator)
	tn.Accounts.SecondFactor = true // which a single sign-on stands for
	v := tn.visitor()
	v.get("/staff/login").want(http.StatusOK, "统一身份认证登录")
	v.get("/staff/signon?next=/call").want(http.StatusUnauthorized, "还没有对应的账号", "sub-1")
	if n := tn.count(`SELECT count(*) FROM account`); n != 2 {
		t.Errorf("%d accounts: one was made", n)
	}
	one := "/manage/people/operator"
	g.get(one).send(one+"/signon", "subject", " sub-1 ").want(http.StatusOK, "已保存")
	g.get("/manage/people/new").send("/manage/people/new", "username", "other", "role.hall", "1").want(http.StatusOK)
	g.get("/manage/people/other").send("/manage/people/other/signon", "subject", "sub-1").want(http.StatusUnprocessableEntity, "重复")
	g.post("/manage/people/secadmin/signon", url.Values{"subject": {"sub-9"}}).want(http.StatusForbidden, "不能改自己的账号")

	v.get("/staff/signon?next=/call").want(http.StatusOK, "已登录")
	if got := v.header.Get("Refresh"); got != "0; url=/call" {
		t.Errorf("goes on to %q", got)
	}
	v.get("/call").want(http.StatusOK, "电话预约")
	if v := tn.visitor().get("/staff/signon?next=https://elsewhere.example/"); v.header.Get("Refresh") != "0; url=/call" {
		t.Errorf("a link leads to %q", v.header.Get("Refresh"))
	}
	g.get(one).send(one+"/signon", "subject", "").want(http.StatusOK)
	tn.later(time.Second)
	v.get("/call").want(http.StatusOK, "登录已过期")
	tn.visitor().get("/staff/signon").want(http.StatusUnauthorized, "还没有对应的账号")
}

func TestNobodyFinishesASignOnThatIsNotTheirs(t *testing.T) {
	t.Parallel()
	tn, p := signedOn(t)
	g := &auth.Staff{ID: tn.hired("guard", auth.SecAdmin), Username: "guard"}
	if err := tn.Accounts.Bind(t.Context(), g, tn.hired("anna", auth.Operator), "sub-1"); err != nil {
		t.Fatal(err)
	}
	refused := func(why string, v *visitor) {
		t.Helper()
		if v.Status == http.StatusOK || cookieOf(v, "staff") != "" {
			t.Errorf("%s: %d, and a session", why, v.Status)
		}
	}
	begun := func() (*visitor, string) {
		v := tn.visitor()
		v.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if r.URL.Path == "/staff/signon/back" {
				return http.ErrUseLastResponse
			}
			return nil
		}
		v.get("/staff/signon")
		back, err := url.Parse(v.header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		return v, back.RequestURI()
	}
	_, back := begun()
	refused("a stranger follows the link", tn.visitor().get(back))
	victim, _ := begun()
	refused("somebody else's link in a browser that has begun", victim.get(back))
	late, back := begun()
	tn.later(11 * time.Minute)
	refused("too late", late.get(back))
	for why, claims := range map[string]map[string]any{
		"for another program": {"aud": "other"},
		"of another provider": {"iss": "https://elsewhere.example"},
		"of another sign-on":  {"nonce": "x"},
		"over":                {"exp": time.Now().Add(-time.Minute).Unix()},
		"of nobody":           {"sub": ""},
	} {
		p.claims = claims
		refused("a token "+why, tn.visitor().get("/staff/signon"))
	}
	p.claims, p.refused = nil, true
	refused("a code that the provider does not know", tn.visitor().get("/staff/signon"))
	p.refused = false
	if v := tn.visitor().get("/staff/signon"); v.Status != http.StatusOK || cookieOf(v, "staff") == "" {
		t.Errorf("the right way: %d", v.Status)
	}
	if err := tn.Accounts.Disable(t.Context(), "test", "anna"); err != nil {
		t.Fatal(err)
	}
	refused("a disabled account", tn.visitor().get("/staff/signon"))
}

func TestASignOnThatIsAwayStopsNothingElse(t *testing.T) {
	t.Parallel()
	tn, p := signedOn(t)
	tn.Accounts.SecondFactor = false
	p.Close()
	tn.visitor().get("/staff/signon").want(http.StatusServiceUnavailable, "没有应答")
	tn.staff(auth.Operator)
}

// hired is the id of a new account.
func (tn *town) hired(name, role string) int64 {
	tn.t.Helper()
	id, err := tn.Accounts.AddUser(tn.t.Context(), "test", auth.NewUser{Username: name, Password: password, Roles: []string{role}, Offices: []string{office}})
	if err != nil {
		tn.t.Fatal(err)
	}
	return id
}
