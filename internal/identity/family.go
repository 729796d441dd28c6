package identity

import "strings"

// compound is the family names of two characters that are in use.
const compound = "万俟上官东方东郭东野令狐仲孙公孙公冶公羊公西单于司马司徒司空司寇诸葛欧阳夏侯皇甫尉迟赫连澹台太叔申屠轩辕钟离宇文长孙慕容鲜于闾丘亓官" +
	"濮阳淳于南宫西门南门北堂独孤拓跋呼延端木百里第五左丘梁丘壤驷乐正漆雕宗政巫马公良颛孙子车谷梁微生即墨达奚褚师闻人赵杨范姜张简"

// FamilyName is the family name of somebody whose name is written in Han
// characters, which is the first of them, or the first two where those are a
// compound one. It is a guess: "" where there is no Han character first, or one
// alone, and nothing that a person's rights hang on may rest on it.
func FamilyName(name string) string {
	runes := []rune(strings.TrimSpace(name))
	if len(runes) < 2 || !residentName.MatchString(string(runes)) {
		return ""
	}
	if len(runes) > 2 {
		for pairs := []rune(compound); len(pairs) > 1; pairs = pairs[2:] {
			if runes[0] == pairs[0] && runes[1] == pairs[1] {
				return string(runes[:2])
			}
		}
	}
	return string(runes[:1])
}
