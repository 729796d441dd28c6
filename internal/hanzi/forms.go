package hanzi

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// forms is how a part is written inside a character, and the character that
// people type for it.
var forms = map[rune]rune{
	'氵': '水', '亻': '人', '扌': '手', '忄': '心', '讠': '言', '訁': '言', '纟': '丝', '糹': '丝', '糸': '丝',
	'钅': '金', '釒': '金', '饣': '食', '飠': '食', '犭': '犬', '艹': '草', '礻': '示', '衤': '衣', '灬': '火',
	'刂': '刀', '牜': '牛', '⺮': '竹', '玉': '王', '𤣩': '王', '辶': '走', '攵': '文', '⺍': '小', '爫': '爪', '罒': '网', '⺼': '月',
}

// form is the character that is compared for a part.
func form(r rune) rune {
	if plain, ok := forms[r]; ok {
		return plain
	}
	return r
}

// tones is the marks of the tones, in their order.
const tones = "\u0304\u0301\u030c\u0300"

// spelled is a syllable without its tone, v for ü, and the tone: 1 to 4, or 0
// where none is written. The tone may be a mark or a digit: lǚ, lv3.
func spelled(s string) (syllable string, tone int) {
	var plain strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch at := strings.IndexRune(tones, r); {
		case at >= 0:
			tone = at/2 + 1 // every mark has two bytes
		case r >= '1' && r <= '4':
			tone = int(r - '0')
		default:
			plain.WriteRune(r)
		}
	}
	return strings.ReplaceAll(norm.NFC.String(plain.String()), "ü", "v"), tone
}
