package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hunyue/internal/engines"
	"hunyue/server/auth"
	"hunyue/server/watch"
	"hunyue/server/web"
)

// config is every setting, judged. Only run sees it: each part of the program
// is handed the values that it needs.
type config struct {
	Addr           string
	DatabaseURL    string // empty: a private one
	RedisURL       string // empty: a private one
	Data           string
	Demo           bool
	Keys           string
	BaseURL        string // without a slash at its end; empty: the address listened on
	TrustedProxies []*net.IPNet
	MetricsAddr    string // empty: the same address as everything else
	Limits         bool
	Maintenance    web.Maintenance
	Voice          fs.FS     // recordings for the screens of halls; nil: none
	DemoNow        time.Time // zero: now
	SecondFactor   bool      // nobody works with a password alone
	Passwords      auth.Profile
	AuditDays      int
	SignOn         *auth.SignOn // nil: none
}

// https reports whether visitors come over https.
func (c config) https() bool { return strings.HasPrefix(c.BaseURL, "https://") }

// mistakes collects what is wrong with the settings, in sentences that say
// what to write instead.
type mistakes []error

func (m *mistakes) add(name, sentence string, args ...any) {
	*m = append(*m, fmt.Errorf("%s%s %s", prefix, name, fmt.Sprintf(sentence, args...)))
}

// config judges the settings, and the names in the environment that begin like
// ours. Values that may hold a password are not repeated.
func (s settings) config(environ []string) (config, error) {
	var wrong mistakes
	wrong.unknown(environ)
	c := config{
		Addr:           wrong.address("ADDR", s.Addr, "127.0.0.1:8080"),
		DatabaseURL:    wrong.database(s.DatabaseURL),
		RedisURL:       wrong.redis(s.RedisURL),
		Data:           wrong.directory(s.Data, environ),
		Demo:           wrong.onOff("DEMO", string(s.Demo), false),
		Keys:           wrong.keyFile(s.Keys),
		BaseURL:        wrong.baseURL(s.BaseURL),
		TrustedProxies: wrong.networks(s.TrustedProxies),
		MetricsAddr:    wrong.address("METRICS_ADDR", s.MetricsAddr, ""),
		Limits:         wrong.onOff("LIMITS", s.Limits, true),
		Maintenance:    wrong.maintenance(s.Maintenance),
		Voice:          wrong.voice(s.Voice),
		DemoNow:        wrong.instant(s.DemoNow),
		AuditDays:      wrong.days("AUDIT_DAYS", s.AuditDays, watch.UsualDays, watch.LeastDays, mostAuditDays),
		Passwords:      auth.Profile(wrong.oneOf("PASSWORD_PROFILE", s.Passwords, string(auth.NIST), string(auth.Dengbao3))),
	}
	usual := []string{"required", "optional"}
	if c.Demo {
		slices.Reverse(usual)
	}
	c.SecondFactor = wrong.oneOf("SECOND_FACTOR", s.SecondFactor, usual...) == "required"
	c.SignOn = wrong.signOn(s, c.BaseURL)
	if c.Keys == "" {
		c.Keys = wrong.keyFile(filepath.Join(c.Data, "keys.json"))
	}
	wrong.together(c)
	return c, errors.Join(wrong...)
}

// together judges what is right alone and wrong with another setting.
func (m *mistakes) together(c config) {
	if c.Demo && public(c.BaseURL) {
		m.add("DEMO", "opens the door with a known password, so it is refused for the public address %s: leave out one of HUNYUE_DEMO and HUNYUE_BASE_URL.", c.BaseURL)
	}
	if !c.Demo && public(c.BaseURL) && !strings.HasPrefix(c.BaseURL, "https://") {
		m.add("BASE_URL", "is public and not encrypted: write https://.")
	}
	if !c.Limits && !c.Demo {
		m.add("LIMITS", "can be off in demo mode only: write on, or add HUNYUE_DEMO=1.")
	}
	if !c.DemoNow.IsZero() && !c.Demo {
		m.add("DEMO_NOW", "moves the clock in demo mode only: leave it out, or add HUNYUE_DEMO=1.")
	}
	if c.MetricsAddr != "" && c.MetricsAddr == c.Addr {
		m.add("METRICS_ADDR", "is the same as HUNYUE_ADDR: write another port, or leave it out.")
	}
}

func (m *mistakes) unknown(environ []string) {
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		rest, ours := strings.CutPrefix(name, prefix)
		if ours && !slices.Contains(names(), name) {
			m.add(rest, "is not a setting: write one of %s, or leave it out.", strings.Join(names(), ", "))
		}
	}
}

func (m *mistakes) address(name, value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	_, port, err := net.SplitHostPort(value)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		m.add(name, "is %q: write HOST:PORT, such as 127.0.0.1:8080.", value)
	}
	return value
}

// pairs is the other way to write where a Postgres is: host=... dbname=...
var pairs = regexp.MustCompile(`^[a-z_]+=`)

func (m *mistakes) database(value string) string {
	u, err := url.Parse(value)
	isURL := err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
	if value != "" && !isURL && !pairs.MatchString(value) {
		m.add("DATABASE_URL", "is not the address of a Postgres: write postgres://USER:PASSWORD@HOST/DATABASE, or leave it empty for a private one.")
	}
	return value
}

func (m *mistakes) redis(value string) string {
	if value == "" || strings.HasPrefix(value, "redis-sentinel://") {
		return value
	}
	for one := range strings.SplitSeq(value, ",") {
		u, err := url.Parse(one)
		if err != nil || !slices.Contains([]string{"redis", "rediss", "unix"}, u.Scheme) {
			m.add("REDIS_URL", "is not the address of a Redis: write redis://HOST:PORT, several of them with commas for a cluster, redis-sentinel://HOST:PORT/MASTER for Sentinel, or leave it empty for a private one.")
			break
		}
	}
	return value
}

func (m *mistakes) directory(value string, environ []string) string {
	if value == "" {
		value = engines.DataRoot(lookUp(environ))
	}
	if info, err := os.Stat(value); err == nil && !info.IsDir() {
		m.add("DATA", "is %q, which is a file: write a directory.", value)
	}
	return value
}

func (m *mistakes) keyFile(value string) string {
	info, err := os.Stat(value)
	switch {
	case err != nil: // none yet: it will be made
	case info.IsDir():
		m.add("KEYS", "is %q, which is a directory: write a file in it.", value)
	case info.Mode().Perm()&0o077 != 0:
		m.add("KEYS", "is %q, which others may read: run chmod 600 on it.", value)
	}
	return value
}

func (m *mistakes) onOff(name, value string, otherwise bool) bool {
	switch strings.ToLower(value) {
	case "":
		return otherwise
	case "1", "on", "true", "yes":
		return true
	case "0", "off", "false", "no":
		return false
	}
	m.add(name, "is %q: write on or off.", value)
	return otherwise
}

// mostAuditDays is ten years: nothing about people is kept for ever.
const mostAuditDays = 3650

func (m *mistakes) days(name, value string, otherwise, least, most int) int {
	if value == "" {
		return otherwise
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		m.add(name, "is %q: write a number of days, from %d to %d.", value, least, most)
		return otherwise
	}
	return n
}

// oneOf is a value of those that there are; the first of them where none is
// written.
func (m *mistakes) oneOf(name, value string, all ...string) string {
	if value == "" {
		return all[0]
	}
	if !slices.Contains(all, value) {
		m.add(name, "is %q: write %s.", value, strings.Join(all, " or "))
	}
	return value
}

// signOn is the city's single sign-on, which needs all of its settings and an
// address of ours to come back to.
func (m *mistakes) signOn(s settings, base string) *auth.SignOn {
	if s.OIDCIssuer+s.OIDCClientID+s.OIDCSecretFile == "" {
		return nil
	}
	u, err := url.Parse(s.OIDCIssuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && public(s.OIDCIssuer) {
		m.add("OIDC_ISSUER", "is %q: write the address of the single sign-on, https://HOST/PATH.", s.OIDCIssuer)
	}
	if s.OIDCClientID == "" {
		m.add("OIDC_CLIENT_ID", "is missing: write what the single sign-on calls this program.")
	}
	secret, err := os.ReadFile(s.OIDCSecretFile)
	if err != nil || len(strings.TrimSpace(string(secret))) == 0 {
		m.add("OIDC_CLIENT_SECRET_FILE", "cannot be read: write the file that the secret is in.")
	}
	if base == "" {
		m.add("BASE_URL", "is needed with HUNYUE_OIDC_ISSUER: write the address that people are sent back to.")
	}
	return &auth.SignOn{Issuer: s.OIDCIssuer, ClientID: s.OIDCClientID, Secret: strings.TrimSpace(string(secret)), Back: base + "/staff/signon/back"}
}

func (m *mistakes) baseURL(value string) string {
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery+u.Fragment != "" || u.User != nil {
		m.add("BASE_URL", "is %q: write https://HOST without a path, such as https://hunyue.example.", value)
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// public reports whether the base URL can be reached from anywhere: it is no
// loopback or private address and no name of a local network.
func public(base string) bool {
	u, err := url.Parse(base)
	if err != nil || base == "" {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified()
	}
	if !strings.Contains(host, ".") {
		return false
	}
	return !slices.ContainsFunc([]string{".localhost", ".local", ".internal", ".test", ".home.arpa"},
		func(local string) bool { return strings.HasSuffix(host, local) })
}

func (m *mistakes) networks(value string) []*net.IPNet {
	var all []*net.IPNet
	for one := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		_, network, err := net.ParseCIDR(one)
		switch {
		case err != nil && net.ParseIP(one) != nil:
			m.add("TRUSTED_PROXIES", "has %q without a length: write %s.", one, wholeAddress(one))
		case err != nil:
			m.add("TRUSTED_PROXIES", "has %q: write networks such as 10.0.0.0/8, with commas between.", one)
		case network.IP.IsUnspecified():
			m.add("TRUSTED_PROXIES", "has %q, which believes everybody: write the networks of your own proxies.", one)
		default:
			all = append(all, network)
		}
	}
	return all
}

func wholeAddress(ip string) string {
	if strings.Contains(ip, ":") {
		return ip + "/128"
	}
	return ip + "/32"
}

func (m *mistakes) maintenance(value string) web.Maintenance {
	if value == "" {
		return web.Maintenance{}
	}
	begin, end, _ := strings.Cut(value, "/")
	from, noFrom := time.Parse(time.RFC3339, begin)
	to, noTo := time.Parse(time.RFC3339, end)
	if noFrom != nil || noTo != nil || !from.Before(to) {
		m.add("MAINTENANCE", "is %q: write from when to when, such as 2026-05-20T23:00:00+08:00/2026-05-21T01:00:00+08:00.", value)
	}
	return web.Maintenance{From: from, To: to}
}

func (m *mistakes) voice(folder string) fs.FS {
	if folder == "" {
		return nil
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		m.add("VOICE", "is %q: write the folder that has the recordings, or leave it out.", folder)
		return nil
	}
	return os.DirFS(folder)
}

func (m *mistakes) instant(value string) time.Time {
	if value == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		m.add("DEMO_NOW", "is %q: write a time such as 2026-05-20T08:50:00+08:00.", value)
	}
	return t
}
