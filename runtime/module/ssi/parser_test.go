package ssi

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// parse returns what a parser finds in a document that comes in the given
// pieces: text as it is, commands in brackets, problems in braces.
func parse(pieces ...[]byte) string {
	p := parser{valueLen: 20}
	var b strings.Builder
	for _, in := range pieces {
		for len(in) > 0 {
			n, out, ev := p.next(in)
			in = in[n:]
			switch ev {
			case text:
				b.Write(out)
			case command:
				fmt.Fprintf(&b, "[%s", p.name)
				for _, x := range p.params {
					fmt.Fprintf(&b, " %s=%q", p.bytes(x.name), p.bytes(x.value))
				}
				b.WriteString("]")
			case problem:
				b.WriteString("{" + p.message + "}")
			case broken:
				b.WriteString("[broken]")
			}
		}
	}
	return b.String()
}

var documents = []struct{ name, document, want string }{
	{"text", "a < b <! <!- <!-- <!--x", "a < b <! <!- <!-- <!--x"},
	{"command", `a<!--#echo var="b" -->c`, `a[echo var="b"]c`},
	{"no space", `<!--#echo var="b"-->`, `[echo var="b"]`},
	{"space everywhere", "<!--#\n\r\techo  var = 'b'\n-->", `[echo var="b"]`},
	{"two parameters", `<!--#a b="1" c='2' -->`, `[a b="1" c="2"]`},
	{"escapes", `<!--#a b="\"\\\'\x" c='\'"' -->`, `[a b="\\\"\\\\\\'\\x" c="\\'\""]`},
	{"nested beginnings", "<<!<!-<!--<!--#a -->", "<<!<!-<!--[a]"},
	{"dash as name", "<!--#-->-->", `{unexpected ">" symbol in "-" SSI command}[broken]`},
	{"dash in name", "<!--#a-b -->", `{unexpected "b" symbol in "a" SSI command}[broken]`},
	{"three dashes", `<!--#a --->-->`, `{unexpected "-" symbol in "a" SSI command}[broken]`},
	{"three dashes in a broken one", `<!--#a b--->x-->`, `{unexpected "-" symbol after "b" parameter in "a" SSI command}[broken]`},
	{"no value", `<!--#a b -->`, `{unexpected "-" symbol after "b" parameter in "a" SSI command}[broken]`},
	{"no equal sign", `<!--#a b c="1" -->`, `{unexpected "c" symbol after "b" parameter in "a" SSI command}[broken]`},
	{"no quote", `<!--#a b=c -->`, `{unexpected "c" symbol before value of "b" parameter in "a" SSI command}[broken]`},
	{"no space behind value", `<!--#a b="1"c="2" -->`, `{unexpected "c" symbol after "1" value of "b" parameter in "a" SSI command}[broken]`},
	{"equal sign twice", `<!--#a b=="1" -->`, `{unexpected "=" symbol before value of "b" parameter in "a" SSI command}[broken]`},
	{"equal sign first", `<!--#a ="1" -->`, `{unexpected "-" symbol after "="1"" parameter in "a" SSI command}[broken]`},
	{"long command", "<!--#" + strings.Repeat("a", 33) + " -->", `{the "` + strings.Repeat("a", 33) + `..." SSI command is too long}[broken]`},
	{"long parameter", "<!--#a " + strings.Repeat("b", 33) + `="1" -->`, `{too long "` + strings.Repeat("b", 33) + `..." parameter in "a" SSI command}[broken]`},
	{"long value", `<!--#a b="123456789012345678901" -->`, `{too long "123456789012345678901..." value of "b" parameter in "a" SSI command}[broken]`},
	{"longest value", `<!--#a b="12345678901234567890" -->`, `[a b="12345678901234567890"]`},
	{"long value at an escape", `<!--#a b="1234567890123456789\"" -->`, `{too long "1234567890123456789\"..." value of "b" parameter in "a" SSI command}[broken]`},
	{"unfinished beginning", "a<!-", "a"},
	{"unfinished command", `a<!--#echo var="`, "a"},
}

func TestParser(t *testing.T) {
	for _, c := range documents {
		t.Run(c.name, func(t *testing.T) {
			whole := []byte(c.document)
			if got := parse(whole); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			var single [][]byte
			for i := range whole {
				single = append(single, whole[i:i+1])
				if got := parse(whole[:i], whole[i:]); got != c.want {
					t.Errorf("cut at %d: %s\nwant %s", i, got, c.want)
				}
			}
			if got := parse(single...); got != c.want {
				t.Errorf("in bytes: %s\nwant %s", got, c.want)
			}
		})
	}
}

func FuzzParser(f *testing.F) {
	for _, c := range documents {
		f.Add([]byte(c.document), 3)
	}
	f.Fuzz(func(t *testing.T, document []byte, n int) {
		if n < 1 {
			return
		}
		whole := parse(document)
		var pieces [][]byte
		for p := document; len(p) > 0; p = p[min(n, len(p)):] {
			pieces = append(pieces, p[:min(n, len(p))])
		}
		if got := parse(pieces...); got != whole {
			t.Errorf("in pieces of %d: %q\nas a whole: %q", n, got, whole)
		}
	})
}

func TestStrftime(t *testing.T) {
	at := time.Date(2024, time.January, 7, 4, 5, 9, 0, gmt) // a Sunday
	for format, want := range map[string]string{
		defaultDate:                  "Sunday, 07-Jan-2024 04:05:09 GMT",
		"%c|%x|%X":                   "Sun Jan  7 04:05:09 2024|01/07/24|04:05:09",
		"%D %F %T %R %r":             "01/07/24 2024-01-07 04:05:09 04:05 04:05:09 AM",
		"%C %y %G %g %V":             "20 24 2024 24 01",
		"%U %W %u %w %j":             "01 01 7 0 007",
		"%e|%k|%l|%I %p %P":          " 7| 4| 4|04 AM am",
		"%n%t%%%":                    "\n\t%%",
		"%h %b %B %a %A %m %d %H:%M": "Jan Jan January Sun Sunday 01 07 04:05",
		"%s %z %Q":                   "1704600309 +0000 %Q",
		"%Ey %Od":                    "24 07",
		"%-d %-H %_H %0e %^a":        "7 4  4 07 SUN",
		"":                           "",
	} {
		if got := string(strftime(nil, format, at)); got != want {
			t.Errorf("%q: %q, want %q", format, got, want)
		}
	}
	afternoon := time.Date(2021, time.January, 3, 15, 0, 0, 0, gmt)
	if got := string(strftime(nil, "%G %V %U %W %l %I", afternoon)); got != "2020 53 01 00  3 03" {
		t.Error(got)
	}
}

func BenchmarkParser(b *testing.B) {
	document := []byte(strings.Repeat("<p>some text in an <b>ordinary</b> document</p>\n", 200) + `<!--#echo var="uri" -->`)
	p := parser{valueLen: 255}
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		for in := document; len(in) > 0; {
			n, _, _ := p.next(in)
			in = in[n:]
		}
	}
}
