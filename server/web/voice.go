package web

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// The voice of a hall's screen is a clip for every word, in static/voice. scripts/voice
// makes them; an office may have a person read them instead (HUNYUE_VOICE).

// longestClip is how large the recording of a word may be: ten seconds and more.
const longestClip = 1 << 20

// record puts recordings in the place of our clips with the same names. One that is
// no word of ours, or no sound, is refused by name: at the start, and not in the hall.
func (l look) record(voice fs.FS) error {
	names, err := fs.Glob(voice, "*.wav")
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ours := l.assets["voice/"+name]; !ours {
			return fmt.Errorf("voice: %s is no word of the hall screen's voice", name)
		}
		body, err := fs.ReadFile(voice, name)
		if err != nil {
			return fmt.Errorf("voice: %w", err)
		}
		if len(body) > longestClip || len(body) < 12 || !bytes.HasPrefix(body, []byte("RIFF")) || string(body[8:12]) != "WAVE" {
			return fmt.Errorf("voice: %s is no WAV file of at most %d bytes", name, longestClip)
		}
		if l.assets["voice/"+name], err = assetOf("voice/"+name, body); err != nil {
			return err
		}
	}
	return nil
}

// clips is where each word of the voice is: NAME=ADDRESS, in a row.
func (l look) clips() string {
	var all []string
	for name, a := range l.assets {
		if word, ours := strings.CutPrefix(name, "voice/"); ours {
			all = append(all, strings.TrimSuffix(word, ".wav")+"="+a.at)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
