package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"hunyue/server/auth"
)

// judged is the configuration that flags and an environment make.
func judged(t *testing.T, args, environ []string) (config, error) {
	t.Helper()
	var s settings
	parser, err := kong.New(&s, kong.Resolvers(fromEnvironment(environ)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s.config(environ)
}

func TestWithoutSettingsEverythingHasAValue(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	got, err := judged(t, nil, []string{"XDG_STATE_HOME=" + home, "HOME=" + home, "PATH=/bin"})
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(home, "hunyue")
	if os.Geteuid() == 0 {
		data = "/var/lib/hunyue"
	}
	want := config{Addr: "127.0.0.1:8080", Data: data, Keys: filepath.Join(data, "keys.json"), Limits: true, SecondFactor: true, Passwords: auth.NIST, AuditDays: 365}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFlagWinsOverTheEnvironment(t *testing.T) {
	t.Parallel()
	environ := []string{"HUNYUE_ADDR=127.0.0.1:1", "HUNYUE_DEMO=1", "HUNYUE_DATABASE_URL=postgres://db/one", "HUNYUE_DATA=/d"}
	got, err := judged(t, []string{"--addr", "127.0.0.1:2", "--demo=off", "--database-url="}, environ)
	if err != nil {
		t.Fatal(err)
	}
	if got.Addr != "127.0.0.1:2" || got.Demo || got.DatabaseURL != "" || got.Data != "/d" {
		t.Errorf("got %+v", got)
	}
	if got, err = judged(t, []string{"--demo"}, nil); err != nil || !got.Demo {
		t.Errorf("--demo alone: %+v, %v", got, err)
	}
}

func TestSettingsAreRead(t *testing.T) {
	t.Parallel()
	got, err := judged(t, nil, []string{
		"HUNYUE_ADDR=:8080", "HUNYUE_DATABASE_URL=postgresql://u:p@db/hunyue?sslmode=require",
		"HUNYUE_REDIS_URL=redis://a:1,redis://b:2", "HUNYUE_DATA=/data", "HUNYUE_KEYS=/keys/k.json",
		"HUNYUE_BASE_URL=https://hunyue.example/", "HUNYUE_TRUSTED_PROXIES=10.0.0.0/8, fd00::/8",
		"HUNYUE_METRICS_ADDR=127.0.0.1:9090", "HUNYUE_LIMITS=on", "HUNYUE_DEMO_NOW=",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.BaseURL != "https://hunyue.example" || !got.https() || len(got.TrustedProxies) != 2 || got.Keys != "/keys/k.json" || !got.Limits {
		t.Errorf("got %+v", got)
	}
	got, err = judged(t, nil, []string{"HUNYUE_DEMO=1", "HUNYUE_LIMITS=off", "HUNYUE_DEMO_NOW=2026-05-20T08:50:00+08:00", "HUNYUE_BASE_URL=http://192.168.1.5:8080"})
	if err != nil || got.Limits || !got.DemoNow.Equal(time.Date(2026, 5, 20, 0, 50, 0, 0, time.UTC)) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestEveryMistakeSaysWhatToWriteInstead(t *testing.T) {
	t.Parallel()
	open := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(open, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, setting, want string }{
		{"a port alone", "HUNYUE_ADDR=8080", `HUNYUE_ADDR is "8080": write HOST:PORT`},
		{"a port that is a name", "HUNYUE_ADDR=127.0.0.1:http", "write HOST:PORT"},
		{"a port too high", "HUNYUE_ADDR=127.0.0.1:70000", "write HOST:PORT"},
		{"another database", "HUNYUE_DATABASE_URL=mysql://db/x", "write postgres://"},
		{"a Redis without a scheme", "HUNYUE_REDIS_URL=localhost:6379", "write redis://"},
		{"one wrong node of a cluster", "HUNYUE_REDIS_URL=redis://a:1,b:2", "write redis://"},
		{"a file for a directory", "HUNYUE_DATA=" + open, "write a directory"},
		{"neither on nor off", "HUNYUE_DEMO=maybe", `HUNYUE_DEMO is "maybe": write on or off.`},
		{"a key file for all to read", "HUNYUE_KEYS=" + open, "run chmod 600"},
		{"a key file that is a directory", "HUNYUE_KEYS=" + filepath.Dir(open), "write a file in it"},
		{"a base URL with a path", "HUNYUE_BASE_URL=https://hunyue.example/app", "without a path"},
		{"a base URL without a scheme", "HUNYUE_BASE_URL=hunyue.example", "write https://HOST"},
		{"a public base URL that is not encrypted", "HUNYUE_BASE_URL=http://hunyue.example", "not encrypted: write https://"},
		{"a proxy without a length", "HUNYUE_TRUSTED_PROXIES=10.0.0.1", "write 10.0.0.1/32"},
		{"a proxy of version 6 without a length", "HUNYUE_TRUSTED_PROXIES=fd00::1", "write fd00::1/128"},
		{"a proxy that is a name", "HUNYUE_TRUSTED_PROXIES=proxy", "write networks such as"},
		{"everybody is a proxy", "HUNYUE_TRUSTED_PROXIES=0.0.0.0/0", "believes everybody"},
		{"metrics on no port", "HUNYUE_METRICS_ADDR=metrics", "write HOST:PORT"},
		{"metrics where all else is", "HUNYUE_METRICS_ADDR=127.0.0.1:8080", "write another port"},
		{"no limits for real", "HUNYUE_LIMITS=off", "add HUNYUE_DEMO=1"},
		{"limits neither on nor off", "HUNYUE_LIMITS=10", "write on or off"},
		{"another time for real", "HUNYUE_DEMO_NOW=2026-05-20T08:50:00+08:00", "add HUNYUE_DEMO=1"},
		{"a time without a zone", "HUNYUE_DEMO_NOW=2026-05-20T08:50:00", "write a time such as"},
		{"maintenance without an end", "HUNYUE_MAINTENANCE=2026-05-20T23:00:00+08:00", "write from when to when"},
		{"maintenance that ends before it begins", "HUNYUE_MAINTENANCE=2026-05-20T23:00:00+08:00/2026-05-20T22:00:00+08:00", "write from when to when"},
		{"a voice that is nowhere", "HUNYUE_VOICE=/nowhere", "write the folder that has the recordings"},
		{"a slip of the keyboard", "HUNYUE_DATABSE_URL=x", "HUNYUE_DATABSE_URL is not a setting: write one of HUNYUE_ADDR, HUNYUE_DATABASE_URL,"},
		{"a percent sign in a name", "HUNYUE_%s%d=x", "HUNYUE_%s%d is not a setting"},
	}
	for _, tt := range tests {
		_, err := judged(t, nil, []string{tt.setting})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := judged(t, nil, []string{"HUNYUE_ADDR=x", "HUNYUE_DEMO=x", "HUNYUE_LIMITS=off", "HUNYUE_COLOUR=red", "HUNYUE_TRUSTED_PROXIES=a,b"})
	if err == nil || len(strings.Split(err.Error(), "\n")) != 6 {
		t.Errorf("got %v, want 6 sentences", err)
	}
}

func TestPasswordsInAddressesAreNotRepeated(t *testing.T) {
	t.Parallel()
	_, err := judged(t, nil, []string{"HUNYUE_DATABASE_URL=mysql://u:hunter2@db", "HUNYUE_REDIS_URL=u:hunter2@redis"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestDemoIsRefusedInPublic(t *testing.T) {
	t.Parallel()
	for base, refused := range map[string]bool{
		"":                          false,
		"http://127.0.0.1:8080":     false,
		"http://[::1]:8080":         false,
		"http://localhost:8080":     false,
		"http://hunyue:8080":        false, // a name in a network of containers
		"http://192.168.1.5":        false,
		"http://office.internal":    false,
		"https://hunyue.example":    true,
		"https://hunyue.example.":   true,
		"https://203.0.113.5":       true,
		"https://[2001:db8::1]":     true,
		"https://demo.hunyue.gov.x": true,
	} {
		_, err := judged(t, nil, []string{"HUNYUE_DEMO=1", "HUNYUE_BASE_URL=" + base})
		if (err != nil) != refused {
			t.Errorf("demo at %q: %v, want refused: %t", base, err, refused)
		}
	}
}

func TestWrongSettingsEndTheProgram(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	for _, command := range []string{"serve", "migrate", "demo", "check", "doctor"} {
		err := run(t.Context(), []string{command}, []string{"HUNYUE_ADRR=x"}, strings.NewReader(""), &out, &errs)
		if err == nil || !strings.Contains(err.Error(), "HUNYUE_ADRR is not a setting") {
			t.Errorf("%s: %v", command, err)
		}
	}
	err := run(t.Context(), []string{"demo"}, []string{"HUNYUE_BASE_URL=https://hunyue.example"}, strings.NewReader(""), &out, &errs)
	if err == nil || !strings.Contains(err.Error(), "refused for the public address") {
		t.Errorf("demo data for a public address: %v", err)
	}
}

func TestHelpNamesCommandsAndSettings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, nil, strings.NewReader(""), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"serve", "migrate", "demo", "check", "doctor", "user add", "--addr", "--database-url", "--demo-now"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the help does not name %s:\n%s", want, out.String())
		}
	}
}

func TestASingleSignOnNeedsAllOfItsSettings(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("of the test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := judged(t, nil, []string{
		"HUNYUE_OIDC_ISSUER=https://sso.example/realm", "HUNYUE_OIDC_CLIENT_ID=hunyue", "HUNYUE_OIDC_CLIENT_SECRET_FILE=" + secret, "HUNYUE_BASE_URL=https://hunyue.example",
	})
	if err != nil || got.SignOn == nil || got.SignOn.Secret != "of the test" || got.SignOn.Back != "https://hunyue.example/staff/signon/back" {
		t.Errorf("%+v, %v", got.SignOn, err)
	}
	_, err = judged(t, nil, []string{"HUNYUE_OIDC_ISSUER=http://sso.example"})
	for _, want := range []string{"OIDC_ISSUER is", "OIDC_CLIENT_ID is missing", "OIDC_CLIENT_SECRET_FILE cannot be read", "BASE_URL is needed"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	for setting, want := range map[string]string{"HUNYUE_SECOND_FACTOR=no": "required or optional", "HUNYUE_PASSWORD_PROFILE=long": "nist or dengbao3"} {
		if _, err := judged(t, nil, []string{setting}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", setting, err, want)
		}
	}
	if got, err := judged(t, nil, []string{"HUNYUE_DEMO=1"}); err != nil || got.SecondFactor {
		t.Errorf("demo mode asks for a second factor: %t, %v", got.SecondFactor, err)
	}
	if got, err := judged(t, nil, []string{"HUNYUE_DEMO=1", "HUNYUE_SECOND_FACTOR=required"}); err != nil || !got.SecondFactor {
		t.Errorf("required in demo mode too: %t, %v", got.SecondFactor, err)
	}
}

// The law asks for six months, which have up to 184 days: no setting ends the audit
// before.
func TestTheAuditIsKeptForAtLeastSixMonths(t *testing.T) {
	for _, days := range []string{"180", "183", "0", "-1", "3651", "a year", "365.5"} {
		if _, err := judged(t, nil, []string{"HUNYUE_AUDIT_DAYS=" + days}); err == nil || !strings.Contains(err.Error(), "from 184 to 3650") {
			t.Errorf("%s days: %v, want to be told what may be written", days, err)
		}
	}
	for days, want := range map[string]int{"184": 184, "3650": 3650, "": 365} {
		if got, err := judged(t, nil, []string{"HUNYUE_AUDIT_DAYS=" + days}); err != nil || got.AuditDays != want {
			t.Errorf("%q days are %d, %v, want %d", days, got.AuditDays, err, want)
		}
	}
}
