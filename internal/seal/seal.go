// Package seal keeps the program's keys and what is done with them: keyed
// hashes that let the database find what it cannot read, sealed values bound
// to their row, and signed tokens.
package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrForged reports a token that was not signed by these keys for its purpose.
var ErrForged = errors.New("token is not ours")

// Keys is one key ring. It is safe for concurrent use.
type Keys struct {
	root []byte // of every keyed hash; one derived key per purpose
	data tink.AEAD
}

// file is the key file. The data keys are a Tink key set, so that they can be
// rotated: every sealed value names the key that sealed it.
type file struct {
	Root []byte          `json:"root"`
	Data json.RawMessage `json:"data"`
}

// New makes keys that nobody else has.
func New() (*Keys, error) {
	f, err := generate()
	if err != nil {
		return nil, err
	}
	return f.keys()
}

// Load reads the key file at path. Where there is none it makes one that only
// its owner may read: whoever loses it loses every name and number on file.
func Load(path string) (*Keys, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return f.keys()
}

func create(path string) (*Keys, error) {
	f, err := generate()
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return Load(path) // another server that starts with us was first
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	_, err = out.Write(raw)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return f.keys()
}

func generate() (file, error) {
	root := make([]byte, 32)
	if _, err := rand.Read(root); err != nil {
		return file{}, err
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return file{}, err
	}
	var data bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&data)); err != nil {
		return file{}, err
	}
	return file{Root: root, Data: data.Bytes()}, nil
}

func (f file) keys() (*Keys, error) {
	if len(f.Root) < 32 {
		return nil, errors.New("key file: the root key is shorter than 32 bytes")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.Data)))
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	data, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return &Keys{root: f.Root, data: data}, nil
}

// MAC is the keyed hash of parts, 32 bytes. Each purpose has a key of its own,
// and the parts are told apart: ("ab", "c") and ("a", "bc") differ.
func (k *Keys) MAC(purpose string, parts ...[]byte) []byte {
	key, err := hkdf.Expand(sha256.New, k.root, purpose, sha256.Size)
	if err != nil {
		panic(err) // only for a length that we do not ask for
	}
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return h.Sum(nil)
}

// Seal encrypts plain so that it opens only for the same row.
func (k *Keys) Seal(plain []byte, row string) ([]byte, error) {
	return k.data.Encrypt(plain, []byte(row))
}

// Open decrypts what Seal made for the same row.
func (k *Keys) Open(sealed []byte, row string) ([]byte, error) {
	plain, err := k.data.Decrypt(sealed, []byte(row))
	if err != nil {
		return nil, fmt.Errorf("open sealed value: %w", err)
	}
	return plain, nil
}

// Sign is payload as a token of printable characters that Verify accepts for
// the same purpose. The payload is not hidden.
func (k *Keys) Sign(purpose string, payload []byte) string {
	return base64.RawURLEncoding.EncodeToString(payload) + "." +
		base64.RawURLEncoding.EncodeToString(k.MAC(purpose, payload))
}

// Verify is the payload of a token, or ErrForged.
func (k *Keys) Verify(purpose, token string) ([]byte, error) {
	body, mac, found := strings.Cut(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(body)
	if !found || err != nil {
		return nil, ErrForged
	}
	given, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || !hmac.Equal(given, k.MAC(purpose, payload)) {
		return nil, ErrForged
	}
	return payload, nil
}
