package errlog

import (
	"strings"
	"testing"
)

func TestParseLevels(t *testing.T) {
	for _, c := range []struct {
		words string
		want  Threshold
		err   string
	}{
		{"", Threshold{Level: Error}, ""},
		{"warn", Threshold{Level: Warn}, ""},
		{"emerg", Threshold{Level: Emerg}, ""},
		{"debug", Threshold{Level: Debug, Debug: DebugAll}, ""},
		{"debug_http", Threshold{Level: Debug, Debug: DebugHTTP}, ""},
		{"debug_http debug_event", Threshold{Level: Debug, Debug: DebugHTTP | DebugEvent}, ""},
		{"info json", Threshold{Level: Info, JSON: true}, ""},
		{"json", Threshold{Level: Error, JSON: true}, ""},
		{"stderr", Threshold{}, `invalid log level "stderr"`},
		{"Error", Threshold{}, `invalid log level "Error"`},
		{"debug_x", Threshold{}, `invalid log level "debug_x"`},
		{"warn warn", Threshold{}, `duplicate log level "warn"`},
		{"debug_http info", Threshold{}, `duplicate log level "info"`},
		{"info debug_http", Threshold{}, `invalid log level "debug_http"`},
		{"debug debug_http", Threshold{}, `invalid log level "debug_http"`},
	} {
		got, err := ParseLevels(strings.Fields(c.words))
		if err != nil {
			if err.Error() != c.err {
				t.Errorf("%q: error %q, want %q", c.words, err, c.err)
			}
			continue
		}
		if got != c.want || c.err != "" {
			t.Errorf("%q: got %+v, want %+v %s", c.words, got, c.want, c.err)
		}
	}
}
