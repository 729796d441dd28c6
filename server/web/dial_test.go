package web

import "testing"

func TestANumberCanBeCalledFromThePage(t *testing.T) {
	for _, tt := range []struct{ text, number, want string }{
		{"请打电话 0736-7250001。", "0736-7250001", `请打电话 <a class="tel" href="tel:07367250001">0736-7250001</a>。`},
		{"0736-1", "0736-1", `<a class="tel" href="tel:07361">0736-1</a>`},
		{"+86 736 1 & 2", "+86 736 1", `<a class="tel" href="tel:+867361">+86 736 1</a> &amp; 2`},
		{"没有号码 <b>", "", "没有号码 &lt;b&gt;"},
		{"别的话", "0736-1", "别的话"},
		{`<script>"`, `"><script>1`, `&lt;script&gt;&#34;`},
		{`x "><script>1`, `"><script>1`, `x <a class="tel" href="tel:1">&#34;&gt;&lt;script&gt;1</a>`},
	} {
		if got := string(dial(tt.text, tt.number)); got != tt.want {
			t.Errorf("dial(%q, %q) is %s, want %s", tt.text, tt.number, got, tt.want)
		}
	}
}
