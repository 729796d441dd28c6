package identity

import "testing"

func TestFamilyNames(t *testing.T) {
	for name, want := range map[string]string{
		"王芳": "王", "欧阳兰": "欧阳", "欧阳": "欧", "司马相如": "司马", "上官婉儿": "上官", "上海生": "上",
		"阿依古丽·买买提": "阿", " 李四 ": "李", "Wang Fang": "", "": "", "王": "", "𫖮家": "𫖮", "孙公明": "孙", "丘申屠": "丘",
	} {
		if got := FamilyName(name); got != want {
			t.Errorf("the family name of %q is %q, want %q", name, got, want)
		}
	}
}
