package conf

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// The texts are those that nginx prints for such names.
func TestHashCheck(t *testing.T) {
	long := strings.Repeat("a", 47)
	many := make([]string, 60)
	for i := range many {
		many[i] = fmt.Sprintf("key%d", i)
	}
	for _, tc := range []struct {
		max, bucket int
		names       []string
		want        string
	}{
		{512, 64, []string{long[:46]}, ""},
		{512, 64, []string{long}, "could not build t, you should increase t_bucket_size: 64"},
		{512, 128, []string{long}, ""},
		{512, 64, []string{"*." + long[:46] + ".com"}, ""},
		{512, 64, []string{"*." + long + ".com"}, "could not build t, you should increase t_bucket_size: 64"},
		{512, 64, []string{long + ".*"}, "could not build t, you should increase t_bucket_size: 64"},
		{0, 64, []string{"a"}, "could not build t, you should increase t_max_size: 0"},
		{512, 70016, []string{"a"}, "could not build t, too large t_bucket_size: 70016"},
		{512, aligned(math.MaxInt, 64), []string{"a"}, "could not build t, too large t_bucket_size: " + strconv.Itoa(math.MinInt)},
		{1, 64, []string{"a", "b", "c"}, ""},
		{1, 64, []string{"a", "b", "c", "d"}, "could not build optimal t, you should increase either t_max_size: 1 or t_bucket_size: 64; ignoring t_bucket_size"},
		{1, 65472, many, ""},
		{20, 64, many, "could not build optimal t, you should increase either t_max_size: 20 or t_bucket_size: 64; ignoring t_bucket_size"},
		{2048, 64, many, ""},
	} {
		got := ""
		h := Hash{Name: "t", Max: tc.max, Bucket: tc.bucket}
		if err := h.CheckHosts(tc.names, func(format string, args ...any) { got = fmt.Sprintf(format, args...) }); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%d, %d, %.60q: %q, want %q", tc.max, tc.bucket, tc.names, got, tc.want)
		}
	}
}
