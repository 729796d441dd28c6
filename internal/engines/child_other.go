//go:build !linux

package engines

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endWithParent can do nothing here: only Linux tells a child that its parent
// died. The next start finds such orphans and stops them.
func endWithParent(*syscall.SysProcAttr) {}

// works reports whether process pid was started with folder as an argument.
func works(pid int, folder string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) //nolint:forbidigo // a question to the system, with a limit of its own
	defer cancel()
	line, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return false // gone
	}
	return strings.Contains(string(line)+" ", " "+folder+" ")
}

// locale is one that knows UTF-8; C.UTF-8 is not found on every macOS.
func locale() string { return "en_US.UTF-8" }

// localeFlags sorts by code point, as C.UTF-8 does elsewhere.
func localeFlags() []string { return []string{"--lc-collate=C", "--lc-ctype=" + locale()} }
