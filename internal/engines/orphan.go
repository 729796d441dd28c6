package engines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"
)

// stopOrphan ends the engine that outlived a killed parent: the process whose
// number is in pidFile, if it is still at work in folder. On Linux it is
// already ending by itself, and this only waits for it.
func stopOrphan(ctx context.Context, pidFile, folder string, ask, insist syscall.Signal) error {
	content, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for an engine that was left running: %w", err)
	}
	pid := firstNumber(content)
	if pid <= 1 {
		return nil // half written: its owner did not get far
	}
	for _, s := range []syscall.Signal{ask, insist} {
		if err := signalOrphan(pid, folder, s); err != nil {
			return err
		}
		if gone, err := leaves(ctx, pid, folder); gone || err != nil {
			return err
		}
	}
	return fmt.Errorf("process %d still works in %s and does not stop: end it, then start again", pid, folder)
}

// firstNumber is the number in the first line, or zero.
func firstNumber(content []byte) int {
	line, _, _ := bytes.Cut(content, []byte("\n"))
	n, err := strconv.Atoi(string(bytes.TrimSpace(line)))
	if err != nil {
		return 0
	}
	return n
}

func signalOrphan(pid int, folder string, s syscall.Signal) error {
	if !works(pid, folder) {
		return nil
	}
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop process %d, which was left working in %s: %w", pid, folder, err)
	}
	return nil
}

func leaves(ctx context.Context, pid int, folder string) (bool, error) {
	late := time.After(postgresPatience)
	for works(pid, folder) {
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-late:
			return false, nil
		case <-time.After(5 * time.Millisecond):
		}
	}
	return true, nil
}
