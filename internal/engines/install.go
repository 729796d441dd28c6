package engines

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// need is a program that is missing.
type need struct {
	engine  string
	oldest  int
	exactly int // the only version that will do, or zero
}

func (n need) String() string {
	if n.exactly != 0 {
		return fmt.Sprintf("%s %d (the version that made the data)", n.engine, n.exactly)
	}
	return fmt.Sprintf("%s %d or newer", n.engine, n.oldest)
}

// notInstalled says what is missing and the command that installs it here.
func notInstalled(missing []need) error {
	names := make([]string, len(missing))
	for i, n := range missing {
		names[i] = n.String()
	}
	what := strings.Join(names, " and ")
	for _, m := range managers() {
		if _, err := exec.LookPath(m.program); err == nil {
			return fmt.Errorf("%s not found on this machine; install with: %s", what, m.command(missing))
		}
	}
	return fmt.Errorf("%s not found on this machine; install it, or set HUNYUE_DATABASE_URL and HUNYUE_REDIS_URL to servers of your own", what)
}

// manager is a system's way to install programs.
type manager struct {
	program         string
	install         string
	postgres, redis string // package names
	versioned       string // the package of one version of Postgres
}

func managers() []manager {
	return []manager{
		{"apt-get", "apt-get install --no-install-recommends", "postgresql", "redis-server", "postgresql-%d"},
		{"brew", "brew install", "postgresql@17", "redis", "postgresql@%d"},
		{"dnf", "dnf install", "postgresql-server", "redis", "postgresql%d-server"},
		{"apk", "apk add", "postgresql", "redis", "postgresql%d"},
		{"zypper", "zypper install", "postgresql-server", "redis", "postgresql%d-server"},
		{"pacman", "pacman -S", "postgresql", "valkey", "postgresql"},
	}
}

func (m manager) command(missing []need) string {
	words := []string{m.install}
	if m.program != "brew" && os.Geteuid() != 0 {
		words = []string{"sudo", m.install}
	}
	for _, n := range missing {
		switch {
		case n.engine == "Redis":
			words = append(words, m.redis)
		case n.exactly != 0 && strings.Contains(m.versioned, "%d"):
			words = append(words, fmt.Sprintf(m.versioned, n.exactly))
		default:
			words = append(words, m.postgres)
		}
	}
	return strings.Join(words, " ")
}
