package web

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestAnOfficeSpeaksWithItsOwnRecordings(t *testing.T) {
	t.Parallel()
	ours, err := newLook()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := newLook()
	if err != nil {
		t.Fatal(err)
	}
	sound := &fstest.MapFile{Data: append([]byte("RIFF\x24\x00\x00\x00WAVEfmt "), make([]byte, 64)...)}
	if err := theirs.record(fstest.MapFS{"zh-8.wav": sound, "README.txt": {Data: []byte("read by us")}}); err != nil {
		t.Fatal(err)
	}
	if string(theirs.assets["voice/zh-8.wav"].body) != string(sound.Data) || theirs.assets["voice/zh-8.wav"].at == ours.assets["voice/zh-8.wav"].at {
		t.Error("the recording is not served at an address of its own")
	}
	if string(theirs.assets["voice/zh-9.wav"].body) != string(ours.assets["voice/zh-9.wav"].body) {
		t.Error("a word that was not recorded is another one")
	}
	for name, folder := range map[string]fstest.MapFS{
		"zh-10.wav": {"zh-10.wav": sound},
		"zh-1.wav":  {"zh-1.wav": {Data: []byte("ID3 which no browser need know")}},
		"zh-2.wav":  {"zh-2.wav": {Data: append(sound.Data, make([]byte, longestClip)...)}},
		"zh-3.wav":  {"zh-3.wav": {}},
	} {
		if err := theirs.record(folder); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
