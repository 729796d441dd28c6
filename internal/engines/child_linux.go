package engines

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"syscall"
)

// endWithParent has the kernel send the child a SIGINT, which to both engines
// means an orderly end, when this process dies without having stopped it.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGINT }

// works reports whether process pid was started with folder as an argument.
func works(pid int, folder string) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return false // gone
	}
	return slices.ContainsFunc(bytes.Split(line, []byte{0}), func(arg []byte) bool { return string(arg) == folder })
}

// locale is one that sorts by code point and knows UTF-8.
func locale() string { return "C.UTF-8" }

// localeFlags is that locale for initdb.
func localeFlags() []string { return []string{"--locale=C.UTF-8"} }
