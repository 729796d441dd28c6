package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyFileIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	first, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file is %v, %v", info.Mode(), err)
	}
	again, err := Load(path)
	if err != nil || !bytes.Equal(first.MAC("person", []byte("x")), again.MAC("person", []byte("x"))) {
		t.Errorf("loaded again it has other keys: %v", err)
	}
	sealed, err := first.Seal([]byte("plain"), "row")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open(sealed, "row"); err != nil || string(plain) != "plain" {
		t.Errorf("opened %q, %v", plain, err)
	}
}

func TestBrokenKeyFileIsRefused(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "no JSON": "keys", "short": `{"root":"YWJj","data":{}}`} {
		path := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil {
			t.Errorf("%s: a key file was accepted", name)
		}
	}
}

func TestHashesTellPurposesPartsAndKeysApart(t *testing.T) {
	keys, other := fresh(t), fresh(t)
	mine := keys.MAC("person", []byte("ab"), []byte("c"))
	for name, theirs := range map[string][]byte{
		"another purpose":  keys.MAC("phone", []byte("ab"), []byte("c")),
		"parts cut anew":   keys.MAC("person", []byte("a"), []byte("bc")),
		"parts joined":     keys.MAC("person", []byte("abc")),
		"another registry": other.MAC("person", []byte("ab"), []byte("c")),
	} {
		if bytes.Equal(mine, theirs) {
			t.Errorf("%s: the same hash", name)
		}
	}
	if len(mine) != 32 {
		t.Errorf("%d bytes", len(mine))
	}
}

func TestSealedValueOpensInItsRowOnly(t *testing.T) {
	keys := fresh(t)
	sealed, err := keys.Seal([]byte("430799199003070014"), "party/1")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("430799")) {
		t.Error("the plain text can be read")
	}
	if _, err := keys.Open(sealed, "party/2"); err == nil {
		t.Error("opened in another row")
	}
	if _, err := fresh(t).Open(sealed, "party/1"); err == nil {
		t.Error("opened with other keys")
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := keys.Open(sealed, "party/1"); err == nil {
		t.Error("opened although it was changed")
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	keys := fresh(t)
	token := keys.Sign("hold", []byte("payload"))
	if got, err := keys.Verify("hold", token); err != nil || string(got) != "payload" {
		t.Fatalf("verified %q, %v", got, err)
	}
	body, mac, _ := strings.Cut(token, ".")
	for name, forged := range map[string]string{
		"empty": "", "no mac": body, "empty mac": body + ".", "another body": "cGF5bG9hZA" + "A." + mac,
		"cut": token[:len(token)-1], "of other keys": fresh(t).Sign("hold", []byte("payload")), "noise": "!.!",
	} {
		if _, err := keys.Verify("hold", forged); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := keys.Verify("session", token); !errors.Is(err, ErrForged) {
		t.Errorf("for another purpose: %v", err)
	}
}

func fresh(t *testing.T) *Keys {
	t.Helper()
	keys, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
