package regex

import (
	"fmt"
	"regexp"
	"testing"
)

func BenchmarkMatch(b *testing.B) {
	uri := []byte("/app/user/42/photo.png")
	for _, bb := range []struct {
		name, pattern string
		caseless      bool
	}{
		{"prefix", `^/app/`, false},
		{"suffix", `\.php$`, false},
		{"extensions", `\.(png|jpg|gif)$`, true},
		{"extensions-miss", `\.(?:jpe?g|gif|ico|css|js|woff2?)$`, true},
		{"contains", `user`, false},
		{"contains-caseless", `USER`, true},
		{"any-suffix", `.*\.(png|gif)$`, false},
		{"location-miss", `^/section17/(.+)\.(php|cgi)$`, true},
		{"path-info", `^(.+\.php)(/.+)$`, false},
		{"hidden", `/\.`, false},
		{"alternation", `^/(wp-admin|wp-login|wp-content|xmlrpc)`, false},
	} {
		re := mustCompile(b, bb.pattern, bb.caseless)
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				re.Match(uri)
			}
		})
	}
}

func BenchmarkMatchCaptures(b *testing.B) {
	const pattern = `^/app/(?<kind>[a-z]+)/(?<id>[0-9]+)/(.+)\.(png|jpg)$`
	uri := []byte("/app/user/42/photo.png")
	b.Run("regex", func(b *testing.B) {
		re := mustCompile(b, pattern, false)
		caps := make([]int, 0, 16)
		b.ReportAllocs()
		for b.Loop() {
			caps, _ = re.MatchCaptures(uri, caps)
		}
	})
	b.Run("regexp", func(b *testing.B) {
		re := regexp.MustCompile(pattern)
		b.ReportAllocs()
		for b.Loop() {
			re.FindSubmatchIndex(uri)
		}
	})
	b.Run("extensions", func(b *testing.B) {
		re := mustCompile(b, `\.(png|jpg|gif)$`, true)
		caps := make([]int, 0, 16)
		for b.Loop() {
			caps, _ = re.MatchCaptures(uri, caps)
		}
	})
	b.Run("php", func(b *testing.B) {
		re := mustCompile(b, `^(.+?\.php)(/.*)?$`, false)
		caps := make([]int, 0, 16)
		php := []byte("/blog/index.php/2026/11/title")
		for b.Loop() {
			caps, _ = re.MatchCaptures(php, caps)
		}
	})
	b.Run("rewrite", func(b *testing.B) {
		re := mustCompile(b, `^/([^/]+)/(.*)$`, false)
		caps := make([]int, 0, 16)
		for b.Loop() {
			caps, _ = re.MatchCaptures(uri, caps)
		}
	})
}

func BenchmarkSixtyLocations(b *testing.B) {
	uri := []byte("/app/user/42/photo.png")
	var list []*Regex
	for i := range 60 {
		list = append(list, mustCompile(b, fmt.Sprintf(`^/section%d/(.+)\.(php|cgi)$`, i), true))
	}
	caps := make([]int, 0, 16)
	for b.Loop() {
		for _, re := range list {
			caps, _ = re.MatchCaptures(uri, caps)
		}
	}
}

func BenchmarkNestedQuantifiers(b *testing.B) {
	re := mustCompile(b, `^(([a-z])+.)+[A-Z]([a-z])+$`, false)
	s := []byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	for b.Loop() {
		re.Match(s)
	}
}

func mustCompile(t testing.TB, pattern string, caseless bool) *Regex {
	t.Helper()
	re, err := Compile(pattern, caseless)
	if err != nil {
		t.Fatal(err)
	}
	return re
}
