package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// prefix begins the name of every setting in the environment.
const prefix = "HUNYUE_"

// settings is the settings as written, in the environment or as flags of the
// same name. They are all text here, so that every mistake can be named at
// once and not only the first.
type settings struct {
	Addr           string `name:"addr" placeholder:"HOST:PORT" help:"Where to listen (127.0.0.1:8080)."`
	DatabaseURL    string `name:"database-url" placeholder:"URL" help:"Postgres; empty starts a private one."`
	RedisURL       string `name:"redis-url" placeholder:"URL" help:"Redis, several addresses with commas for a cluster, redis-sentinel:// for Sentinel; empty starts a private one."`
	Data           string `name:"data" placeholder:"DIR" help:"Where private engines keep their data."`
	Demo           toggle `name:"demo" help:"Demo data and demo staff; never with a public base URL."`
	Keys           string `name:"keys" placeholder:"FILE" help:"Key file, made on the first start (keys.json in the data directory)."`
	BaseURL        string `name:"base-url" placeholder:"URL" help:"The address that visitors use."`
	TrustedProxies string `name:"trusted-proxies" placeholder:"CIDR,..." help:"Proxies whose X-Forwarded-For is believed; none by default."`
	MetricsAddr    string `name:"metrics-addr" placeholder:"HOST:PORT" help:"Another address for /metrics."`
	Limits         string `name:"limits" placeholder:"on|off" help:"Limits per address and per phone; off in demo mode only."`
	Maintenance    string `name:"maintenance" placeholder:"FROM/TO" help:"From when to when nothing is booked, moved or cancelled online (RFC 3339); couples are told at once."`
	Voice          string `name:"voice" placeholder:"DIR" help:"Recordings that take the place of the hall screen's voice."`
	SecondFactor   string `name:"second-factor" placeholder:"required|optional" help:"Whether staff need a second factor; optional in demo mode, else required."`
	Passwords      string `name:"password-profile" placeholder:"nist|dengbao3" help:"What is asked of passwords (nist)."`
	AuditDays      string `name:"audit-days" placeholder:"DAYS" help:"How long the audit is kept (365); at least 184."`
	OIDCIssuer     string `name:"oidc-issuer" placeholder:"URL" help:"The city's single sign-on (OpenID Connect); none by default."`
	OIDCClientID   string `name:"oidc-client-id" placeholder:"NAME" help:"What it calls this program."`
	OIDCSecretFile string `name:"oidc-client-secret-file" placeholder:"FILE" help:"A file with the secret that it gave us."`
	DemoNow        string `name:"demo-now" placeholder:"TIME" help:"Start the clock there (RFC 3339); demo mode only."`
}

// toggle is a setting that is on or off and may stand as a flag without a value.
type toggle string

// IsBool tells kong that --demo needs no value.
func (t *toggle) IsBool() bool { return true }

// Decode keeps what was written, for config to judge.
func (t *toggle) Decode(ctx *kong.DecodeContext) error { //nolint:unparam // the interface is kong's
	*t = "1"
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		*t = toggle(fmt.Sprint(ctx.Scan.Pop().Value))
	}
	return nil
}

// names is the settings as they are called in the environment.
func names() []string {
	fields := reflect.VisibleFields(reflect.TypeFor[settings]())
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = environmentName(f.Tag.Get("name"))
	}
	return all
}

func environmentName(flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment gives kong a setting from the environment where there is no
// flag for it.
func fromEnvironment(environ []string) kong.Resolver {
	getenv := lookUp(environ)
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		name := environmentName(flag.Name)
		if value := getenv(name); value != "" && slices.Contains(names(), name) {
			return value, nil
		}
		return nil, nil //nolint:nilnil // kong's way to say that there is none
	})
}

// lookUp is os.Getenv in an environment of ours.
func lookUp(environ []string) func(string) string {
	values := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}
