//go:build gallery

package web

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"testing"
)

var galleryAt = flag.String("gallery", "127.0.0.1:8081", "the address to serve the gallery at, until interrupted")

// TestTheGalleryIsServed is make gallery, and no test for others to run.
func TestTheGalleryIsServed(t *testing.T) {
	g := newGallery(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", *galleryAt)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("The gallery is at http://%s/_gallery\n", listener.Addr())
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	server := &http.Server{Handler: g} //nolint:gosec // for one person on this machine
	context.AfterFunc(ctx, func() { _ = server.Close() })
	_ = server.Serve(listener)
}
