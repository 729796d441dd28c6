package web

import (
	"testing"
)

func TestGallerySmoke(t *testing.T) {
	g := newGallery(t)
	for _, s := range g.shots {
		t.Log(s.path(), s.status, len(s.body))
	}
}
