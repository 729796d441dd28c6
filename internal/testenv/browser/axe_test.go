package browser

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

func TestAxeIsTheFileThatWasPublished(t *testing.T) {
	t.Parallel()
	const published = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c" // axe-core 4.14.1
	if got := fmt.Sprintf("%x", sha256.Sum256([]byte(axe))); got != published {
		t.Errorf("axe.min.js has the hash %s, want %s", got, published)
	}
}
