//go:build pcre && cgo

package pcre2

/*
#cgo LDFLAGS: -lpcre2-8
#define PCRE2_CODE_UNIT_WIDTH 8
#include <stdlib.h>
#include <pcre2.h>

static pcre2_code *compile(void *pattern, size_t n, int caseless, int *code, size_t *at) {
	return pcre2_compile(pattern, n, caseless ? PCRE2_CASELESS : 0, code, at, NULL);
}

static int match(pcre2_code *re, void *s, size_t n, pcre2_match_data *data) {
	return pcre2_match(re, s, n, 0, 0, data, NULL);
}

static int groups(pcre2_code *re) {
	uint32_t n = 0;
	pcre2_pattern_info(re, PCRE2_INFO_CAPTURECOUNT, &n);
	return n;
}

static size_t bound(pcre2_match_data *data, int i) { return pcre2_get_ovector_pointer(data)[i]; }
static void message(int code, void *out, size_t n) { pcre2_get_error_message(code, out, n); }
*/
import "C"

// Regex is a pattern that libpcre2 has compiled. Close frees it.
type Regex struct {
	code *C.pcre2_code
	data *C.pcre2_match_data
}

// Error is why a pattern does not compile.
type Error struct {
	Reason string
	Offset int
}

// Error returns the message.
func (e *Error) Error() string { return e.Reason }

// Compile compiles a pattern with the options that nginx gives.
func Compile(pattern string, caseless bool) (*Regex, error) {
	text := C.CBytes([]byte(pattern))
	defer C.free(text)
	fold := C.int(0)
	if caseless {
		fold = 1
	}
	code, at := C.int(0), C.size_t(0)
	re := C.compile(text, C.size_t(len(pattern)), fold, &code, &at)
	if re == nil {
		const room = 256
		out := C.malloc(room)
		defer C.free(out)
		C.message(code, out, room)
		return nil, &Error{C.GoString((*C.char)(out)), int(at)}
	}
	return &Regex{re, C.pcre2_match_data_create_from_pattern(re, nil)}, nil
}

// Close frees the pattern.
func (re *Regex) Close() {
	C.pcre2_match_data_free(re.data)
	C.pcre2_code_free(re.code)
}

// Exec matches s and returns where the whole match and every group begin and end, -1 for a group that took no part. code is
// what pcre2_match returns, above zero for a match.
func (re *Regex) Exec(s []byte) (caps []int, code int) {
	text := C.CBytes(s)
	defer C.free(text)
	code = int(C.match(re.code, text, C.size_t(len(s)), re.data))
	if code < 0 {
		return nil, code
	}
	for i := range 2 * (int(C.groups(re.code)) + 1) {
		at := C.bound(re.data, C.int(i))
		if i >= 2*code || at == C.PCRE2_UNSET {
			caps = append(caps, -1)
			continue
		}
		caps = append(caps, int(at))
	}
	return caps, code
}
