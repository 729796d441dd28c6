package engines

import (
	"context"
	"fmt"
	"io"
	"syscall"
)

// Node is a Redis process with the caller's settings: one of a cluster, or a
// Sentinel. It ends with this process. The program runs none; tests do, to see
// how it lives with those that others run.
type Node struct {
	PID     int
	process *child
}

// StartNode starts the machine's Redis with args, and does not wait for it to
// answer.
func StartNode(ctx context.Context, args ...string) (*Node, error) {
	program, err := find(ctx, Options{Redis: true})
	if err != nil {
		return nil, err
	}
	process, err := start(ctx, account{}, io.Discard, program.redis, args...)
	if err != nil {
		return nil, err
	}
	return &Node{PID: process.pid(), process: process}, nil
}

// Err says with what last words the process has ended, or is nil while it runs.
func (n *Node) Err() error {
	if n.process.endsAfter(0) {
		return n.process.lastWords()
	}
	return nil
}

// Kill ends the process without warning, and returns when it is gone.
func (n *Node) Kill() error {
	if n.process.endsAfter(0) {
		return nil
	}
	if err := n.process.signalGroup(syscall.SIGKILL); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}
